//! A panic of the job's code while its state is written fails that checkpoint, and a job whose state is being written
//! can be cancelled.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{Numbers, RunningJob, await_that, graph, operator, source};
use millstream_core::{Error, JobStatus, OperatorId, Result, codes};
use millstream_engine::Chunk;
use millstream_engine::graph::Ship;
use millstream_engine::operator::{Operator, OperatorSnapshot, Port, SnapshotRequest};
use millstream_protocol::OperationResult;
use millstream_state::WriteState;
use millstream_storage::{SnapshotTarget, StateMetadata};

/// Has state that is written by `write`.
struct Holds {
    write: fn(&SnapshotTarget, OperatorId, &AtomicBool) -> Result<StateMetadata>,
    begun: Arc<AtomicBool>,
}

impl Operator for Holds {
    fn process(&mut self, _: Port, _: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        Ok(())
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        let state = Held {
            write: self.write,
            begun: self.begun.clone(),
        };
        Ok(OperatorSnapshot {
            states: vec![Box::new(state)],
            entries: Vec::new(),
        })
    }
}

struct Held {
    write: fn(&SnapshotTarget, OperatorId, &AtomicBool) -> Result<StateMetadata>,
    begun: Arc<AtomicBool>,
}

impl WriteState for Held {
    fn write(
        self: Box<Self>,
        targets: &[&SnapshotTarget],
        operator: OperatorId,
        _: usize,
    ) -> Vec<Result<StateMetadata>> {
        targets
            .iter()
            .map(|target| (self.write)(target, operator, &self.begun))
            .collect()
    }
}

fn start(
    write: fn(&SnapshotTarget, OperatorId, &AtomicBool) -> Result<StateMetadata>,
    begun: &Arc<AtomicBool>,
) -> (tempfile::TempDir, RunningJob) {
    let directory = tempfile::tempdir().expect("a directory");
    let begun = begun.clone();
    let nodes = vec![
        source("numbers", 1, &Numbers::endless()),
        operator("holds", 1, (0, Ship::Forward), move |_| Holds {
            write,
            begun: begun.clone(),
        }),
    ];
    // A checkpoint that fails is not to end the job before it is cancelled.
    let options = [("execution.checkpointing.tolerable-failed-checkpoints", "10")];
    let job = RunningJob::start(graph(nodes), directory.path(), &options);
    (directory, job)
}

#[test]
fn a_panic_declines_the_checkpoint_with_its_message() {
    let (_directory, mut job) = start(|_, _, _| panic!("it can't be told"), &Arc::default());
    let checkpoint = job.checkpoint();
    let OperationResult::Failed { reason, .. } = job.result(checkpoint) else {
        panic!("it failed");
    };
    assert_eq!(
        reason,
        "declined by Source: numbers -> holds (1/1): MS-4001: it can't be told"
    );
    let cancel = job.cancel();
    assert_eq!(job.result(cancel), OperationResult::Cancelled);
    assert_eq!(job.join().status, JobStatus::Canceled);
}

/// Writes without end.
fn endless(
    target: &SnapshotTarget,
    operator: OperatorId,
    begun: &AtomicBool,
) -> Result<StateMetadata> {
    let mut file = target.create_file(operator, 0, "endless")?;
    loop {
        begun.store(true, Ordering::SeqCst);
        if let Err(cause) = file.write_all(b"0") {
            return Err(Error::new(&codes::SNAPSHOT_WRITE, "no more").cause(cause));
        }
    }
}

#[test]
fn a_cancel_does_not_wait_for_large_state() {
    let begun = Arc::default();
    let (_directory, mut job) = start(endless, &begun);
    job.checkpoint();
    await_that("the state is written", || begun.load(Ordering::SeqCst));
    let cancel = job.cancel();
    assert_eq!(job.result(cancel), OperationResult::Cancelled);
    assert_eq!(job.join().status, JobStatus::Canceled);
}
