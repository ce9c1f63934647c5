//! A million timers that a drain makes due fire in slices: what they hand out flows on in between, a full sink pauses
//! them, and the boundary waits for the last.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::{Gate, Numbers, RunningJob, await_that, graph, operator, source};
use millstream_core::{EventTime, Result};
use millstream_engine::Chunk;
use millstream_engine::connector::Waker;
use millstream_engine::graph::Ship;
use millstream_engine::operator::{Operator, OperatorSnapshot, Port, SnapshotRequest};
use millstream_protocol::OperationResult;

const TIMERS: u64 = 1_000_000;

#[derive(Clone, Default)]
struct Seen {
    fired: Arc<AtomicU64>,
    fired_before_the_boundary: Arc<AtomicU64>,
    largest_slice: Arc<AtomicU64>,
    arrived: Arc<AtomicU64>,
    /// Most that was fired and had not arrived.
    under_way: Arc<AtomicU64>,
    records: Arc<AtomicU64>,
}

/// Has timers that all fire at the end of time, and hands out a record for each. Closes a gate behind itself when a
/// tenth has fired.
struct Timers {
    left: u64,
    seen: Seen,
    gate: Arc<AtomicBool>,
}

impl Operator for Timers {
    fn process(&mut self, _: Port, chunk: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        self.seen
            .records
            .fetch_add(chunk.len() as u64, Ordering::SeqCst);
        Ok(())
    }

    fn advance_to(&mut self, time: EventTime, budget: usize, out: &mut Vec<Chunk>) -> Result<bool> {
        if time < EventTime::MAX || self.left == 0 {
            return Ok(false);
        }
        let slice = self.left.min(budget as u64);
        self.left -= slice;
        out.push(Chunk::new((0..slice).collect::<Vec<u64>>()));
        let fired = self.seen.fired.fetch_add(slice, Ordering::SeqCst) + slice;
        let arrived = self.seen.arrived.load(Ordering::SeqCst);
        self.seen.largest_slice.fetch_max(slice, Ordering::SeqCst);
        self.seen
            .under_way
            .fetch_max(fired - arrived, Ordering::SeqCst);
        if (fired - slice..fired).contains(&(TIMERS / 10)) {
            self.gate.store(true, Ordering::SeqCst);
        }
        Ok(self.left > 0)
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        let fired = self.seen.fired.load(Ordering::SeqCst);
        self.seen
            .fired_before_the_boundary
            .store(fired, Ordering::SeqCst);
        Ok(OperatorSnapshot::default())
    }
}

/// Counts what arrives.
struct Arrivals(Seen);

impl Operator for Arrivals {
    fn process(&mut self, _: Port, chunk: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        self.0
            .arrived
            .fetch_add(chunk.len() as u64, Ordering::SeqCst);
        Ok(())
    }
}

/// Timers behind an exchange, or in the very task of the source.
fn drain(apart: bool) {
    let directory = tempfile::tempdir().expect("a directory");
    let (seen, closed) = (Seen::default(), Arc::new(AtomicBool::new(false)));
    let (timers, gate, arrivals) = (seen.clone(), closed.clone(), seen.clone());
    let closes = closed.clone();
    let waker: Arc<Mutex<Option<Waker>>> = Arc::default();
    let keep = waker.clone();
    let ship = || {
        if apart {
            Ship::Rebalance
        } else {
            Ship::Forward
        }
    };
    let nodes = vec![
        source("numbers", 1, &Numbers::endless()),
        operator("timers", 1, (0, ship()), move |_| Timers {
            left: TIMERS,
            seen: timers.clone(),
            gate: closes.clone(),
        }),
        operator("gate", 1, (1, Ship::Forward), move |context| {
            *keep.lock().expect("no panic") = Some(context.waker.clone());
            Gate {
                closed: gate.clone(),
            }
        }),
        operator("arrivals", 1, (2, Ship::Rebalance), move |_| {
            Arrivals(arrivals.clone())
        }),
    ];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &[]);
    let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    await_that("records", || count(&seen.records) > 1_000);
    let stop = job.stop(true);
    await_that("a gate that closes", || closed.load(Ordering::SeqCst));
    let checkpoint = |fired| count(&seen.fired_before_the_boundary) == fired;
    // The slice that is under way may still come; then nothing more, however often the task is asked.
    let last = AtomicU64::new(u64::MAX);
    await_that("a pause", || {
        let fired = count(&seen.fired);
        last.swap(fired, Ordering::SeqCst) == fired
    });
    let fired = count(&seen.fired);
    assert!(fired < TIMERS && checkpoint(0), "{fired}");
    closed.store(false, Ordering::SeqCst);
    if let Some(waker) = &*waker.lock().expect("no panic") {
        waker.wake();
    }
    let result = job.result(stop);
    assert!(
        matches!(result, OperationResult::Stopped { .. }),
        "{result:?}"
    );
    job.join();
    assert!(checkpoint(TIMERS), "all fired before the boundary");
    assert_eq!(count(&seen.arrived), TIMERS, "all arrived before the end");
    let slice = count(&seen.largest_slice);
    assert!(slice <= 10_000, "{slice}");
    let under_way = count(&seen.under_way);
    assert!(under_way < TIMERS / 4, "{under_way} were under way at once");
}

#[test]
fn of_a_task_with_inputs() {
    drain(true);
}

#[test]
fn of_a_task_with_a_source() {
    drain(false);
}
