//! The last lines of a job that went on from a snapshot tell what this run has read, not what was read before.

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put, running};

#[test]
fn what_was_read_before_does_not_count() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let rows = |from: usize, to: usize| -> String {
        let rows = (from..to).map(|id| format!("{id},{id:030}\n"));
        format!("id,name\n{}", rows.collect::<String>())
    };
    put(directory.path(), "in/a.csv", rows(0, 50_000));
    let mut first = Running::start(ingest(directory.path(), &[], &CSV_TO_FILES));
    let out = directory.path().join("out");
    first.await_that("output", || lines(&out).len() == 50_000);
    let savepoint = first.suspend().savepoint().to_owned();

    let more = rows(50_000, 51_000);
    let megabytes = format!("{:.1}", more.len() as f64 / 1e6);
    put(directory.path(), "in/b.csv", more);
    let mut second = ingest(directory.path(), &["-s", &savepoint], &CSV_TO_FILES);
    second.arg(ONCE);
    let said = running::run(second);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&out).len(), 51_000);
    assert!(
        said.err.contains(": 1000 records read (0 bad), "),
        "{}",
        said.err
    );
    let numbers = format!("1 file, {megabytes} MB, ");
    assert!(said.err.contains(&numbers), "{numbers}: {}", said.err);
}
