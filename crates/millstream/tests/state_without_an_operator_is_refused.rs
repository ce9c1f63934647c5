//! A snapshot with state that no operator takes is refused by the operator's name, unless it may be dropped.

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::options;
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
    let fail_at = if from.is_some() { u64::MAX } else { 400 };
    let source = millstream::connectors::generator::GeneratorSource::new(1, |_, index| index);
    environment
        .add_source("numbers", source.count(500).rate(2_000.0))
        .uid("numbers")
        .flat_map(move |n, out| {
            if n == fail_at {
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

/// The checkpoint that the failed job has left.
fn checkpoint(directory: &Path) -> PathBuf {
    let jobs = std::fs::read_dir(directory.join("checkpoints"))
        .expect("checkpoints")
        .flatten();
    let mut all = jobs.flat_map(|job| {
        std::fs::read_dir(job.path())
            .into_iter()
            .flatten()
            .flatten()
    });
    let found = all.find(|entry| entry.path().join("_metadata").exists());
    found.expect("a completed checkpoint").path()
}

#[test]
fn the_operator_is_named_and_its_state_can_be_dropped() {
    let directory = tempfile::tempdir().expect("a directory");
    run(directory.path(), "sum", None, false).expect_err("it fails on purpose");
    let from = checkpoint(directory.path());
    let error = run(directory.path(), "another", Some(&from), false).expect_err("refused");
    assert_eq!(error.code(), "MS-3005");
    assert!(error.message().contains("Sum (uid sum)"), "{error}");
    run(directory.path(), "another", Some(&from), true).expect("allowed");
    run(directory.path(), "sum", Some(&from), false).expect("the same operators");
}
