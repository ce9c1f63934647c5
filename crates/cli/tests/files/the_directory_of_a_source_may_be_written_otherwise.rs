//! A job that goes on with the same directory, written otherwise or through a link, reads nothing again.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put, running};

#[test]
fn nothing_is_read_again() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n2\n");
    symlink(directory.join("in"), directory.join("link")).expect("is made");
    let out = directory.join("out");
    let mut job = Running::start(ingest(directory, &[], &CSV_TO_FILES));
    job.await_that("output", || lines(&out).len() == 2);
    let savepoint = job.suspend().savepoint().to_owned();
    let root = directory.display();
    for path in [
        format!("{root}/in/"),
        format!("/{root}/in"),
        format!("{root}/./in"),
        format!("{root}/link"),
    ] {
        let mut command = ingest(directory, &["-s", &savepoint], &CSV_TO_FILES);
        command.args([ONCE.to_owned(), format!("--source.path={path}")]);
        let said = running::run(command);
        assert_eq!(said.code, Some(0), "{path}: {}", said.err);
        assert_eq!(lines(&out).len(), 2, "{path}");
    }
    put(directory, "other/b.csv", "id\n3\n");
    for more in ["keep", "delete"] {
        let mut command = ingest(directory, &["-s", &savepoint], &CSV_TO_FILES);
        command.args([ONCE.to_owned(), format!("--source.path={root}/other")]);
        command.arg(format!("--source.after.commit={more}"));
        let said = running::run(command);
        assert_eq!(said.code, Some(1), "{more}: {}", said.err);
        assert!(said.error().contains("MS-6011"), "{more}: {}", said.err);
    }
    assert!(directory.join("other/b.csv").exists(), "it is none of ours");
}

/// The savepoint of a job that has taken its only file away.
fn taken_away(directory: &Path, parameters: &[&str]) -> String {
    put(directory, "in/a.csv", "id\n1\n2\n");
    let mut job = Running::start(ingest(directory, &[], parameters));
    job.await_that("output", || lines(&directory.join("out")).len() == 2);
    job.await_that("the file to go", || !directory.join("in/a.csv").exists());
    job.suspend().savepoint().to_owned()
}

const DELETES: &str = "--source.after.commit=delete";

#[test]
fn where_all_was_taken_away_it_is_known_again() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let parameters = [&CSV_TO_FILES[..], &[DELETES]].concat();
    let savepoint = taken_away(directory, &parameters);
    put(directory, "in/c.csv", "id\n4\n");
    let mut command = ingest(directory, &["-s", &savepoint], &parameters);
    command.arg(ONCE);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.join("out")).len(), 3);
}

#[test]
fn another_one_is_told_also_behind_files_that_were_taken_away() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let out = directory.join("out");
    let parameters = [&CSV_TO_FILES[..], &[DELETES]].concat();
    let savepoint = taken_away(directory, &parameters);
    // One that is still there is known.
    let mut job = Running::start(ingest(directory, &["-s", &savepoint], &CSV_TO_FILES));
    put(directory, "in/c.csv", "id\n4\n");
    job.await_that("more output", || lines(&out).len() == 3);
    let savepoint = job.suspend().savepoint().to_owned();
    put(directory, "other/b.csv", "id\n3\n");
    let mut command = ingest(directory, &["-s", &savepoint], &parameters);
    let other = format!("--source.path={}/other", directory.display());
    command.args([ONCE, &other]);
    let said = running::run(command);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().contains("MS-6011"), "{}", said.err);
    assert!(directory.join("other/b.csv").exists(), "it is none of ours");
    assert_eq!(lines(&out).len(), 3);
}

#[test]
fn another_one_is_told_where_nothing_is_left_of_the_files_that_were_taken_away() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let parameters = [&CSV_TO_FILES[..], &[DELETES]].concat();
    let savepoint = taken_away(directory, &parameters);
    put(directory, "other/b.csv", "id\n3\n");
    let other = format!("--source.path={}/other", directory.display());
    let go_on = |more: &[&str]| {
        let mut command = ingest(directory, &["-s", &savepoint], &parameters);
        command.args([ONCE, &other]).args(more);
        running::run(command)
    };
    let said = go_on(&[]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().contains("MS-6011"), "{}", said.err);
    assert!(directory.join("other/b.csv").exists(), "it is none of ours");
    let said = go_on(&["--source.path.other=accept"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.join("out")).len(), 3);
}

#[test]
fn one_that_was_made_anew_in_its_place_is_gone_on_in() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let (dir, out) = (directory.join("in"), directory.join("out"));
    let parameters = [&CSV_TO_FILES[..], &[DELETES]].concat();
    let savepoint = taken_away(directory, &parameters);
    std::fs::rename(&dir, directory.join("old")).expect("moved");
    put(directory, "in/b.csv", "id\n3\n");
    let mut job = Running::start(ingest(directory, &["-s", &savepoint], &parameters));
    job.await_that("its output", || lines(&out).len() == 3);
    job.suspend();
}

#[test]
fn one_that_was_replaced_while_the_job_ran_is_gone_on_in_behind_a_kill() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let (dir, out) = (directory.join("in"), directory.join("out"));
    put(directory, "in/a.csv", "id\n1\n");
    let mut job = Running::start(ingest(directory, &[], &CSV_TO_FILES));
    job.await_that("output", || lines(&out).len() == 1);
    let savepoint = job.suspend().savepoint().to_owned();
    // Changed since, so it stays, and the snapshots know of it.
    put(directory, "in/a.csv", "id\n1\n2\n");
    let parameters = [&CSV_TO_FILES[..], &[DELETES]].concat();
    let mut job = Running::start(ingest(directory, &["-s", &savepoint], &parameters));
    job.await_log("a.csv");
    std::fs::rename(&dir, directory.join("old")).expect("moved");
    put(directory, "in/b.csv", "id\n3\n");
    job.await_that("the file to go", || !dir.join("b.csv").exists());
    job.kill();
    put(directory, "in/c.csv", "id\n4\n");
    let mut command = ingest(directory, &["-s", "latest"], &parameters);
    command.arg(ONCE);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&out).len(), 3);
}

#[test]
fn another_one_that_is_empty_at_first_is_told_when_files_come() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let out = directory.join("out");
    // One that stays, and is known of.
    put(directory, "in/b.csv.gz", "no gzip");
    let parameters = [&CSV_TO_FILES[..], &[DELETES]].concat();
    let savepoint = taken_away(directory, &parameters);
    std::fs::create_dir(directory.join("other")).expect("made");
    let other = format!("--source.path={}/other", directory.display());
    let mut command = ingest(directory, &["-s", &savepoint], &parameters);
    command.arg(&other);
    let mut job = Running::start(command);
    job.await_log("other is empty");
    put(directory, "other/foreign.csv", "id\n3\n");
    let said = job.end();
    assert!(said.error().contains("MS-6011"), "{}", said.err);
    let is_there = directory.join("other/foreign.csv").exists();
    assert!(is_there, "it is none of ours");
    assert_eq!(lines(&out).len(), 2);
}
