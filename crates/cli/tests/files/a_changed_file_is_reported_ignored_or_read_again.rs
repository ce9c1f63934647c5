//! `source.file.changed`: a file that changes after it was read is left alone with a warning, read again, or fails the
//! job, while the job runs and between two runs.

use std::path::Path;
use std::process::Command;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

const FIRST: &str = "id\n1\n";
const CHANGED: &str = "id\n1\n22\n";

fn job(directory: &Path, from: Option<&str>, changed: &str) -> Command {
    let options: Vec<&str> = from.iter().flat_map(|from| ["-s", from]).collect();
    let mut command = ingest(directory, &options, &CSV_TO_FILES);
    command.args(["--source.file.changed", changed]);
    command
}

/// A job that has read, and committed, the file as it was first.
fn has_read(directory: &Path) -> Running {
    put(directory, "in/a.csv", FIRST);
    let mut job = Running::start(job(directory, None, "ignore"));
    job.await_that("output", || !lines(&directory.join("out")).is_empty());
    job
}

fn ids(directory: &Path) -> Vec<String> {
    lines(&directory.join("out"))
}

fn row(id: u32) -> String {
    format!("{{\"id\":\"{id}\"}}")
}

/// Changes the file, and lets a job see it: one that runs, and one that was suspended before.
fn each_way(changed: &str, check: impl Fn(&Path, Running)) {
    for suspended in [false, true] {
        let directory = tempfile::tempdir().expect("temporary directory");
        let directory = directory.path();
        put(directory, "in/a.csv", FIRST);
        let mut running = Running::start(job(directory, None, changed));
        running.await_that("output", || !ids(directory).is_empty());
        if suspended {
            let savepoint = running.suspend().savepoint().to_owned();
            put(directory, "in/a.csv", CHANGED);
            running = Running::start(job(directory, Some(&savepoint), changed));
        } else {
            put(directory, "in/a.csv", CHANGED);
        }
        check(directory, running);
    }
}

#[test]
fn ignore_warns_once_and_reads_on_with_other_files() {
    each_way("ignore", |directory, mut job| {
        let warning = job.await_log("a.csv");
        assert!(
            warning.contains("WARN") && warning.contains("changed"),
            "{warning}"
        );
        put(directory, "in/b.csv", "id\n3\n");
        job.await_that("the other file", || ids(directory).contains(&row(3)));
        let said = job.suspend();
        let warnings = said
            .err
            .lines()
            .filter(|line| line.contains("WARN") && line.contains("a.csv"));
        assert_eq!(warnings.count(), 1, "{}", said.err);
        let told = "1 file could not be read, or changed after it had been read";
        assert!(said.err.contains(told), "{}", said.err);
        assert_eq!(ids(directory), [row(1), row(3)]);
    });
}

#[test]
fn a_record_that_was_cut_off_is_named() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n2");
    let mut job = Running::start(job(directory, None, "ignore"));
    job.await_that("what stood there", || ids(directory).contains(&row(2)));
    put(directory, "in/a.csv", CHANGED);
    let warning = job.await_log("no line end");
    assert!(
        warning.contains("WARN") && warning.contains("a.csv") && warning.contains("cut off"),
        "{warning}"
    );
    job.suspend();
    assert_eq!(ids(directory), [row(1), row(2)]);
}

#[test]
fn reread_reads_it_from_its_start() {
    each_way("reread", |directory, mut job| {
        job.await_that("the changed file", || ids(directory).contains(&row(22)));
        job.suspend();
        assert_eq!(
            ids(directory),
            [row(1), row(1), row(22)],
            "its records come again"
        );
    });
}

#[test]
fn fail_fails_the_job_by_the_name_of_the_file() {
    each_way("fail", |directory, job| {
        let said = job.end();
        assert_eq!(said.code, Some(1), "{}", said.err);
        let error = said.error();
        assert!(
            error.contains("MS-6003") && error.contains("a.csv"),
            "{error}"
        );
        assert_eq!(ids(directory), [row(1)]);
    });
}

#[test]
fn a_job_may_be_told_otherwise_when_it_goes_on() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let savepoint = has_read(directory).suspend().savepoint().to_owned();
    put(directory, "in/a.csv", CHANGED);
    let mut job = Running::start(job(directory, Some(&savepoint), "reread"));
    job.await_that("the changed file", || ids(directory).contains(&row(22)));
}
