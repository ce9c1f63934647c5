//! A sink that can't recover at the beginning of an attempt, whatever way it fails, is asked again as the restart strategy says,
//! and its failure is the root cause.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::{Numbers, RunningJob, graph, node, source};
use millstream_core::{Error, JobStatus, Result, codes};
use millstream_engine::Chunk;
use millstream_engine::connector::{
    CommitOutcome, Committable, CommitterContext, SinkCommitter, StateEntry,
};
use millstream_engine::graph::{Input, NodeKind, Ship};
use millstream_engine::operator::{Operator, OperatorContext, OperatorFactory, Port};
use millstream_protocol::OperationResult;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NoCommitter,
    Panic,
    WrongNumber,
    Program,
}

/// Recovers once it has failed so many times.
#[derive(Clone)]
struct FailingSink {
    fault: Fault,
    failures: Arc<AtomicU64>,
}

impl FailingSink {
    fn fails(&self) -> bool {
        let left = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        left.is_ok()
    }
}

impl OperatorFactory for FailingSink {
    fn open(&self, _: &OperatorContext) -> Result<Box<dyn Operator>> {
        Ok(Box::new(Writer))
    }

    fn committer(&self, _: CommitterContext) -> Result<Option<Box<dyn SinkCommitter>>> {
        if self.fault == Fault::NoCommitter && self.fails() {
            return Err(Error::new(&codes::SINK_WRITE, "the broker is away"));
        }
        Ok(Some(Box::new(Committer(self.clone()))))
    }
}

struct Writer;

impl Operator for Writer {
    fn process(&mut self, _: Port, _: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        Ok(())
    }
}

struct Committer(FailingSink);

impl SinkCommitter for Committer {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        Ok(vec![CommitOutcome::Committed; committables.len()])
    }

    #[allow(clippy::panic, reason = "one of the faults")]
    fn recover(&mut self, some: &[Committable], _: &[StateEntry]) -> Result<Vec<CommitOutcome>> {
        let outcomes = vec![CommitOutcome::Committed; some.len()];
        match self.0.fault {
            Fault::NoCommitter => Ok(outcomes),
            _ if !self.0.fails() => Ok(outcomes),
            Fault::Panic => panic!("the sink lost its head"),
            Fault::WrongNumber => Ok(vec![CommitOutcome::Committed; some.len() + 1]),
            Fault::Program => Err(Error::new(&codes::PROGRAM_FAILED, "the sink is confused")),
        }
    }
}

/// A job whose sink fails so many times, with two restarts.
fn job(fault: Fault, failures: u64, directory: &std::path::Path) -> RunningJob {
    let sink = FailingSink {
        fault,
        failures: Arc::new(AtomicU64::new(failures)),
    };
    let input = Input {
        from: 0,
        ship: Ship::Forward,
        port: Port::First,
    };
    let nodes = vec![
        source("numbers", 1, &Numbers::endless()),
        node("sink", 1, NodeKind::Sink(Arc::new(sink)), vec![input]),
    ];
    let options = [
        ("restart-strategy.type", "fixed-delay"),
        ("restart-strategy.fixed-delay.attempts", "2"),
        ("restart-strategy.fixed-delay.delay", "1 ms"),
    ];
    RunningJob::start(graph(nodes), directory, &options)
}

const FAULTS: [(Fault, &str); 4] = [
    (Fault::NoCommitter, "the broker is away"),
    (Fault::Panic, "the sink lost its head"),
    (Fault::WrongNumber, "answered 1 outcomes for 0 outputs"),
    (Fault::Program, "the sink is confused"),
];

#[test]
fn it_runs_once_the_sink_recovers() {
    for (fault, _) in FAULTS {
        let directory = tempfile::tempdir().expect("a directory");
        let mut job = job(fault, 2, directory.path());
        loop {
            // Refused while it waits for its restart.
            let checkpoint = job.checkpoint();
            if let OperationResult::Completed { .. } = job.result(checkpoint) {
                break;
            }
        }
        job.cancel();
        assert_eq!(job.join().status, JobStatus::Canceled, "{fault:?}");
    }
}

#[test]
fn its_failure_is_the_root_cause_when_no_restart_is_left() {
    for (fault, message) in FAULTS {
        let directory = tempfile::tempdir().expect("a directory");
        let outcome = job(fault, 3, directory.path()).join();
        assert_eq!(outcome.status, JobStatus::Failed, "{fault:?}");
        let cause = outcome.cause.expect("a root cause");
        assert!(cause.message.contains(message), "{}", cause.message);
        let gave_up = outcome.gave_up.expect("it says why");
        assert_eq!(gave_up, "all 2 restarts of fixed-delay are used up");
    }
}
