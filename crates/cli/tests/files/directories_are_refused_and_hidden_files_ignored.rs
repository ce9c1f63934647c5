//! Which files of `source.path` are read: names with `_` or `.` before them are not, a directory is refused by its name
//! whenever it comes, and what is not there is said.

use std::fs;

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put, running};

#[test]
fn hidden_ones_are_left_out() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    put(directory, "in/_SUCCESS", "");
    put(directory, "in/_b.csv", "id\n2\n");
    put(directory, "in/.c.csv", "other,columns\n3,4\n");
    put(directory, "in/_temporary/0/d.csv", "id\n5\n");
    put(directory, "in/.hidden/e.csv", "id\n6\n");
    let mut command = ingest(directory, &[], &CSV_TO_FILES);
    command.arg(ONCE);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.join("out")), ["{\"id\":\"1\"}"]);
}

#[test]
fn a_directory_is_refused_by_name_before_anything_is_read() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    fs::create_dir(directory.join("in/2026-07-01")).expect("created");
    let mut command = ingest(directory, &[], &CSV_TO_FILES);
    command.arg(ONCE);
    let said = running::run(command);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(1), ""),
        "{}",
        said.err
    );
    let error = said.error();
    assert!(
        error.contains("MS-6002") && error.contains("in/2026-07-01"),
        "{error}"
    );
    assert!(lines(&directory.join("out")).is_empty());
}

#[test]
fn a_directory_that_comes_later_fails_the_job_by_its_name() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    let mut command = ingest(directory, &[], &CSV_TO_FILES);
    command.arg("--source.file.bad=fail");
    let mut job = Running::start(command);
    job.await_that("output", || !lines(&directory.join("out")).is_empty());
    fs::create_dir(directory.join("in/later")).expect("created");
    let said = job.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6002") && error.contains("in/later"),
        "{error}"
    );
}

#[test]
fn one_that_is_passed_over_is_counted_at_the_end() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    fs::create_dir(directory.join("in/later")).expect("created");
    let mut command = ingest(directory, &[], &CSV_TO_FILES);
    command.args([ONCE, "--source.file.bad=skip"]);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = "1 file could not be read, or changed after it had been read, and was passed over; 0 were lost.";
    assert!(said.err.contains(told), "{}", said.err);
}

#[test]
fn a_path_that_is_not_there_is_refused_by_name() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut command = ingest(directory.path(), &[], &CSV_TO_FILES);
    command.args([ONCE, "--source.path=nowhere"]);
    let said = running::run(command);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6001") && error.contains("nowhere"),
        "{error}"
    );
}

#[test]
fn odd_entries_do_not_end_a_watching_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    let out = directory.join("out");
    let mut job = Running::start(ingest(directory, &[], &CSV_TO_FILES));
    job.await_that("output", || !lines(&out).is_empty());
    fs::create_dir(directory.join("in/sub")).expect("created");
    std::os::unix::fs::symlink("/nowhere", directory.join("in/dangling.csv")).expect("created");
    for name in ["sub", "dangling.csv"] {
        job.await_log(&format!("in/{name} is a "));
    }
    put(directory, "in/b.csv", "id\n2\n");
    job.await_that("what comes later", || lines(&out).len() == 2);
}
