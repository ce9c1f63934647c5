//! A job that takes files away (`source.after.commit`) is killed when none is left, and goes on with the new ones that have come
//! since, also where it keeps them from now on: the directory is not taken for another one.

use std::fs;

use crate::common::running::{self, Running};
use crate::common::{ONCE, ingest, lines, put};

#[test]
fn with_another_setting() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "1\n2\n");
    let parameters = ["--source.type=csv", "--sink.type=file", "--sink.path=out"];
    let taking = [&parameters[..], &["--source.after.commit=delete"]].concat();
    let mut running = Running::start(ingest(directory, &[], &taking));
    running.await_that("all files to be taken away", || {
        let mut left = fs::read_dir(directory.join("in")).expect("there");
        left.next().is_none() && !lines(&directory.join("out")).is_empty()
    });
    running.kill();
    put(directory, "in/b.csv", "3\n");
    let keeping = [&parameters[..], &[ONCE]].concat();
    let said = running::run(ingest(directory, &["-s", "latest"], &keeping));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut found = lines(&directory.join("out"));
    found.sort();
    let row = |number: u8| format!("{{\"_col0\":\"{number}\"}}");
    assert_eq!(found, [row(1), row(2), row(3)]);
    assert!(directory.join("in/b.csv").exists());
}
