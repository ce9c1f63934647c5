//! The suite of sources.

use std::fmt::Debug;

use millstream_core::EventTime;
use millstream_engine::connector::{Limit, Source, SourceStatus, StateEntry};

use super::attempt::{SourceAttempt, SourceJob, TakenSnapshot};
use super::times::Times;
use super::{Random, assert_same};

/// The highest parallelism that is tried.
const PARALLELISM: usize = 4;

/// Checks a bounded source that can be replayed.
///
/// `T` is what the source hands out, `R` a record that can be compared: the same for a source of records, a
/// row for a source of batches.
///
/// # Promises checked
/// - All readers together hand out exactly the truth, at every parallelism from 1 to 4.
/// - A poll hands out at most `limit` records and counts them right, and no more bytes than the limit where it counts
///   them and they are more than one record.
/// - A snapshot does not move the reader, and says the same twice.
/// - What was restored, at any parallelism, hands out exactly the rest; also again and again.
/// - A restored entry is handed to its owner alone, who is one of the readers.
/// - An entry's key is used once; entries survive being written as JSON.
/// - A reader that has ended stays ended, also after a restore.
/// - A reader that waits calls its waker.
/// - Whatever was read behind the last checkpoint that was completed comes again after a crash: also what a checkpoint
///   held that was given up, and what was read before the source was told that an earlier one is completed.
/// - A record does not come from a split behind the split's watermark, or from one that is idle or has ended, where the suite
///   knows the records' [times](Self::event_time).
pub struct SourceSuite<'a, T: 'static, R> {
    source: &'a dyn Fn() -> Box<dyn Source<T>>,
    records: &'a dyn Fn(T) -> Vec<R>,
    truth: Vec<R>,
    time: Option<&'a TimeOf<R>>,
    before_each_life: &'a dyn Fn(),
    seed: u64,
    rounds: usize,
}

/// The split and the event time of a record.
type TimeOf<R> = dyn Fn(&R) -> (u32, EventTime);

impl<'a, T: 'static, R: Ord + Clone + Debug> SourceSuite<'a, T, R> {
    /// A suite for the source that `source` describes anew for each attempt. `records` takes apart what it hands
    /// out; `truth` is every record that it must hand out, in any order.
    pub fn new(
        source: &'a dyn Fn() -> Box<dyn Source<T>>,
        records: &'a dyn Fn(T) -> Vec<R>,
        truth: Vec<R>,
    ) -> Self {
        Self {
            source,
            records,
            truth,
            time: None,
            before_each_life: &|| (),
            seed: 1,
            rounds: 25,
        }
    }

    /// Has the event time checked that the source announces: `time` tells the split of a record, and when it happened.
    #[must_use]
    pub fn event_time(mut self, time: &'a TimeOf<R>) -> Self {
        self.time = Some(time);
        self
    }

    /// Brings back, before each life of the source, what it takes away behind a checkpoint that is completed.
    #[must_use]
    pub fn before_each_life(mut self, bring_back: &'a dyn Fn()) -> Self {
        self.before_each_life = bring_back;
        self
    }

    /// The seed of the random limits and stopping points; part of every message.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many random lives of the source are played. 25 by default.
    #[must_use]
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// Checks a source that can't be replayed, bounded or not: everything but what is handed out after a restore.
    ///
    /// # Panics
    /// A promise is broken.
    pub fn run_without_replay(&self) {
        for parallelism in 1..=PARALLELISM {
            (self.before_each_life)();
            let job = SourceJob::default();
            let seed = self.seed.wrapping_add(parallelism as u64);
            let mut attempt = Attempt::open(self, &job, parallelism, None, seed);
            let mut random = Random::new(seed);
            let mut found = Vec::new();
            for _ in 0..random.below(20) {
                found.extend(attempt.poll_one(&mut random));
                let taken = attempt.snapshot();
                attempt.ended(&taken, random.below(2) == 0);
            }
            found.extend(attempt.read_to_end());
            let promise = format!("reads everything once at parallelism {parallelism}");
            assert_same(&promise, found, self.truth.clone());
            attempt.check_ended();
            let taken = attempt.snapshot();
            drop(attempt);
            // What it says of its position is taken back, at any parallelism.
            drop(Attempt::open(self, &job, 1, Some(&taken), seed));
        }
    }

    /// Runs every check.
    ///
    /// # Panics
    /// A promise is broken.
    pub fn run(&self) {
        assert!(
            (self.source)().is_bounded(),
            "the suite reads to the end: the source is bounded"
        );
        for parallelism in 1..=PARALLELISM {
            (self.before_each_life)();
            let job = SourceJob::default();
            let mut attempt = Attempt::open(self, &job, parallelism, None, self.seed);
            let found = attempt.read_to_end();
            let promise = format!("reads everything once at parallelism {parallelism}");
            assert_same(&promise, found, self.truth.clone());
            attempt.check_ended();
            let taken = attempt.snapshot();
            drop(attempt);
            let mut restored = Attempt::open(self, &job, 1, Some(&taken), self.seed);
            assert_same(
                "nothing comes after the end",
                restored.read_to_end(),
                Vec::new(),
            );
        }
        for round in 0..self.rounds {
            self.play(self.seed.wrapping_add(round as u64));
        }
    }

    /// One life: read a little, take checkpoints that are completed or given up, crash, go on from the last one that was
    /// completed at another parallelism, until the end.
    fn play(&self, seed: u64) {
        (self.before_each_life)();
        let mut random = Random::new(seed);
        let mut found = Vec::new();
        let job = SourceJob::default();
        let mut taken = None;
        for _ in 0..random.below(5) {
            let parallelism = 1 + random.below(PARALLELISM);
            let mut attempt = Attempt::open(self, &job, parallelism, taken.as_ref(), seed);
            // What is read behind the last checkpoint comes again: it is forgotten here as in a crash.
            let mut behind = Vec::new();
            for _ in 0..=random.below(3) {
                for _ in 0..random.below(20) {
                    behind.extend(attempt.poll_one(&mut random));
                }
                let snapshot = attempt.snapshot();
                let held = behind.len();
                if random.below(2) == 0 {
                    // A checkpoint takes its time.
                    behind.extend(attempt.poll_one(&mut random));
                }
                // The last of these: the process dies before the source is told.
                let (completed, told) =
                    [(true, true), (false, true), (true, false)][random.below(3)];
                if told {
                    attempt.ended(&snapshot, completed);
                }
                if completed {
                    found.extend(behind.drain(..held));
                    taken = Some(snapshot);
                }
            }
        }
        let parallelism = 1 + random.below(PARALLELISM);
        let mut attempt = Attempt::open(self, &job, parallelism, taken.as_ref(), seed);
        found.extend(attempt.read_to_end());
        let promise = format!("restores hand out exactly the rest (seed {seed})");
        assert_same(&promise, found, self.truth.clone());
    }
}

/// One attempt of the suite's source.
struct Attempt<'a, T: 'static, R> {
    suite: &'a SourceSuite<'a, T, R>,
    job: &'a SourceJob,
    attempt: SourceAttempt<T>,
    times: Times,
    seed: u64,
    random: Random,
}

impl<'a, T: 'static, R: Ord + Clone + Debug> Attempt<'a, T, R> {
    fn open(
        suite: &'a SourceSuite<'a, T, R>,
        job: &'a SourceJob,
        parallelism: usize,
        restored: Option<&TakenSnapshot>,
        seed: u64,
    ) -> Self {
        let source = (suite.source)();
        let attempt = job.attempt(source.as_ref(), parallelism, restored);
        Self {
            suite,
            job,
            attempt: attempt.unwrap_or_else(|error| panic!("seed {seed}: open: {error}")),
            times: Times::default(),
            seed,
            random: Random::new(seed),
        }
    }

    /// Tells the source how a checkpoint has ended.
    fn ended(&mut self, snapshot: &TakenSnapshot, completed: bool) {
        let seed = self.seed;
        let told = self.attempt.ended(snapshot.checkpoint, completed);
        told.unwrap_or_else(|error| panic!("seed {seed}: the end of a checkpoint: {error}"));
    }

    /// Polls one reader once, with a random limit.
    fn poll_one(&mut self, random: &mut Random) -> Vec<R> {
        let subtask = random.below(self.attempt.parallelism());
        let records = *[1, 2, 7, 100, 10_000].get(random.below(5)).unwrap();
        let bytes = *[1, 100, 3_000, usize::MAX].get(random.below(4)).unwrap();
        self.poll(subtask, Limit { records, bytes }).0
    }

    fn poll(&mut self, subtask: usize, limit: Limit) -> (Vec<R>, SourceStatus) {
        let seed = self.seed;
        let polled = self.attempt.poll(subtask, limit);
        let (out, status) = polled
            .unwrap_or_else(|error| panic!("seed {seed}: poll of subtask {subtask}: {error}"));
        let found: Vec<R> = out.into_iter().flat_map(self.suite.records).collect();
        let counted = if let SourceStatus::Ready(count) = status {
            count
        } else {
            0
        };
        assert_eq!(
            counted,
            found.len(),
            "seed {seed}: a poll counts what it hands out"
        );
        assert!(
            found.len() <= limit.records,
            "seed {seed}: {} records were handed out at a limit of {}",
            found.len(),
            limit.records
        );
        let counted = self.attempt.counted;
        assert!(
            counted <= limit.bytes || found.len() <= 1,
            "seed {seed}: {} records of {counted} bytes were handed out at a limit of {} bytes",
            found.len(),
            limit.bytes
        );
        if let Some(time) = self.suite.time {
            let times: Vec<_> = found.iter().map(time).collect();
            let attempt = &self.attempt;
            let announced = |split| attempt.announced_by(subtask, split);
            self.times.check(seed, subtask, &times, announced);
        }
        (found, status)
    }

    /// A snapshot on disk.
    fn snapshot(&mut self) -> TakenSnapshot {
        let seed = self.seed;
        let mut take = || {
            let taken = self.attempt.snapshot(self.job, false);
            taken.unwrap_or_else(|error| panic!("seed {seed}: snapshot: {error}"))
        };
        let (first, second) = (take(), take());
        let entries = second.entries.clone();
        assert_eq!(
            first.entries, entries,
            "seed {seed}: a snapshot does not move the readers"
        );
        let mut keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        keys.sort_unstable();
        if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            panic!("seed {seed}: the key {} is used by two entries", twice[0]);
        }
        let text = serde_json::to_string(&entries).unwrap();
        let copy: Vec<StateEntry> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            copy, entries,
            "seed {seed}: entries survive being written as JSON"
        );
        second
    }

    fn read_to_end(&mut self) -> Vec<R> {
        let mut found = Vec::new();
        while !self.attempt.has_ended() {
            let mut waits = Vec::new();
            let mut moved = false;
            for subtask in 0..self.attempt.parallelism() {
                let limit = 1 + self.random.below(2_000);
                let (records, status) = self.poll(subtask, Limit::records(limit));
                found.extend(records);
                match status {
                    SourceStatus::Ready(_) => moved = true,
                    SourceStatus::Pending(wait) => waits.push(wait),
                    SourceStatus::Ended => {}
                }
            }
            if !moved && !waits.is_empty() {
                self.attempt.wait(waits.into_iter().flatten().min());
            }
        }
        found
    }

    fn check_ended(&mut self) {
        for subtask in 0..self.attempt.parallelism() {
            for limit in [1, 1_000] {
                let (_, status) = self.poll(subtask, Limit::records(limit));
                assert_eq!(status, SourceStatus::Ended, "what has ended stays ended");
            }
        }
    }
}
