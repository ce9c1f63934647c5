//! After a stop whose output was lost, and which so failed the job, `latest` is the stop's savepoint in whichever directory
//! it lies: output of other sinks may be committed up to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::common::{Numbers, RunningJob, await_that, graph, node, source};
use millstream_core::{CheckpointId, JobStatus, Result};
use millstream_engine::Chunk;
use millstream_engine::connector::{
    CommitOutcome, Committable, CommitterContext, Prepared, SinkCommitter, StateEntry,
};
use millstream_engine::graph::{Input, NodeKind, Ship};
use millstream_engine::operator::{Operator, OperatorContext, OperatorFactory, Port};
use millstream_protocol::OperationResult;
use millstream_storage::{Location, newest};

/// Prepares one piece of output for each snapshot, which is lost once `loses` is set.
#[derive(Clone, Default)]
struct LosingSink {
    loses: Arc<AtomicBool>,
    commits: Arc<AtomicU64>,
}

impl OperatorFactory for LosingSink {
    fn open(&self, _: &OperatorContext) -> Result<Box<dyn Operator>> {
        Ok(Box::new(Writer))
    }

    fn committer(&self, _: CommitterContext) -> Result<Option<Box<dyn SinkCommitter>>> {
        Ok(Some(Box::new(Committer(self.clone()))))
    }
}

struct Writer;

impl Operator for Writer {
    fn process(&mut self, _: Port, _: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        Ok(())
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        let name = format!("output {checkpoint}");
        let value = checkpoint.into();
        Ok(Prepared::Ready(vec![Committable { name, value }]))
    }
}

struct Committer(LosingSink);

impl SinkCommitter for Committer {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let loses = self.0.loses.load(Ordering::SeqCst);
        let settle = |_: &Committable| {
            if loses {
                return CommitOutcome::Lost("it is gone".to_owned());
            }
            self.0.commits.fetch_add(1, Ordering::SeqCst);
            CommitOutcome::Committed
        };
        Ok(committables.iter().map(settle).collect())
    }

    fn recover(
        &mut self,
        committables: &[Committable],
        _: &[StateEntry],
    ) -> Result<Vec<CommitOutcome>> {
        self.commit(committables)
    }
}

#[test]
fn it_is_not_the_checkpoint_before() {
    let directory = tempfile::tempdir().expect("a directory");
    let sink = LosingSink::default();
    let input = Input {
        from: 0,
        ship: Ship::Forward,
        port: Port::First,
    };
    let nodes = vec![
        source("numbers", 1, &Numbers::endless()),
        node(
            "sink",
            1,
            NodeKind::Sink(Arc::new(sink.clone())),
            vec![input],
        ),
    ];
    let retention = "execution.checkpointing.externalized-checkpoint-retention";
    let options = [(retention, "RETAIN_ON_CANCELLATION")];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &options);
    let checkpoint = job.checkpoint();
    let OperationResult::Completed { path, .. } = job.result(checkpoint) else {
        panic!("nothing is lost yet");
    };
    let checkpoints = Location::from_path(directory.path().join("checkpoints")).expect("a place");
    let latest = || newest(Some(&checkpoints), &[], "test").expect("it can be told");
    assert_eq!(latest().map(|found| found.location.to_string()), Some(path));

    await_that("the commit", || sink.commits.load(Ordering::SeqCst) > 0);
    sink.loses.store(true, Ordering::SeqCst);
    let stop = job.stop(false);
    let result = job.result(stop);
    let OperationResult::Failed {
        savepoint, reason, ..
    } = result
    else {
        panic!("{result:?}");
    };
    assert!(savepoint.is_some(), "{reason}");
    assert_eq!(job.join().status, JobStatus::Failed);
    assert_eq!(latest().map(|found| found.location.to_string()), savepoint);
}
