//! A checkpoint directory that can't be written: tolerated failures are tolerated, then the job fails and says why.

use std::time::Duration;

use crate::common::options;
use millstream::connectors::generator::GeneratorSource;
use millstream::{Environment, Result};

/// A job whose checkpoints are taken away when the number `away` comes, and come back with the number `mended`; it ends
/// soon after.
fn run(tolerable: u32, away: u64, mended: u64) -> Result<()> {
    let directory = tempfile::tempdir().expect("a directory");
    let (place, other) = (
        directory.path().join("checkpoints"),
        directory.path().join("elsewhere"),
    );
    let mut options = options(directory.path());
    options
        .configuration
        .set("execution.checkpointing.dir", place.display().to_string());
    options.configuration.set(
        "execution.checkpointing.tolerable-failed-checkpoints",
        tolerable.to_string(),
    );
    options.configuration.set("restart-strategy.type", "none");
    let environment = Environment::with_options(options);
    environment.enable_checkpointing(Duration::from_millis(20));
    let source = GeneratorSource::new(1, |_, index| index)
        .count(mended + 200)
        .rate(1_000.0);
    environment
        .add_source("slow", source)
        .flat_map(move |number, out| {
            if number == away {
                std::fs::rename(&place, &other)?;
            }
            if number == mended {
                std::fs::rename(&other, &place)?;
            }
            out.collect(number);
            std::io::Result::Ok(())
        })
        .discard();
    environment.execute("no checkpoints")
}

#[test]
fn the_job_fails_with_the_reason() {
    // Nobody mends it within the minutes that this would run.
    let error = run(2, 100, 300_000).expect_err("three failures are too many");
    assert_eq!(error.code(), "MS-2001");
    assert!(
        error.to_string().contains("MS-2006"),
        "the code of the cause: {error}"
    );
    assert!(
        error.message().contains("checkpoints"),
        "the place: {error}"
    );
}

#[test]
fn as_many_as_are_tolerated_do_no_harm() {
    run(1_000_000, 100, 500).expect("the job goes on and ends");
}
