//! A job that is killed with output that is prepared, and is gone on from with another `sink.path`, leaves nothing unseen where it wrote: no
//! upload in a store, no hidden file in HDFS. Each record is there once, in one of the two places.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::objects::CSV;
use crate::common::{Running, hdfs, lines, objects, put, shim};
use millstream_services::hdfs::Hdfs;
use millstream_services::seaweed::Seaweed;

const ANN: &str = r#"{"id":"1","name":"Ann"}"#;
const BOB: &str = r#"{"id":"2","name":"Bob"}"#;

fn row(row: &str) -> Vec<u8> {
    format!("id,name\n{row}\n").into_bytes()
}

fn start(mut job: Command, directory: &Path) -> Running {
    shim::over_metadata(&mut job, &directory.join("shim.so"), directory);
    Running::start(job)
}

/// Kills a job while the checkpoint that holds its output can't come into its place.
fn kill_with_prepared(mut job: Running, directory: &Path, has_prepared: impl Fn() -> bool) {
    job.await_that("a checkpoint with output that is prepared", || {
        shim::is_held_up(directory, |_| has_prepared())
    });
    job.kill();
    assert!(has_prepared(), "it outlives the job");
    fs::remove_file(directory.join("waits")).expect("removed");
}

#[test]
fn no_upload() {
    let store = Seaweed::start().expect("an object store");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    shim::build(shim::METADATA, directory);
    let job = |to: &str, options: &[&str]| {
        let places = ("in", to);
        start(
            objects::job(&store, directory, places, options, &CSV),
            directory,
        )
    };
    let output = |below: &str| objects::lines(&store, below);
    let uploads = || store.uploads().expect("a listing");

    store.put("in/1.csv", &row("1,Ann")).expect("is put");
    let mut first = job("old", &[]);
    first.await_that("output", || output("old") == [ANN]);
    put(directory, "waits", "");
    store.put("in/2.csv", &row("2,Bob")).expect("is put");
    kill_with_prepared(first, directory, || !uploads().is_empty());

    let mut second = job("new", &["-s", "latest"]);
    second.await_that("the rest", || output("new") == [BOB]);
    second.await_checkpoint();
    second.suspend();
    assert_eq!(uploads(), Vec::<String>::new(), "uploads that nobody needs");
    assert_eq!(output("old"), [ANN]);
    assert_eq!(output("new"), [BOB]);
}

#[test]
fn no_hidden_file() {
    let hdfs = Hdfs::start().expect("HDFS");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    shim::build(shim::METADATA, directory);
    let from = hdfs.url("/in");
    let job = |to: &str, options: &[&str]| {
        let places = (&*from, to);
        start(
            hdfs::job(&hdfs, directory, places, options, &CSV),
            directory,
        )
    };
    let output = || hdfs::lines(&hdfs, "/old");
    let hidden = || hdfs::hidden(&hdfs, "/old");
    let has_prepared = || hidden().iter().any(|path| path.ends_with(".prepared"));

    hdfs.put("/in/1.csv", &row("1,Ann")).expect("is put");
    let mut first = job(&hdfs.url("/old"), &[]);
    first.await_that("output", || output() == [ANN]);
    put(directory, "waits", "");
    hdfs.put("/in/2.csv", &row("2,Bob")).expect("is put");
    kill_with_prepared(first, directory, has_prepared);

    let disk = directory.join("new");
    let mut second = job(&disk.display().to_string(), &["-s", "latest"]);
    second.await_that("the rest", || lines(&disk) == [BOB]);
    second.await_checkpoint();
    second.suspend();
    assert_eq!(hidden(), Vec::<String>::new(), "files that nobody needs");
    assert_eq!(output(), [ANN]);
    assert_eq!(lines(&disk), [BOB]);
}
