//! A job that goes on with the same directory, written otherwise or through a link, reads nothing again.

use std::os::unix::fs::symlink;

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

#[test]
fn where_all_was_taken_away_it_is_known_again_and_another_one_is_told() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n2\n");
    put(directory, "other/b.csv", "id\n3\n");
    let out = directory.join("out");
    let deletes = "--source.after.commit=delete";
    let parameters = [&CSV_TO_FILES[..], &[deletes]].concat();
    let mut job = Running::start(ingest(directory, &[], &parameters));
    job.await_that("output", || lines(&out).len() == 2);
    job.await_that("the file to go", || !directory.join("in/a.csv").exists());
    let savepoint = job.suspend().savepoint().to_owned();
    for from in ["latest", savepoint.as_str()] {
        let mut command = ingest(directory, &["-s", from], &parameters);
        command.arg(ONCE);
        let said = running::run(command);
        assert_eq!(said.code, Some(0), "{from}: {}", said.err);
    }
    let mut command = ingest(directory, &["-s", "latest"], &parameters);
    command.args([
        ONCE.to_owned(),
        format!("--source.path={}/other", directory.display()),
    ]);
    let said = running::run(command);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().contains("MS-6011"), "{}", said.err);
    assert!(directory.join("other/b.csv").exists(), "it is none of ours");
    assert_eq!(lines(&out).len(), 2);
}
