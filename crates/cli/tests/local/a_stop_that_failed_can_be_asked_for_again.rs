//! After a stop that could not be completed the job goes on, and the next SIGTERM asks for it again instead of cancelling.

use std::fs;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

#[test]
fn by_another_signal() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "id\n1\n");
    put(
        directory.path(),
        "savepoints",
        "a file, where no directory can be",
    );
    let options = ["-Dexecution.checkpointing.savepoint-dir=savepoints"];
    let mut job = Running::start(ingest(directory.path(), &options, &CSV_TO_FILES));
    let out = directory.path().join("out");
    job.await_that("output", || lines(&out).len() == 1);
    job.signal("TERM");
    job.await_log("the job could not be stopped with a savepoint");
    put(directory.path(), "in/b.csv", "id\n2\n");
    job.await_that("more output", || lines(&out).len() == 2);
    fs::remove_file(directory.path().join("savepoints")).expect("removed");
    let said = job.suspend();
    let savepoint = said.savepoint();
    assert!(savepoint.contains("/savepoints/savepoint-"), "{savepoint}");
    assert!(!said.err.contains("Cancelling job"), "{}", said.err);
}
