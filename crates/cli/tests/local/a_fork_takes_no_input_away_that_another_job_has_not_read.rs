//! Two jobs that come from one snapshot read the same directory. If one of them takes files away (`source.after.commit`), the
//! other would miss them: the job that starts is refused, or, where the other one starts later, that one is told.

use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, Said, ingest, lines, put, running};

const DELETE: &str = "--source.after.commit=delete";

fn begin(path: &Path, options: &[&str], parameters: &[&str]) -> Running {
    let parameters = [&CSV_TO_FILES, parameters].concat();
    Running::start(ingest(path, options, &parameters))
}

fn refused(path: &Path, savepoint: &str, parameters: &[&str]) -> Said {
    let parameters = [&CSV_TO_FILES, parameters].concat();
    let said = running::run(ingest(path, &["-s", savepoint], &parameters));
    assert_ne!(said.code, Some(0), "{}", said.err);
    said
}

fn file(path: &Path, id: u64) {
    put(
        path,
        &format!("in/{id}.csv"),
        format!("id,name\n{id},Ann\n"),
    );
}

/// The savepoint of a job that has read a file.
fn left(path: &Path, parameters: &[&str]) -> String {
    file(path, 1);
    let mut first = begin(path, &[], parameters);
    first.await_that("output", || lines(&path.join("out")).len() == 1);
    first.suspend().savepoint().to_owned()
}

#[test]
fn beside_one_that_runs() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let savepoint = left(path, &[]);
    let mut parent = begin(path, &["-slatest"], &[]);
    parent.await_log("Completed checkpoint");
    let said = refused(path, &savepoint, &["--job.name=fork", DELETE]);
    for part in ["MS-6014", "csv", "source.after.commit to keep"] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    // One that keeps is in nobody's way.
    let mut fork = begin(
        path,
        &["-s", &savepoint],
        &["--job.name=fork", "--sink.path=fork"],
    );
    file(path, 2);
    fork.await_that("output of the fork", || {
        lines(&path.join("fork")).len() == 1
    });
    parent.await_that("output", || lines(&path.join("out")).len() == 2);
    fork.suspend();
    parent.suspend();
}

#[test]
fn behind_one_that_has_gone_further() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let savepoint = left(path, &[]);
    let mut parent = begin(path, &["-s", &savepoint], &[]);
    file(path, 2);
    parent.await_that("output", || lines(&path.join("out")).len() == 2);
    let later = parent.suspend().savepoint().to_owned();
    let mut last = begin(path, &["-s", &later], &[]);
    file(path, 3);
    last.await_that("output", || lines(&path.join("out")).len() == 3);
    last.await_checkpoint();
    last.kill();
    let said = refused(
        path,
        &later,
        &["--job.name=fork", "--sink.path=fork", DELETE],
    );
    assert!(said.err.contains("MS-6014"), "{}", said.err);
}

#[test]
fn and_whoever_goes_on_behind_a_fork_is_told_what_it_took() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let savepoint = left(path, &[]);
    let mut fork = begin(
        path,
        &["-s", &savepoint],
        &["--job.name=fork", "--sink.path=fork", DELETE],
    );
    file(path, 2);
    fork.await_that("the file to go", || !path.join("in/2.csv").exists());
    fork.suspend();
    let said = refused(path, "latest", &[]);
    for part in ["MS-6010", "2.csv", "source.file.lost"] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
}
