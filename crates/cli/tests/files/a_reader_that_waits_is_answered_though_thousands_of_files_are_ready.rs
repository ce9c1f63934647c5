//! A reader that misses a file, or finds another one in its place, is told what to do about that, also where many more files are ready than
//! are taken up at a time: those wait for it, and it must not wait for them.

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put};

/// More than can be announced and queued behind the one that is changed.
const FILES: usize = 10_000;
const CHANGED: usize = 2_500;

fn name(file: usize) -> String {
    format!("in/{file:05}.csv")
}

/// A job that reads that many files at 1,000 a second, before it has come to the one that is to be changed.
fn begun(directory: &Path, parameters: &[&str]) -> Running {
    for file in 0..FILES {
        put(directory, &name(file), format!("id\n{file}\n"));
    }
    let slow = "--rate.limit.records=1000";
    let parameters = [&CSV_TO_FILES[..], &[ONCE, slow], parameters].concat();
    let often = "-Dexecution.checkpointing.interval=20 ms";
    let mut job = Running::start(ingest(directory, &[often], &parameters));
    let out = || lines(&directory.join("out")).len();
    // It is announced by then, also where the machine is busy.
    job.await_that("output", || out() > 500);
    assert!(
        out() < CHANGED,
        "it has come to that file before it was changed"
    );
    job
}

/// The numbers that it has written.
fn written(directory: &Path) -> Vec<usize> {
    let number = |line: String| {
        let digits = line.chars().filter(char::is_ascii_digit);
        digits.collect::<String>().parse().expect("a number")
    };
    let lines = lines(&directory.join("out"));
    let mut numbers: Vec<usize> = lines.into_iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn that_its_file_is_gone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let job = begun(path, &["--source.file.lost=skip"]);
    fs::remove_file(path.join(name(CHANGED))).expect("removed");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("02500.csv"), "{}", said.err);
    let expected: Vec<usize> = (0..FILES).filter(|file| *file != CHANGED).collect();
    assert!(written(path) == expected);
}

/// Has a file replaced before it is read, and looks whether what it holds then is read, once.
fn is_read_as_it_is(file: usize, parameters: &[&str]) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let job = begun(path, parameters);
    put(path, &name(file), "id\n70000\n");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let others = (0..FILES).filter(|other| *other != file);
    let expected: Vec<usize> = others.chain([70_000]).collect();
    assert!(written(path) == expected, "{}", said.err);
    assert!(!said.err.contains("is gone"), "{}", said.err);
}

#[test]
fn what_its_file_is_now() {
    is_read_as_it_is(CHANGED, &["--source.file.changed=reread"]);
}

#[test]
fn what_a_file_is_that_waits_for_its_turn() {
    is_read_as_it_is(FILES - 1, &[]);
}

#[test]
fn what_a_file_is_that_has_to_stand_still_again() {
    is_read_as_it_is(FILES - 1, &["--source.file.settle=300 ms"]);
}
