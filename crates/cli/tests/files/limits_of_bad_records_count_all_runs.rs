//! `error.max.ratio` is held against all records since the job's first start, also when the last run has nothing left to
//! read, and the last line counts all of them.

use std::path::Path;
use std::process::Command;

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put, running};

fn job(directory: &Path, options: &[&str], parameters: &[&str]) -> Command {
    let mut command = ingest(directory, options, &CSV_TO_FILES);
    command.arg("--error.policy=skip").args(parameters);
    command
}

/// A savepoint of a job that has read 4 records, 2 of them bad.
fn savepoint(directory: &Path) -> String {
    put(directory, "in/a.csv", "id,name\n1,Ann\n2\n3\n4,Dan\n");
    let mut first = Running::start(job(directory, &[], &[]));
    first.await_that("output", || lines(&directory.join("out")).len() == 2);
    first.suspend().savepoint().to_owned()
}

#[test]
fn the_ratio_fails_a_run_that_reads_nothing() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let savepoint = savepoint(directory.path());
    let last = job(
        directory.path(),
        &["-s", &savepoint],
        &[ONCE, "--error.max.ratio=0.4"],
    );
    let said = running::run(last);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6005")
            && error.contains("2 of 4 records are bad, and error.max.ratio is 0.4"),
        "{error}"
    );
}

#[test]
fn the_last_line_counts_all_runs() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let savepoint = savepoint(directory.path());
    let run = |from: &[&str]| {
        running::run(job(
            directory.path(),
            from,
            &[ONCE, "--error.max.ratio=0.5"],
        ))
    };
    let nothing_new = run(&["-s", &savepoint]);
    assert_eq!(nothing_new.code, Some(0), "{}", nothing_new.err);
    assert!(
        nothing_new
            .err
            .contains("2 of 4 records were bad and skipped."),
        "{}",
        nothing_new.err
    );
    put(directory.path(), "in/b.csv", "id,name\n5,Eve\n6\n7,Gil\n");
    let more = run(&["-s", &savepoint, "-p", "3"]);
    assert_eq!(more.code, Some(0), "{}", more.err);
    assert!(
        more.err.contains("3 of 7 records were bad and skipped."),
        "{}",
        more.err
    );
}
