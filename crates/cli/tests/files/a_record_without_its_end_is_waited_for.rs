//! A writer that pauses in the middle of a record, for longer than a file has to stand still, has no half of it handed out; and a file
//! whose last record never gets an end is read all the same, later.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, ingest, lines};

fn append(path: &Path, text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.expect("opens");
    file.write_all(text.as_bytes()).expect("is written");
}

#[test]
fn whether_it_comes_or_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::create_dir(path.join("in")).expect("is made");
    let half = path.join("in/half.csv");
    let large = path.join("in/large.csv");
    append(&half, "id,name\n1,one\n2,tw");
    // Of this one the end is not among the bytes that every file is known by.
    let name = "n".repeat(10_000);
    append(&large, &format!("id,name\n3,{name}"));
    let parameters = ["--source.file.settle=1000", "--source.watch.interval=50"];
    let parameters = [&CSV_TO_FILES[..], &parameters].concat();
    let mut job = Running::start(ingest(path, &[], &parameters));
    let out = || lines(&path.join("out"));
    // It stands still behind them, so that they have stood still for long enough when it is read.
    append(&path.join("in/whole.csv"), "id,name\n0,nobody\n");
    job.await_that("the file that is whole", || !out().is_empty());
    assert_eq!(out(), ["{\"id\":\"0\",\"name\":\"nobody\"}"]);
    append(&half, "o\n4,four");
    append(&large, "\n");
    job.await_that("what had no end", || out().len() == 5);
    let mut wanted = vec![
        "{\"id\":\"0\",\"name\":\"nobody\"}".to_owned(),
        "{\"id\":\"1\",\"name\":\"one\"}".to_owned(),
        "{\"id\":\"2\",\"name\":\"two\"}".to_owned(),
        format!("{{\"id\":\"3\",\"name\":\"{name}\"}}"),
        "{\"id\":\"4\",\"name\":\"four\"}".to_owned(),
    ];
    wanted.sort();
    assert_eq!(out(), wanted);
    let said = job.suspend();
    assert!(!said.err.contains("cut off"), "{}", said.err);
}

#[test]
fn also_where_a_file_is_read_once_more() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::create_dir(path.join("in")).expect("is made");
    let again = path.join("in/again.csv");
    append(&again, "id,name\n1,one\n");
    let parameters = [
        "--source.file.settle=1000",
        "--source.watch.interval=50",
        "--source.file.changed=reread",
    ];
    let parameters = [&CSV_TO_FILES[..], &parameters].concat();
    let mut job = Running::start(ingest(path, &[], &parameters));
    let out = || lines(&path.join("out"));
    job.await_that("the file as it was", || out().len() == 1);
    fs::write(&again, "id,name\n2,two\n3,th").expect("is written");
    // It stands still behind the other one, which has stood still for long enough when it is read.
    append(&path.join("in/whole.csv"), "id,name\n0,nobody\n");
    job.await_that("the file that is whole", || out().len() == 2);
    append(&again, "ree\n");
    job.await_that("the file as it is now", || out().len() == 4);
    let wanted = [(0, "nobody"), (1, "one"), (2, "two"), (3, "three")];
    let wanted = wanted.map(|(id, name)| format!("{{\"id\":\"{id}\",\"name\":\"{name}\"}}"));
    assert_eq!(out(), wanted);
    job.suspend();
}
