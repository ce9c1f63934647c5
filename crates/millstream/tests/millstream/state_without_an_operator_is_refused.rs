//! A snapshot with state that no operator takes is refused by the operator's name, unless it may be dropped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::options;
use millstream::{Environment, Result};

fn run(directory: &Path, uid: &str, from: Option<&Path>, drop_state: bool) -> Result<()> {
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
    if drop_state {
        options
            .configuration
            .set("execution.state-recovery.ignore-unclaimed-state", "true");
    }
    let environment = Environment::with_options(options);
    environment
        .enable_checkpointing(Duration::from_millis(20))
        .set("restart-strategy.type", "none");
    let fails = from.is_none();
    let checkpoints = directory.to_owned();
    let source = millstream::connectors::generator::GeneratorSource::new(1, |_, index| index);
    let source = source.count(1_000_000);
    // Without a failure the first run would go on for minutes.
    let source = if fails { source.rate(2_000.0) } else { source };
    environment
        .add_source("numbers", source)
        .uid("numbers")
        .flat_map(move |n, out| {
            // At some time, but not before there is something to go on from.
            if fails && n % 20 == 19 && checkpoint(&checkpoints).is_some() {
                return Err("stop here");
            }
            out.collect((n % 10, n));
            Ok(())
        })
        .key_by(|(key, _)| *key)
        .sum(|(_, n)| n)
        .name("Sum")
        .uid(uid)
        .discard();
    environment.execute("orphans")
}

/// A completed checkpoint of the job, if there is one.
fn checkpoint(directory: &Path) -> Option<PathBuf> {
    let jobs = std::fs::read_dir(directory.join("checkpoints"))
        .ok()?
        .flatten();
    let mut all = jobs.flat_map(|job| {
        std::fs::read_dir(job.path())
            .into_iter()
            .flatten()
            .flatten()
    });
    let found = all.find(|entry| entry.path().join("_metadata").exists());
    found.map(|entry| entry.path())
}

#[test]
fn the_operator_is_named_and_its_state_can_be_dropped() {
    let directory = tempfile::tempdir().expect("a directory");
    run(directory.path(), "sum", None, false).expect_err("it fails on purpose");
    let from = checkpoint(directory.path()).expect("a completed checkpoint");
    let error = run(directory.path(), "another", Some(&from), false).expect_err("refused");
    assert_eq!(error.code(), "MS-3005");
    assert!(error.message().contains("Sum (uid sum)"), "{error}");
    run(directory.path(), "another", Some(&from), true).expect("allowed");
    run(directory.path(), "sum", Some(&from), false).expect("the same operators");
}
