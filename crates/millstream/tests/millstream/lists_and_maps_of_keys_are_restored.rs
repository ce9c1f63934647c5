//! State of a key in a list and in a map is what it was when the job goes on from a snapshot, at another parallelism too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::{Seen, options};
use millstream::connectors::generator::GeneratorSource;
use millstream::{
    Collector, Environment, ListState, MapState, OpenContext, ProcessFunction, Result,
};

const KEYS: u64 = 10;
const RECORDS: u64 = 6_000;

/// The numbers of a key so far, and how many of them had each remainder.
#[derive(Default)]
struct Remember {
    numbers: Option<ListState<u64, u64>>,
    remainders: Option<MapState<u64, u64, u64>>,
}

/// A key, how many numbers it has, their sum, and how often each remainder came.
type Told = (u64, u64, u64, Vec<(u64, u64)>);

impl ProcessFunction<u64, (u64, u64), Told> for Remember {
    fn open(&mut self, context: &mut OpenContext<'_, u64>) -> Result<()> {
        self.numbers = Some(context.list("numbers")?);
        self.remainders = Some(context.map("remainders")?);
        Ok(())
    }

    fn process(
        &mut self,
        (_, number): (u64, u64),
        key: &u64,
        out: &mut Collector<Told>,
    ) -> Result<()> {
        let (Some(numbers), Some(remainders)) = (&self.numbers, &self.remainders) else {
            return Ok(());
        };
        numbers.add(number)?;
        let remainder = number / KEYS % 3;
        let count = remainders.get(&remainder)?.unwrap_or_default();
        remainders.put(remainder, count + 1)?;
        let all = numbers.get()?;
        let mut counts = remainders.entries()?;
        counts.sort_unstable();
        out.collect((*key, all.len() as u64, all.iter().sum(), counts));
        Ok(())
    }
}

/// Runs the job to its end; one that starts from nothing fails on the way.
fn run(directory: &Path, parallelism: usize, from: Option<&Path>) -> (Result<()>, Vec<Told>) {
    let mut options = options(directory);
    options.configuration.set(
        "execution.checkpointing.externalized-checkpoint-retention",
        "RETAIN_ON_CANCELLATION",
    );
    if let Some(from) = from {
        options
            .configuration
            .set("execution.state-recovery.path", from.display().to_string());
    }
    let environment = Environment::with_options(options);
    environment
        .set_parallelism(parallelism)
        .enable_checkpointing(Duration::from_millis(10))
        .set("restart-strategy.type", "none");
    let fails = from.is_none();
    let checkpoints = directory.join("checkpoints");
    let source = GeneratorSource::new(1, |_, index| index).count(RECORDS);
    // Slow enough to fail long before its end.
    let source = if fails { source.rate(200.0) } else { source };
    let seen = Seen::new();
    let sink = seen.clone();
    environment
        .add_source("numbers", source)
        .uid("numbers")
        .flat_map(move |number: u64, out| {
            // As soon as there is something to go on from.
            if fails && number > 20 && checkpoint(&checkpoints).is_some() {
                return Err("stop here");
            }
            out.collect((number % KEYS, number));
            Ok(())
        })
        .key_by(|(key, _)| *key)
        .process(Remember::default)
        .uid("remember")
        .for_each(move |told| sink.push(told));
    let result = environment.execute("remember");
    (result, seen.sorted())
}

/// A completed checkpoint below `checkpoints`.
fn checkpoint(checkpoints: &Path) -> Option<PathBuf> {
    let jobs = std::fs::read_dir(checkpoints).ok()?.flatten();
    let mut all = jobs.flat_map(|job| {
        let snapshots = std::fs::read_dir(job.path());
        snapshots.into_iter().flatten().flatten()
    });
    all.find(|snapshot| snapshot.path().join("_metadata").exists())
        .map(|snapshot| snapshot.path())
}

#[test]
fn as_they_were() {
    let directory = tempfile::tempdir().expect("a directory");
    let (failed, _) = run(directory.path(), 2, None);
    failed.expect_err("it fails on purpose");
    let from = checkpoint(&directory.path().join("checkpoints")).expect("a checkpoint");
    for parallelism in [1, 3] {
        let (ended, told) = run(directory.path(), parallelism, Some(&from));
        ended.expect("it goes on to its end");
        for key in 0..KEYS {
            let last = told.iter().rfind(|(of, ..)| *of == key).expect("each key");
            let count = RECORDS / KEYS;
            let sum = (0..count).map(|index| index * KEYS + key).sum();
            let counts = (0..3).map(|remainder| (remainder, count / 3)).collect();
            assert_eq!(*last, (key, count, sum, counts), "at {parallelism}");
        }
    }
}
