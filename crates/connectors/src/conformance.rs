//! The conformance suites: what every connector promises, as checks that every connector runs.
//!
//! Test support. The tests of a connector, here or in another crate, describe it to a suite and call it:
//! [`SourceSuite::run`] for sources whose position is state, [`SourceSuite::run_without_replay`] for others,
//! [`SinkSuite::run`] for sinks that commit, [`SinkSuite::run_at_once`] for others. A broken
//! promise is a panic that names the promise, the seed and what was seen.
//!
//! The suites drive readers, writers and committers as the engine does: they poll with changing
//! limits, wait for the waker, keep what was prepared in a snapshot, and open everything anew after a
//! "crash". They know nothing of the connector but the contract of
//! [`millstream_engine::connector`].

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test support: a broken promise is a panic"
)]

mod at_once;
mod attempt;
mod branches;
mod drive;
mod ended;
mod sink;
mod source;
mod times;
mod wake;

pub use attempt::{SourceAttempt, SourceJob, TakenSnapshot};
pub use sink::{SinkSuite, SinkTarget};
pub use source::SourceSuite;

/// Compares two bags of records: the order does not matter, the number of each record does.
///
/// # Panics
/// They differ; `promise` says what for.
fn assert_same<R: Ord + std::fmt::Debug>(promise: &str, mut found: Vec<R>, mut expected: Vec<R>) {
    found.sort_unstable();
    expected.sort_unstable();
    if found == expected {
        return;
    }
    let (more, fewer) = (without(&found, &expected), without(&expected, &found));
    panic!(
        "{promise}: {} records where {} are right; first of {} too many: {:?}; first of {} missing: {:?}",
        found.len(),
        expected.len(),
        more.len(),
        more.iter().take(3).collect::<Vec<_>>(),
        fewer.len(),
        fewer.iter().take(3).collect::<Vec<_>>(),
    );
}

/// What stands in the sorted `left` more often than in the sorted `right`.
fn without<'a, R: Ord>(left: &'a [R], right: &[R]) -> Vec<&'a R> {
    let mut rest = right.iter().peekable();
    left.iter()
        .filter(|record| {
            while rest.next_if(|other| other < record).is_some() {}
            rest.next_if(|other| other == record).is_none()
        })
        .collect()
}

/// A small generator of numbers (SplitMix64), so that the suites need no crate that only tests have.
struct Random {
    state: u64,
}

impl Random {
    fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number below `bound`, which must not be 0.
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
