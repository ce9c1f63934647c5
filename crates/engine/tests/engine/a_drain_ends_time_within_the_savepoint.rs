//! A drain brings event time to its end before the boundary of the savepoint, on every worker; a suspend does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::{Modulo, Numbers, RunningJob, await_that, graph, operator, source};
use millstream_core::{EventTime, Result};
use millstream_engine::Chunk;
use millstream_engine::graph::Ship;
use millstream_engine::operator::{Operator, OperatorSnapshot, Port, SnapshotRequest};
use millstream_protocol::OperationResult;

const SUBTASKS: usize = 3;

/// What subtasks had seen when their state was frozen for the last time.
#[derive(Clone, Default)]
struct Seen {
    records: Arc<AtomicU64>,
    ends: Arc<AtomicU64>,
    /// Records that the tasks behind had seen of the ends of those before.
    echoes: Arc<AtomicU64>,
}

/// Hands out one record when time ends.
struct Window {
    seen: Seen,
    ended: bool,
}

impl Operator for Window {
    fn process(&mut self, _: Port, chunk: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        let records = chunk.len() as u64;
        self.seen.records.fetch_add(records, Ordering::SeqCst);
        Ok(())
    }

    fn advance_to(&mut self, time: EventTime, _: usize, out: &mut Vec<Chunk>) -> Result<bool> {
        if time == EventTime::MAX {
            self.ended = true;
            out.push(Chunk::new(vec![0_u64]));
        }
        Ok(false)
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        let ended = u64::from(self.ended);
        self.seen.ends.fetch_add(ended, Ordering::SeqCst);
        Ok(OperatorSnapshot::default())
    }
}

/// Counts what it gets until its state is frozen.
struct Behind {
    seen: Seen,
    count: u64,
}

impl Operator for Behind {
    fn process(&mut self, _: Port, chunk: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        self.count += chunk.len() as u64;
        Ok(())
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        self.seen.echoes.fetch_add(self.count, Ordering::SeqCst);
        Ok(OperatorSnapshot::default())
    }
}

/// How many tasks had seen the end of time in the savepoint, and how many records came of that.
fn ends_in_the_savepoint(drain: bool) -> (u64, u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let numbers = Numbers::endless();
    let seen = Seen::default();
    let (windows, behind) = (seen.clone(), seen.clone());
    let hash = || Ship::Hash(Arc::new(Modulo));
    let nodes = vec![
        source("numbers", 2, &numbers),
        operator("windows", SUBTASKS, (0, hash()), move |_| Window {
            seen: windows.clone(),
            ended: false,
        }),
        operator("behind", 2, (1, hash()), move |_| Behind {
            seen: behind.clone(),
            count: 0,
        }),
    ];
    let options = [("millstream.worker-threads", "2")];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &options);
    await_that("records", || seen.records.load(Ordering::SeqCst) > 1_000);
    let stop = job.stop(drain);
    let result = job.result(stop);
    assert!(
        matches!(result, OperationResult::Stopped { .. }),
        "{result:?}"
    );
    job.join();
    let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    (count(&seen.ends), count(&seen.echoes))
}

#[test]
fn a_drain_does() {
    let subtasks = SUBTASKS as u64;
    assert_eq!(ends_in_the_savepoint(true), (subtasks, subtasks));
}

#[test]
fn a_suspend_does_not() {
    assert_eq!(ends_in_the_savepoint(false), (0, 0));
}
