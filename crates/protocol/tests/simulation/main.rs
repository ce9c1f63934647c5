//! A seeded simulation: random jobs through random interleavings of messages, failures, time-outs,
//! requests, deaths between any two steps, and storage that goes away, with every promise of the
//! protocol checked at every step. Other jobs are started from their snapshots: from a savepoint beside a
//! job that goes on, commits and cleans up, and from the newest one behind a job that is over or dead.
//!
//! A failure prints its seed. `MILLSTREAM_SEED=<seed>` runs that one again, step by step on stderr;
//! `MILLSTREAM_RUNS=<count>` runs so many, and `MILLSTREAM_FIRST=<seed>` begins with that one.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by a panic"
)]

mod branches;
mod facts;
mod ground;
mod marks;
mod newest;
mod perform;
mod process;
mod settings;
mod steps;
mod taken;
mod tasks;
mod work;
mod world;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use rand::RngExt;
use rand::rngs::StdRng;

use branches::Branches;
use ground::Ground;
use marks::Marks;

/// So many interleavings where nobody says how many.
const RUNS: u64 = 100_000;
/// In so many of them every mark is hit this often at least.
const HITS: u64 = 100;
/// The progress is told after so many.
const STEP: u64 = 50_000;

fn number_of(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a whole number, not {text}")))
}

#[test]
fn every_promise_holds_in_random_interleavings() {
    if let Some(seed) = number_of("MILLSTREAM_SEED") {
        let result = catch_unwind(AssertUnwindSafe(|| run(seed, true)));
        assert!(result.is_ok(), "seed {seed} breaks a promise, see above");
        return;
    }
    let (first, runs) = (
        number_of("MILLSTREAM_FIRST").unwrap_or(0),
        number_of("MILLSTREAM_RUNS").unwrap_or(RUNS),
    );
    let mut marks = Marks::default();
    for seed in first..first + runs {
        match catch_unwind(AssertUnwindSafe(|| run(seed, false))) {
            Ok((of_run, _)) => marks.add(&of_run),
            Err(_) => panic!("a promise is broken; replay with MILLSTREAM_SEED={seed}"),
        }
        if (seed + 1 - first).is_multiple_of(STEP) {
            println!("seeds {first} to {seed}: no promise is broken");
        }
    }
    let counts: Vec<_> = marks::ALL
        .iter()
        .map(|mark| (marks.count(mark), *mark))
        .collect();
    for (count, mark) in &counts {
        println!("{count:>9} {mark}");
    }
    for (count, mark) in counts.iter().filter(|_| runs >= RUNS) {
        assert!(*count >= HITS, "too few runs come by `{mark}`: {count}");
    }
}

#[test]
fn the_same_seed_is_the_same_run_event_by_event() {
    for seed in 0..300 {
        let (_, once) = run(seed, true);
        let (_, again) = run(seed, true);
        assert!(once == again && once.is_some(), "seed {seed}");
    }
}

/// Tells a trace once its run is over, however it ends.
struct Told(Rc<RefCell<Ground>>);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(ground) = self.0.try_borrow()
            && let Some(trace) = &ground.trace
        {
            eprintln!("{trace}");
        }
    }
}

/// How much goes wrong in a run: where everything does, no job gets far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mood {
    /// Of 100 steps so many are faults.
    faults: u32,
    /// Of 100 steps so many are requests.
    requests: u32,
    /// Time passes by at most so many milliseconds at once.
    pause: u64,
}

impl Mood {
    fn random(rng: &mut StdRng) -> Option<Self> {
        Some(Self {
            faults: [1, 3, 6][rng.random_range(0..3)],
            requests: [1, 3, 6][rng.random_range(0..3)],
            pause: [5, 50, 400][rng.random_range(0..3)],
        })
    }
}

/// One job from its start to its end, and those that are started from its snapshots. What they came by, and their trace.
fn run(seed: u64, trace: bool) -> (Marks, Option<String>) {
    let ground = Rc::new(RefCell::new(Ground {
        trace: trace.then(String::new),
        ..Ground::default()
    }));
    let marks = {
        let told = Told(Rc::clone(&ground));
        let mut branches = Branches::begin(seed, &told.0);
        while branches.turn() {}
        branches.end()
    };
    let trace = ground.borrow_mut().trace.take();
    (marks, trace)
}
