//! A writer that pauses in the middle of a record, for longer than a file has to stand still, has no half of it handed out; and a file
//! whose last record never gets an end is read all the same, later.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines};

fn append(path: &Path, text: impl AsRef<[u8]>) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.expect("opens");
    file.write_all(text.as_ref()).expect("is written");
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
    append(&large, format!("id,name\n3,{name}"));
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

/// What comes out of a watched directory of a file of which `half` is there when the job starts, and the rest comes once another file
/// that stood still for as long has been read.
fn read_in_two(halves: [&[u8]; 2], whole: &[u8], more: &[&str], count: usize) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::create_dir(path.join("in")).expect("is made");
    let [half, rest] = halves;
    append(&path.join("in/half.csv"), half);
    let parameters = ["--source.file.settle=1000", "--source.watch.interval=50"];
    let parameters = [&CSV_TO_FILES[..], &parameters, more].concat();
    let mut job = Running::start(ingest(path, &[], &parameters));
    let out = || lines(&path.join("out"));
    append(&path.join("in/whole.csv"), whole);
    job.await_that("the file that is whole", || !out().is_empty());
    assert_eq!(out(), ["{\"id\":\"0\",\"name\":\"nobody\"}"]);
    append(&path.join("in/half.csv"), rest);
    job.await_that("what had no end", || out().len() == count);
    let said = job.suspend();
    assert!(!said.err.contains("ends within a record"), "{}", said.err);
    lines(&path.join("out"))
}

#[test]
fn a_line_end_in_quotes_that_are_open_is_no_end() {
    let halves: [&[u8]; 2] = [b"id,name\n1,\"abc\n", b"def\"\n"];
    let found = read_in_two(halves, b"id,name\n0,nobody\n", &[], 2);
    let wanted = [
        "{\"id\":\"0\",\"name\":\"nobody\"}",
        "{\"id\":\"1\",\"name\":\"abc\\ndef\"}",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn half_a_character_of_a_charset_that_is_decoded_first_is_no_end() {
    let in_utf_16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let text = in_utf_16("id,name\n1,one\n2,two\n");
    // Within the last line end, and within the character before it.
    for missing in [1, 3] {
        let (half, rest) = text.split_at(text.len() - missing);
        let whole = in_utf_16("id,name\n0,nobody\n");
        let charset = ["--source.charset=UTF-16LE"];
        let found = read_in_two([half, rest], &whole, &charset, 3);
        let wanted = [(0, "nobody"), (1, "one"), (2, "two")];
        let wanted = wanted.map(|(id, name)| format!("{{\"id\":\"{id}\",\"name\":\"{name}\"}}"));
        assert_eq!(found, wanted);
    }
}

#[test]
fn also_where_files_are_read_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::create_dir(path.join("in")).expect("is made");
    let half = path.join("in/half.csv");
    append(&half, "id,name\n1,one\n2,tw");
    let parameters = [&CSV_TO_FILES[..], &[ONCE, "--source.file.settle=3000"]].concat();
    let mut job = Running::start(ingest(path, &[], &parameters));
    job.await_log("half.csv ends within a record");
    append(&half, "o\n");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let wanted = [(1, "one"), (2, "two")];
    let wanted = wanted.map(|(id, name)| format!("{{\"id\":\"{id}\",\"name\":\"{name}\"}}"));
    assert_eq!(lines(&path.join("out")), wanted);
}

/// A job that reads once has found `half.csv` and waits for its end, beside a file that is whole.
fn waits_once(path: &Path, settle: &str) -> Running {
    waits_once_for(path, settle, "id,name\n1,one\n2,tw")
}

/// As [`waits_once`], where that is what `half.csv` holds.
fn waits_once_for(path: &Path, settle: &str, text: &str) -> Running {
    fs::create_dir(path.join("in")).expect("is made");
    append(&path.join("in/whole.csv"), "id,name\n0,nobody\n");
    let half = path.join("in/half.csv");
    append(&half, text);
    // However long the job takes to begin, it is no old one.
    let ahead = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let file = OpenOptions::new().append(true).open(&half).expect("opens");
    file.set_modified(ahead).expect("takes a time");
    let parameters = [&CSV_TO_FILES[..], &[ONCE, settle]].concat();
    let mut job = Running::start(ingest(path, &[], &parameters));
    job.await_log("half.csv ends within a record, and is read when it has its end");
    job
}

#[test]
fn also_under_the_name_that_it_gets_meanwhile_where_files_are_read_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let job = waits_once(path, "--source.file.settle=2000");
    let renamed = path.join("in/renamed.csv");
    fs::rename(path.join("in/half.csv"), &renamed).expect("is renamed");
    append(&renamed, "o\n");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let wanted = [(0, "nobody"), (1, "one"), (2, "two")];
    let wanted = wanted.map(|(id, name)| format!("{{\"id\":\"{id}\",\"name\":\"{name}\"}}"));
    assert_eq!(lines(&path.join("out")), wanted);
}

#[test]
fn what_was_read_and_is_renamed_while_another_is_waited_for_is_not_read_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut job = waits_once(path, "--source.file.settle=2000");
    let out = || lines(&path.join("out"));
    job.await_that("the file that is whole", || !out().is_empty());
    let whole = path.join("in/whole.csv");
    fs::rename(&whole, path.join("in/whole.csv.done")).expect("is renamed");
    let renamed = path.join("in/renamed.csv");
    fs::rename(path.join("in/half.csv"), &renamed).expect("is renamed");
    append(&renamed, "o\n");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let wanted = [(0, "nobody"), (1, "one"), (2, "two")];
    let wanted = wanted.map(|(id, name)| format!("{{\"id\":\"{id}\",\"name\":\"{name}\"}}"));
    assert_eq!(out(), wanted);
}

#[test]
fn one_whose_time_lies_ahead_is_waited_for_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let said = waits_once(path, "--source.file.settle=300").end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&path.join("out")).len(), 3);
    let told = said
        .err
        .matches("ends within a record, and nothing was added");
    // By who finds it, and not by who reads it.
    assert_eq!(told.count(), 1, "{}", said.err);
}

#[test]
fn one_that_is_gone_meanwhile_where_files_are_read_once_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let job = waits_once(path, "--source.file.settle=2000");
    fs::remove_file(path.join("in/half.csv")).expect("is removed");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err
            .contains("half.csv is gone before it had stood still"),
        "{}",
        said.err
    );
    assert_eq!(lines(&path.join("out")).len(), 1);
}

/// What comes out of a job that reads once where `half.csv` begins as `text`, and goes on growing until it is read.
fn read_growing(text: &str) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut job = waits_once_for(path, "--source.file.settle=300", text);
    let is_told = Arc::new(AtomicBool::new(false));
    let half = path.join("in/half.csv");
    let ends = Arc::clone(&is_told);
    let write = move || {
        while !ends.load(Ordering::Relaxed) {
            append(&half, "x");
            thread::park_timeout(Duration::from_millis(50));
        }
    };
    let writer = thread::Builder::new().spawn(write).expect("a thread");
    job.await_log("half.csv ends within a record, and it has been growing for 9 s");
    job.await_log("its last record was cut off");
    is_told.store(true, Ordering::Relaxed);
    writer.join().expect("has written");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    lines(&path.join("out"))
}

#[test]
fn one_that_goes_on_growing_does_not_keep_a_job_that_reads_once_for_ever() {
    let wanted = [(0, "nobody"), (1, "one")];
    let wanted = wanted.map(|(id, name)| format!("{{\"id\":\"{id}\",\"name\":\"{name}\"}}"));
    assert_eq!(read_growing("id,name\n1,one\n2,tw"), wanted);
}

#[test]
fn nor_does_one_of_which_nothing_is_whole() {
    let wanted = ["{\"id\":\"0\",\"name\":\"nobody\"}"];
    assert_eq!(read_growing("id,name\n2,tw"), wanted);
}

#[test]
fn one_that_never_gets_its_end_is_told_of() {
    for more in [&[ONCE][..], &["--source.watch.interval=50"]] {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        fs::create_dir(path.join("in")).expect("is made");
        append(&path.join("in/half.csv"), "id,name\n1,one\n2,tw");
        let parameters = [&CSV_TO_FILES[..], &["--source.file.settle=300"], more].concat();
        let mut job = Running::start(ingest(path, &[], &parameters));
        job.await_log("half.csv ends within a record, and nothing was added for 3 s");
        let out = || lines(&path.join("out"));
        let said = if more == [ONCE] {
            job.end()
        } else {
            job.await_that("what is there", || out().len() == 2);
            job.suspend()
        };
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(out().len(), 2);
    }
}
