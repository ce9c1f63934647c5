//! A run in the process of the command that goes on from what it did before waits for a watched directory that is away, with a
//! warning. One that begins anew is told at once.

use std::fs;

use crate::common::columns::{add, id, name};
use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put, running};

/// Files of columns through SQL, which needs to know them.
const COLUMNS_TO_FILES: [&str; 5] = [
    "--source.type=parquet",
    "--stream.sql.enable=true",
    "--stream.sql=select id, name from t1",
    "--sink.type=file",
    "--sink.path=out",
];

#[test]
fn that_is_away_when_it_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (input, away) = (path.join("in"), path.join("away"));
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let count = || lines(&path.join("out")).len();
    let mut job = Running::start(ingest(path, &[], &CSV_TO_FILES));
    job.await_that("output", || count() == 1);
    job.suspend();

    fs::rename(&input, &away).expect("moved away");
    let anew = running::run(ingest(path, &[], &CSV_TO_FILES));
    assert_eq!(anew.code, Some(1));
    assert!(anew.error().starts_with("MS-6001"), "{}", anew.err);
    let once = [&CSV_TO_FILES[..], &[ONCE]].concat();
    let said = running::run(ingest(path, &["-slatest"], &once));
    assert!(said.error().starts_with("MS-6001"), "{}", said.err);

    let mut job = Running::start(ingest(path, &["-slatest"], &CSV_TO_FILES));
    let told = job.await_log("its input is waited for: MS-6001");
    assert!(told.contains("WARN"), "{told}");
    fs::rename(&away, &input).expect("it is back");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    job.await_that("all output", || count() == 2);
    job.suspend();
}

#[test]
fn and_not_for_a_mistake_among_its_parameters() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut job = Running::start(ingest(path, &[], &CSV_TO_FILES));
    job.await_that("output", || lines(&path.join("out")).len() == 1);
    job.suspend();
    let mistaken = [&CSV_TO_FILES[..], &["--sink.partition.columns=nosuch"]].concat();
    let said = running::run(ingest(path, &["-slatest"], &mistaken));
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().contains("nosuch"), "{}", said.err);
}

#[test]
fn that_holds_files_of_columns() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (input, away) = (path.join("in"), path.join("away"));
    add(path, "1.parquet", &[id(1), name("Ann")]);
    let count = || lines(&path.join("out")).len();
    let mut job = Running::start(ingest(path, &[], &COLUMNS_TO_FILES));
    job.await_that("output", || count() == 1);
    job.suspend();

    fs::rename(&input, &away).expect("moved away");
    let anew = running::run(ingest(path, &[], &COLUMNS_TO_FILES));
    assert_eq!(anew.code, Some(1));
    assert!(anew.error().starts_with("MS-6001"), "{}", anew.err);
    let once = [&COLUMNS_TO_FILES[..], &[ONCE]].concat();
    let said = running::run(ingest(path, &["-slatest"], &once));
    assert!(said.error().starts_with("MS-6001"), "{}", said.err);

    let mut job = Running::start(ingest(path, &["-slatest"], &COLUMNS_TO_FILES));
    let told = job.await_log("its input is waited for: MS-6001");
    assert!(told.contains("WARN"), "{told}");
    fs::rename(&away, &input).expect("it is back");
    add(path, "2.parquet", &[id(2), name("Bob")]);
    job.await_that("all output", || count() == 2);
    job.suspend();
}

#[test]
fn and_not_for_files_of_columns_that_it_knows() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let input = path.join("in");
    let count = || lines(&path.join("out")).len();
    let taking = [&COLUMNS_TO_FILES[..], &["--source.after.commit=delete"]].concat();
    fs::create_dir(&input).expect("made");
    let anew = running::run(ingest(path, &[], &taking));
    assert_eq!(anew.code, Some(1));
    assert!(anew.error().starts_with("MS-8001"), "{}", anew.err);
    assert!(anew.error().contains("holds no file yet"), "{}", anew.err);

    add(path, "1.parquet", &[id(1), name("Ann")]);
    let mut job = Running::start(ingest(path, &[], &taking));
    job.await_that("the file to be taken away", || {
        count() == 1 && !input.join("1.parquet").exists()
    });
    job.suspend();
    // All was taken away: the snapshot keeps the columns.
    let mut job = Running::start(ingest(path, &["-slatest"], &taking));
    job.await_checkpoint();
    add(path, "2.parquet", &[id(2), name("Bob")]);
    job.await_that("all output", || count() == 2);
    job.suspend();
}

#[test]
fn but_for_the_first_file_where_no_columns_are_known() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::create_dir(path.join("in")).expect("made");
    let without_sql = [COLUMNS_TO_FILES[0], "--sink.type=file", "--sink.path=out"];
    let mut job = Running::start(ingest(path, &[], &without_sql));
    job.await_checkpoint();
    job.suspend();
    let mut job = Running::start(ingest(path, &["-slatest"], &COLUMNS_TO_FILES));
    job.await_log("its input is waited for: MS-8001");
    add(path, "1.parquet", &[id(1), name("Ann")]);
    job.await_that("output", || lines(&path.join("out")).len() == 1);
    job.suspend();
}
