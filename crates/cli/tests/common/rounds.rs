//! Rounds of a test in which a job is killed at random moments, from a seed: `MILLSTREAM_SEED` plays another one, `MILLSTREAM_KILLS`
//! as many rounds.

#![allow(
    clippy::disallowed_methods,
    reason = "the random moment of a kill is a time"
)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use datagen::random::Random;

use super::ingest_named;

/// The command that runs the ingestion job `name` in a round: at a parallelism, and from its newest checkpoint if it is to
/// `resume`. The rest is as [`ingest_named`] has it.
pub(crate) fn ingest_in_round(
    directory: &Path,
    name: &str,
    interval: &str,
    parallelism: u64,
    resume: bool,
) -> Command {
    let parallelism = parallelism.to_string();
    let mut options = vec!["-p", parallelism.as_str()];
    if resume {
        options.extend(["-s", "latest"]);
    }
    ingest_named(directory, name, interval, &options)
}

/// The most rounds that a test plays by itself.
const MOST: u64 = 20;

/// What the environment says by a name.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Whether the environment asks for more rounds than any test plays by itself: then there is time for what would make each run of the
/// tests too long.
pub(crate) fn are_many() -> bool {
    number("MILLSTREAM_KILLS").is_some_and(|count| count > MOST)
}

pub(crate) struct Rounds {
    /// What another run is played by again.
    pub(crate) seed: u64,
    /// How many there are.
    pub(crate) count: u64,
    random: Random,
    parallelism: u64,
}

impl Rounds {
    /// Those that the environment asks for, or `count`: some are enough for each run of the tests, `make chaos-kafka` and its like play more.
    pub(crate) fn begin(count: u64) -> Self {
        let seed = number("MILLSTREAM_SEED").unwrap_or(5);
        println!("seed {seed}; set MILLSTREAM_SEED to play another");
        Self {
            seed,
            count: number("MILLSTREAM_KILLS").unwrap_or(count),
            random: Random::new(seed),
            parallelism: 0,
        }
    }

    /// The parallelism of the next round: 1 to `most`, and another one than the last.
    pub(crate) fn next_parallelism(&mut self, most: u64) -> u64 {
        let other = 1 + self.random.below(most - 1);
        self.parallelism = other + u64::from(other >= self.parallelism && self.parallelism > 0);
        self.parallelism
    }

    /// Waits for a random time below `latest_ms` milliseconds; says how long in words.
    pub(crate) fn wait_below(&mut self, latest_ms: u64) -> String {
        let moment = Duration::from_millis(self.random.below(latest_ms));
        std::thread::sleep(moment);
        format!("parallelism {}, after {moment:?}", self.parallelism)
    }
}
