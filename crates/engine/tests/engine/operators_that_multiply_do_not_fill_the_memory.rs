//! Work in flight is bounded in bytes, also where an operator makes a thousand records of one, and large ones of small.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::common::{Gate, Numbers, RunningJob, await_that, graph, operator, source};
use millstream_core::{JobStatus, Result};
use millstream_engine::Chunk;
use millstream_engine::graph::Ship;
use millstream_engine::operator::{Operator, Port};

const NUMBERS: u64 = 3_000;
const COPIES: u64 = 1_000;
const SIZE: u64 = 1_000;
/// Far below what one full tick of records becomes, which is 4 GB.
const MOST: u64 = 200 * 1024 * 1024;

#[derive(Clone, Default)]
struct Flight {
    made: Arc<AtomicU64>,
    taken: Arc<AtomicU64>,
    most: Arc<AtomicU64>,
}

/// Makes many large records of each number.
struct Multiplies(Flight);

impl Operator for Multiplies {
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        for _ in chunk.into_records::<u64>()? {
            let copies = vec!["x".repeat(SIZE as usize); COPIES as usize];
            out.push(Chunk::new(copies));
            let made = self.0.made.fetch_add(COPIES * SIZE, Ordering::SeqCst) + COPIES * SIZE;
            let taken = self.0.taken.load(Ordering::SeqCst);
            self.0.most.fetch_max(made - taken, Ordering::SeqCst);
        }
        Ok(())
    }
}

struct Takes(Flight);

impl Operator for Takes {
    fn process(&mut self, _: Port, chunk: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        let records = chunk.into_records::<String>()?;
        let bytes: u64 = records.iter().map(|record| record.len() as u64).sum();
        self.0.taken.fetch_add(bytes, Ordering::SeqCst);
        Ok(())
    }
}

fn run(ship: Ship, first: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let flight = Flight::default();
    let closed = Arc::new(AtomicBool::new(first > 0));
    let (multiplies, takes, gate) = (flight.clone(), flight.clone(), closed.clone());
    let nodes = vec![
        source("numbers", 1, &Numbers::up_to(NUMBERS)),
        operator("multiplies", 1, (0, ship), move |_| {
            Multiplies(multiplies.clone())
        }),
        operator("takes", 1, (1, Ship::Rebalance), move |_| {
            Takes(takes.clone())
        }),
        operator("gate", 1, (2, Ship::Forward), move |_| Gate {
            closed: gate.clone(),
        }),
    ];
    let options = [("millstream.worker-threads", "2")];
    let job = RunningJob::start(graph(nodes), directory.path(), &options);
    await_that("something is made", || {
        flight.made.load(Ordering::SeqCst) > 0
    });
    closed.store(false, Ordering::SeqCst);
    assert_eq!(job.join().status, JobStatus::Finished);
    let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    assert_eq!(count(&flight.taken), NUMBERS * COPIES * SIZE);
    assert!(count(&flight.most) < MOST, "{} bytes", count(&flight.most));
}

#[test]
fn in_a_task_of_their_own() {
    run(Ship::Rebalance, 0);
}

#[test]
fn in_the_task_of_the_source() {
    run(Ship::Forward, 0);
}

#[test]
fn before_a_sink_that_stands_still_at_first() {
    run(Ship::Rebalance, 1);
}
