//! A savepoint on the way is a checkpoint at the same boundary: its output is committed, that is noted beside both, and
//! sinks hear of it after that.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::common::{Numbers, RunningJob, await_that, graph, node, source};
use millstream_core::{CheckpointId, JobId, JobStatus, Result};
use millstream_engine::Chunk;
use millstream_engine::connector::{
    CommitOutcome, Committable, CommitterContext, Prepared, SinkCommitter, StateEntry,
};
use millstream_engine::graph::{Input, NodeKind, Ship};
use millstream_engine::operator::{Operator, OperatorContext, OperatorFactory, Port};
use millstream_protocol::OperationResult;
use millstream_storage::{Location, Snapshot, SnapshotKind};

/// Prepares one piece of output for each snapshot, and counts what is committed.
#[derive(Clone, Default)]
struct CountingSink {
    committed: Arc<AtomicU64>,
    /// Whether a writer has heard of a snapshot whose output was not committed by then.
    too_early: Arc<AtomicBool>,
    /// The newest snapshot that a writer has heard of.
    heard: Arc<AtomicU64>,
}

impl OperatorFactory for CountingSink {
    fn open(&self, _: &OperatorContext) -> Result<Box<dyn Operator>> {
        Ok(Box::new(Writer(self.clone())))
    }

    fn committer(&self, context: CommitterContext) -> Result<Option<Box<dyn SinkCommitter>>> {
        assert!(context.run > 0 && context.lineage.generation == 1);
        Ok(Some(Box::new(Committer(self.clone()))))
    }
}

struct Writer(CountingSink);

impl Operator for Writer {
    fn process(&mut self, _: Port, _: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        Ok(())
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        let (name, value) = (format!("output {checkpoint}"), checkpoint.into());
        Ok(Prepared::Ready(vec![Committable { name, value }]))
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let is_committed = self.0.committed.load(Ordering::SeqCst) >= checkpoint;
        self.0
            .too_early
            .fetch_or(!(is_committed && completed), Ordering::SeqCst);
        self.0.heard.store(checkpoint, Ordering::SeqCst);
        Ok(())
    }
}

struct Committer(CountingSink);

impl SinkCommitter for Committer {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let count = committables.len() as u64;
        self.0.committed.fetch_add(count, Ordering::SeqCst);
        Ok(vec![CommitOutcome::Committed; committables.len()])
    }

    fn recover(&mut self, some: &[Committable], _: &[StateEntry]) -> Result<Vec<CommitOutcome>> {
        self.commit(some)
    }
}

/// The snapshot in a directory, whose output is noted as committed.
fn committed(directory: &Path) -> Snapshot {
    let location = Location::from_path(directory).expect("a place");
    let snapshot = Snapshot::open(&location).expect("it is complete");
    assert!(snapshot.is_committed().expect("told"), "{location}");
    let metadata = snapshot.metadata();
    assert!(metadata.run > 0 && metadata.lineage.generation == 1);
    snapshot
}

#[test]
fn it_is_in_both_places_and_noted_as_committed_in_both() {
    let directory = tempfile::tempdir().expect("a directory");
    let sink = CountingSink::default();
    let input = Input {
        from: 0,
        ship: Ship::Forward,
        port: Port::First,
    };
    let kind = NodeKind::Sink(Arc::new(sink.clone()));
    let nodes = vec![
        source("numbers", 1, &Numbers::endless()),
        node("sink", 1, kind, vec![input]),
    ];
    let retention = "execution.checkpointing.externalized-checkpoint-retention";
    let options = [(retention, "RETAIN_ON_CANCELLATION")];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &options);
    for number in 1..=2 {
        let savepoint = job.savepoint();
        let OperationResult::Completed { checkpoint, path } = job.result(savepoint) else {
            panic!("savepoint {number} failed");
        };
        assert_eq!(checkpoint, number);
        assert_eq!(
            sink.committed.load(Ordering::SeqCst),
            number,
            "told too early"
        );
        let location: Location = path.parse().expect("a place");
        let savepoint = committed(location.path());
        assert_eq!(savepoint.metadata().kind, SnapshotKind::Savepoint);
        let job_directory = format!("checkpoints/{}", JobId::from_bytes([7; 16]));
        let checkpoint = format!("{job_directory}/chk-{number}");
        let checkpoint = committed(&directory.path().join(checkpoint));
        assert_eq!(checkpoint.metadata().kind, SnapshotKind::Checkpoint);
        await_that("the writer hears of it", || {
            sink.heard.load(Ordering::SeqCst) == number
        });
    }
    assert!(!sink.too_early.load(Ordering::SeqCst));
    job.cancel();
    assert_eq!(job.join().status, JobStatus::Canceled);
}
