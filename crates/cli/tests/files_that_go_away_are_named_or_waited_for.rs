//! A directory that is emptied for a moment is not read again, and a file that was read and deleted behind the newest
//! checkpoint is named when the job goes on from there after a crash.

mod common;

use std::fs;

use common::{CSV_TO_FILES, Running, ingest, lines, put};

#[test]
fn a_directory_that_is_empty_for_a_moment_is_not_read_again() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n2\n");
    let out = directory.join("out");
    let mut job = Running::start(ingest(directory, &[], &CSV_TO_FILES));
    job.await_that("output", || lines(&out).len() == 2);
    fs::rename(directory.join("in"), directory.join("aside")).expect("is moved away");
    fs::create_dir(directory.join("in")).expect("is made");
    job.await_log("is empty, and is another directory than before");
    fs::remove_dir(directory.join("in")).expect("is empty");
    fs::rename(directory.join("aside"), directory.join("in")).expect("is moved back");
    put(directory, "in/b.csv", "id\n3\n");
    job.await_that("what comes later", || lines(&out).len() >= 3);
    job.suspend();
    assert_eq!(lines(&out).len(), 3);
}

#[test]
fn a_file_that_is_lost_in_a_crash_is_named() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    let out = directory.join("out");
    let mut job = Running::start(ingest(directory, &[], &CSV_TO_FILES));
    job.await_that("output", || !lines(&out).is_empty());
    job.suspend();
    // From here on no checkpoint comes but the first.
    let seldom = ["-s", "latest", "-D", "execution.checkpointing.interval=1 h"];
    let mut job = Running::start(ingest(directory, &seldom, &CSV_TO_FILES));
    put(directory, "in/b.csv", "id\n2\n");
    let announced = || {
        let jobs = fs::read_dir(directory.join("data/checkpoints"))
            .into_iter()
            .flatten();
        jobs.flatten()
            .flat_map(|job| fs::read_dir(job.path()).into_iter().flatten())
            .flatten()
            .any(|entry| {
                let named = entry.file_name().to_string_lossy().starts_with("_intake-");
                named
                    && fs::read(entry.path())
                        .is_ok_and(|bytes| bytes.windows(5).any(|part| part == b"b.csv"))
            })
    };
    job.await_that("the file is announced", announced);
    fs::remove_file(directory.join("in/b.csv")).expect("was there");
    job.kill();
    let said = Running::start(ingest(directory, &["-s", "latest"], &CSV_TO_FILES)).end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6010") && error.contains("b.csv"),
        "{error}"
    );
}
