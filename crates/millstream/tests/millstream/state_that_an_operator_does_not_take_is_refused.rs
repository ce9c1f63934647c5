//! State of an operator that is still there but does not make it any more is refused, restarts or no restarts, unless it
//! may be dropped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::options;
use millstream::connectors::generator::GeneratorSource;
use millstream::{Collector, Environment, OpenContext, ProcessFunction, Result};

/// What the operator with the uid "total" is.
#[derive(Clone, Copy, PartialEq)]
enum Is {
    /// One with the state of a sum.
    Sum,
    /// One without state.
    Map,
    /// One with state of another name.
    Process,
}

/// Makes a state and does nothing with it.
struct Other;

impl ProcessFunction<u64, (u64, u64), u64> for Other {
    fn open(&mut self, context: &mut OpenContext<'_, u64>) -> Result<()> {
        context.value::<u64>("other")?;
        Ok(())
    }

    fn process(&mut self, _: (u64, u64), _: &u64, _: &mut Collector<u64>) -> Result<()> {
        Ok(())
    }
}

fn run(directory: &Path, total: Is, from: Option<&Path>, drop_state: bool) -> Result<()> {
    let mut options = options(directory);
    let configuration = &mut options.configuration;
    configuration.set(
        "execution.checkpointing.externalized-checkpoint-retention",
        "RETAIN_ON_CANCELLATION",
    );
    configuration.set(
        "execution.state-recovery.ignore-unclaimed-state",
        drop_state.to_string(),
    );
    if let Some(from) = from {
        configuration.set("execution.state-recovery.path", from.display().to_string());
    }
    let environment = Environment::with_options(options);
    environment.enable_checkpointing(Duration::from_millis(20));
    if from.is_some() {
        environment.restart_after(3, Duration::from_millis(1));
    } else {
        environment.set("restart-strategy.type", "none");
    }
    // The first run goes on until it has left a checkpoint to go on from.
    let count = if from.is_some() { 500 } else { 1_000_000 };
    let (first, place) = (from.is_none(), directory.to_path_buf());
    let source = GeneratorSource::new(1, |_, index| index).count(count);
    let numbers = environment
        .add_source("numbers", source.rate(2_000.0))
        .uid("numbers")
        .flat_map(move |n, out| {
            if first && checkpoint(&place).is_some() {
                return Err("stop here");
            }
            out.collect((n % 10, n));
            Ok(())
        });
    match total {
        Is::Sum => numbers
            .key_by(|(key, _)| *key)
            .sum(|(_, n)| n)
            .uid("total")
            .discard(),
        Is::Map => numbers.map(|(_, n)| n).uid("total").discard(),
        Is::Process => numbers
            .key_by(|(key, _)| *key)
            .process(|| Other)
            .uid("total")
            .discard(),
    };
    environment.execute("totals")
}

/// The checkpoint that the failed job has left.
fn checkpoint(directory: &Path) -> Option<PathBuf> {
    let list = |path: PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten();
    let jobs = list(directory.join("checkpoints"));
    let mut all = jobs.flat_map(|job| list(job.path()));
    let found = all.find(|entry| entry.path().join("_metadata").exists())?;
    Some(found.path())
}

#[test]
fn it_is_named_and_can_be_dropped() {
    let directory = tempfile::tempdir().expect("a directory");
    run(directory.path(), Is::Sum, None, false).expect_err("it fails on purpose");
    let from = checkpoint(directory.path()).expect("a checkpoint");
    for other in [Is::Map, Is::Process] {
        let error = run(directory.path(), other, Some(&from), false).expect_err("refused");
        let said = error.to_string();
        assert!(said.contains("MS-3005"), "{said}");
        assert!(said.contains("does not make the states"), "{said}");
        run(directory.path(), other, Some(&from), true).expect("allowed");
    }
    run(directory.path(), Is::Sum, Some(&from), false).expect("the same operators");
}
