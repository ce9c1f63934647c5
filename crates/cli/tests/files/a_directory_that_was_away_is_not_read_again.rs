//! A watched directory that is moved away and empty for a moment is waited for, and not read again when it is back.

use std::fs;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

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
