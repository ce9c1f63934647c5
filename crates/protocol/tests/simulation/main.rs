//! A seeded simulation: random jobs through random interleavings of messages, failures, time-outs,
//! requests and crashes, with every promise of the protocol checked at every step.
//!
//! A failure prints its seed. `MILLSTREAM_SEED=<seed>` runs that one again, step by step on stderr.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by a panic"
)]

mod perform;
mod process;
mod steps;
mod tasks;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use millstream_core::JobStatus;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use process::Process;
use world::World;

/// So many interleavings.
const RUNS: u64 = 100_000;

#[test]
fn every_promise_holds_in_random_interleavings() {
    if let Ok(seed) = std::env::var("MILLSTREAM_SEED") {
        let seed = seed.parse().expect("MILLSTREAM_SEED is a whole number");
        run(seed, true);
        return;
    }
    let mut tally = Tally::default();
    for seed in 0..RUNS {
        match catch_unwind(AssertUnwindSafe(|| run(seed, false))) {
            Ok(outcome) => tally.count(&outcome),
            Err(_) => panic!("a promise is broken; replay with MILLSTREAM_SEED={seed}"),
        }
    }
    tally.assert_everything_happened();
}

/// What happened in a run, to prove that the simulation does not pass by doing nothing.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    status: Option<JobStatus>,
    crashes: u32,
    restores: u32,
    stopped: u32,
    failed_stops: u32,
    late: u32,
    retried_commits: u32,
    killed: u32,
    resumed_stops: u32,
    unprotected: u32,
}

#[derive(Debug, Default)]
struct Tally {
    finished: u32,
    cancelled: u32,
    failed: u32,
    sum: Outcome,
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        match outcome.status {
            Some(JobStatus::Finished) => self.finished += 1,
            Some(JobStatus::Canceled) => self.cancelled += 1,
            Some(JobStatus::Failed) => self.failed += 1,
            None if outcome.unprotected > 0 => {}
            other => panic!("a run ended with status {other:?}"),
        }
        self.sum.crashes += outcome.crashes;
        self.sum.restores += outcome.restores;
        self.sum.stopped += outcome.stopped;
        self.sum.failed_stops += outcome.failed_stops;
        self.sum.late += outcome.late;
        self.sum.retried_commits += outcome.retried_commits;
        self.sum.killed += outcome.killed;
        self.sum.resumed_stops += outcome.resumed_stops;
    }

    fn assert_everything_happened(&self) {
        let sum = &self.sum;
        let counts = [
            ("finished", self.finished),
            ("cancelled", self.cancelled),
            ("failed", self.failed),
            ("crashes", sum.crashes),
            ("restores", sum.restores),
            ("stopped", sum.stopped),
            ("failed stops", sum.failed_stops),
            ("late acknowledgements", sum.late),
            ("retried commits", sum.retried_commits),
            ("killed processes", sum.killed),
            ("resumed stops", sum.resumed_stops),
        ];
        println!("{counts:?}");
        for (what, count) in counts {
            assert!(count > 100, "too few runs with {what}: {count}; {counts:?}");
        }
    }
}

/// One job from its start to its end, through as many processes as it takes.
fn run(seed: u64, trace: bool) -> Outcome {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut world = World::random(&mut rng, trace);
    let mut outcome = Outcome::default();
    let mut chaos = rng.random_range(10..200);
    loop {
        let mut process = Process::start(&mut world, &mut rng, &mut outcome, seed);
        while chaos > 0 && process.is_alive() {
            chaos -= 1;
            process.step(true);
        }
        if process.is_alive() {
            process.come_to_an_end();
        }
        if let Some(status) = process.ended() {
            outcome.status = Some(status);
            return outcome;
        }
        if world.unprotected {
            // What was committed without checkpoints is not known to the next process, so nobody starts one.
            outcome.unprotected += 1;
            return outcome;
        }
    }
}
