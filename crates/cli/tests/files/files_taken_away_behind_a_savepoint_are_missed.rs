//! A job that goes on from an older savepoint would read once more what was read behind it. Files that `source.after.commit` has
//! taken away since are missed, by number and name, and it stops unless it is told to go on without.

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, Said, ingest, lines, put, running};

/// A job that reads some files behind a savepoint, takes them away, and dies. Answers the savepoint.
fn taken_behind(path: &Path, after: &[&str], files: u64) -> String {
    let parameters = [&CSV_TO_FILES, after].concat();
    let count = || lines(&path.join("out")).len() as u64;
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut first = Running::start(ingest(path, &[], &parameters));
    first.await_that("output", || count() == 1);
    first.await_that("the first file to go", || !path.join("in/1.csv").exists());
    let said = first.suspend();
    let savepoint = said.savepoint().to_owned();

    let mut second = Running::start(ingest(path, &["-s", &savepoint], &parameters));
    for number in 2..2 + files {
        put(
            path,
            &format!("in/{number}.csv"),
            format!("id,name\n{number},Bob\n"),
        );
    }
    second.await_that("all files to go", || {
        let left = fs::read_dir(path.join("in")).expect("is there");
        count() == 1 + files && left.count() == 0
    });
    second.kill();
    savepoint
}

fn go_on(path: &Path, savepoint: &str, parameters: &[&str]) -> Said {
    let parameters = [&CSV_TO_FILES, parameters].concat();
    running::run(ingest(path, &["-s", savepoint], &parameters))
}

#[test]
fn which_stops_the_job() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let savepoint = taken_behind(path, &["--source.after.commit=delete"], 1);
    // Whatever becomes of files from now on.
    for after in ["--source.after.commit=keep", "--source.after.commit=delete"] {
        let said = go_on(path, &savepoint, &[after]);
        assert_ne!(said.code, Some(0), "{}", said.err);
        for part in ["MS-6010", "in/2.csv", "source.file.lost"] {
            assert!(said.err.contains(part), "{part}: {}", said.err);
        }
    }
    assert_eq!(lines(&path.join("out")).len(), 2, "nothing was done");

    let skip = [
        &CSV_TO_FILES[..],
        &["--source.after.commit=delete", "--source.file.lost=skip"],
    ]
    .concat();
    let mut job = Running::start(ingest(path, &["-s", &savepoint], &skip));
    let told = job.await_log("in/2.csv");
    assert!(told.contains("WARN"), "{told}");
    put(path, "in/3.csv", "id,name\n3,Cid\n");
    job.await_that("new output", || lines(&path.join("out")).len() == 3);
    job.suspend();
}

#[test]
fn with_how_many_there_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let moved = [
        "--source.after.commit=move",
        "--source.after.commit.path=done",
    ];
    let savepoint = taken_behind(path, &moved, 5);
    let said = go_on(path, &savepoint, &moved);
    assert_ne!(said.code, Some(0), "{}", said.err);
    for part in ["MS-6010", "5 files or more", "2.csv"] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    // From where the last one was left nothing is missing.
    let parameters = [&CSV_TO_FILES, &moved[..]].concat();
    let mut job = Running::start(ingest(path, &["-slatest"], &parameters));
    put(path, "in/9.csv", "id,name\n9,Eve\n");
    job.await_that("new output", || lines(&path.join("out")).len() == 7);
    job.suspend();
}
