//! Where the end of a job can't be noted, its last checkpoint stays: `-s latest` goes on from there and writes nothing twice.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{CSV_TO_FILES, Running, directories_of_jobs, ingest, lines, put};

/// The job's last checkpoint goes with the job.
const OPTIONS: [&str; 2] = [
    "-Dexecution.checkpointing.externalized-checkpoint-retention=DELETE_ON_CANCELLATION",
    "-slatest",
];

/// The directory of the one job that has not run before.
fn newest_job(path: &Path, known: &[PathBuf]) -> PathBuf {
    let mut jobs = directories_of_jobs(&path.join("data/checkpoints")).into_iter();
    let new = jobs.find(|job| !known.contains(job));
    new.expect("a new job")
}

#[test]
fn though_the_job_was_cancelled() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let count = || lines(&path.join("out")).len();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut job = Running::start(ingest(path, &OPTIONS[..1], &CSV_TO_FILES));
    job.await_that("output", || count() == 1);
    job.await_checkpoint();
    job.kill();
    let first = newest_job(path, &[]);

    let mut job = Running::start(ingest(path, &OPTIONS, &CSV_TO_FILES));
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    job.await_that("more output", || count() == 2);
    job.await_checkpoint();
    let second = newest_job(path, &[first]);
    // The note is to be made under this name first.
    fs::create_dir(second.join("_ended.inprogress")).expect("made");
    job.signal("INT");
    let said = job.end();
    assert!(said.err.contains("could not be noted"), "{}", said.err);

    let mut job = Running::start(ingest(path, &OPTIONS, &CSV_TO_FILES));
    put(path, "in/3.csv", "id,name\n3,Cy\n");
    job.await_that("the rest", || count() >= 3);
    job.await_checkpoint();
    assert_eq!(count(), 3, "{:?}", lines(&path.join("out")));
    job.kill();
}
