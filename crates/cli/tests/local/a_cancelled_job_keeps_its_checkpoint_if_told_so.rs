//! SIGINT cancels a job. What it can go on from then is up to the retention of its checkpoints, and the error tells which.

use std::path::Path;
use std::process::Command;

use crate::common::{CSV_TO_FILES, ONCE, Running, Said, ingest, lines, put, running};

fn job(directory: &Path, options: &[&str]) -> Command {
    ingest(directory, options, &CSV_TO_FILES)
}

/// Cancels a job that has written its one record.
fn cancelled(directory: &Path, retention: &str) -> Said {
    put(directory, "in/a.csv", "id\n1\n");
    let option = format!("-Dexecution.checkpointing.externalized-checkpoint-retention={retention}");
    let mut first = Running::start(job(directory, &[&option]));
    let out = directory.join("out");
    first.await_that("output", || lines(&out).len() == 1);
    first.signal("INT");
    let said = first.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().starts_with("MS-2007: "), "{}", said.err);
    said
}

#[test]
fn retained() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = cancelled(directory.path(), "RETAIN_ON_CANCELLATION");
    assert!(said.error().contains("-s latest"), "{}", said.err);
    put(directory.path(), "in/b.csv", "id\n2\n");
    let mut second = job(directory.path(), &["-s", "latest"]);
    second.arg(ONCE);
    let said = running::run(second);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = ["{\"id\":\"1\"}", "{\"id\":\"2\"}"];
    assert_eq!(lines(&directory.path().join("out")), expected, "once each");
}

#[test]
fn deleted() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = cancelled(directory.path(), "DELETE_ON_CANCELLATION");
    assert!(!said.error().contains("-s latest"), "{}", said.err);
    let again = running::run(job(directory.path(), &["-s", "latest"]));
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.error().starts_with("MS-3001: "), "{}", again.err);
}
