//! `source.path` may be one file: what lies beside it is left alone, also what comes later.

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put, running};

#[test]
fn once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "id\n1\n");
    put(directory.path(), "in/b.csv", "id\n2\n");
    let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
    job.args([ONCE, "--source.path=file:in/a.csv"]);
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")), ["{\"id\":\"1\"}"]);
}

#[test]
fn and_while_it_is_watched() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "id\n1\n");
    let mut command = ingest(directory.path(), &[], &CSV_TO_FILES);
    command.arg("--source.path=in/a.csv");
    let mut job = Running::start(command);
    let out = directory.path().join("out");
    job.await_that("output", || lines(&out).len() == 1);
    put(directory.path(), "in/b.csv", "id\n2\n");
    job.await_checkpoint();
    job.suspend();
    assert_eq!(lines(&out), ["{\"id\":\"1\"}"]);
}
