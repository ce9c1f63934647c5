//! What runs leave among the checkpoints that died before they had one goes when a later run of the job ends.

use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, directories_of_jobs, ingest, lines, put};

const NO_CHECKPOINT: &str = "-Dexecution.checkpointing.interval=1 h";

fn directories(path: &Path) -> usize {
    directories_of_jobs(&path.join("data/checkpoints")).len()
}

/// Starts a run that gets no checkpoint, and kills it when it has begun.
fn die(path: &Path, options: &[&str]) {
    let options = [&[NO_CHECKPOINT], options].concat();
    let mut job = Running::start(ingest(path, &options, &CSV_TO_FILES));
    job.await_log("to RUNNING.");
    job.kill();
}

#[test]
fn among_the_checkpoints() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    die(path, &[]);
    die(path, &[]);
    let mut job = Running::start(ingest(path, &[], &CSV_TO_FILES));
    job.await_that("output", || lines(&path.join("out")).len() == 1);
    job.suspend();
    let of_first = directories(path);
    assert_eq!(of_first, 1, "what died before is gone");

    for _ in 0..3 {
        die(path, &["-slatest"]);
    }
    assert_eq!(directories(path), of_first + 3, "nobody has ended since");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let mut job = Running::start(ingest(path, &["-slatest"], &CSV_TO_FILES));
    job.await_that("output", || lines(&path.join("out")).len() == 2);
    job.suspend();
    assert!(
        directories(path) <= of_first + 1,
        "only of those that ended"
    );
}
