//! A file of columns that was passed over stays, and is the first one at the next start where those that were read have been taken
//! away. The job goes on all the same, with the columns that it has read so far; where bad files fail it, it says what differs.

use std::path::Path;

use crate::common::columns::{add, id, name, text};
use crate::common::running::{self, Running};
use crate::common::{ingest, lines};

const PARAMETERS: [&str; 3] = [
    "--source.type=parquet",
    "--sink.type=file",
    "--sink.path=out",
];
const DELETE: &str = "--source.after.commit=delete";
const MOVE: [&str; 2] = [
    "--source.after.commit=move",
    "--source.after.commit.path=done",
];

fn output(directory: &Path) -> Vec<String> {
    lines(&directory.join("out"))
}

fn is_there(directory: &Path, name: &str) -> bool {
    directory.join("in").join(name).exists()
}

/// The job reads a file and takes it away, and is killed.
fn has_read(directory: &Path, parameters: &[&str]) {
    add(directory, "a.parquet", &[id(1), name("Ann")]);
    let mut job = Running::start(ingest(directory, &[], parameters));
    job.await_that("the first file to be taken away", || {
        !is_there(directory, "a.parquet") && output(directory).len() == 1
    });
    job.kill();
}

/// The same; then it passes over a file whose `id` is a text, and reads another one behind it.
fn has_passed_over(directory: &Path, parameters: &[&str]) {
    has_read(directory, parameters);
    let mut job = Running::start(ingest(directory, &["-s", "latest"], parameters));
    // Before it, so that this one is not what a first file is.
    job.await_checkpoint();
    add(directory, "b.parquet", &[text("id", "x"), name("Bob")]);
    let told = job.await_log("MS-6008");
    assert!(told.contains("b.parquet"), "{told}");
    add(directory, "c.parquet", &[id(3), name("Cid")]);
    job.await_that("the third file to be taken away", || {
        !is_there(directory, "c.parquet") && output(directory).len() == 2
    });
    job.kill();
    assert!(is_there(directory, "b.parquet"));
}

/// The job goes on and reads what has come since.
fn goes_on(directory: &Path, parameters: &[&str]) {
    let before = output(directory).len();
    let mut job = Running::start(ingest(directory, &["-s", "latest"], parameters));
    job.await_that("what has come since", || output(directory).len() > before);
    job.suspend();
}

#[test]
fn whatever_it_does_with_files_and_columns() {
    let sql = |query: &'static str| ["--stream.sql.enable=true", query];
    let cases = [
        vec![DELETE],
        MOVE.to_vec(),
        [&[DELETE][..], &sql("--stream.sql=select * from t1")].concat(),
        [&MOVE[..], &sql("--stream.sql=select id, name from t1")].concat(),
    ];
    for case in cases {
        let place = tempfile::tempdir().expect("a directory");
        let directory = place.path();
        let parameters = [&PARAMETERS[..], &case[..]].concat();
        has_passed_over(directory, &parameters);
        add(directory, "d.parquet", &[id(4), name("Dan")]);
        goes_on(directory, &parameters);
        let rows = [
            r#"{"id":1,"name":"Ann"}"#,
            r#"{"id":3,"name":"Cid"}"#,
            r#"{"id":4,"name":"Dan"}"#,
        ];
        assert_eq!(output(directory), rows, "{case:?}");
        assert!(is_there(directory, "b.parquet"), "{case:?}");
    }
}

#[test]
fn where_bad_files_fail_it_says_so() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let parameters = [&PARAMETERS[..], &[DELETE]].concat();
    has_passed_over(directory, &parameters);
    let failing = [&parameters[..], &["--source.file.bad=fail"]].concat();
    let said = running::run(ingest(directory, &["-s", "latest"], &failing));
    assert_eq!(said.code, Some(1), "{}", said.err);
    for told in ["MS-6008", "`id` as String instead of BigInt"] {
        assert!(said.err.contains(told), "{told}: {}", said.err);
    }
    assert_eq!(output(directory).len(), 2);
}

#[test]
fn a_column_that_the_first_file_lacks_is_null_in_it() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let sql = ["--stream.sql.enable=true", "--stream.sql=select * from t1"];
    let parameters = [&PARAMETERS[..], &[DELETE], &sql].concat();
    has_read(directory, &parameters);
    add(directory, "b.parquet", &[id(2)]);
    goes_on(directory, &parameters);
    let rows = [r#"{"id":1,"name":"Ann"}"#, r#"{"id":2,"name":null}"#];
    assert_eq!(output(directory), rows);
}

#[test]
fn what_the_first_file_has_more_is_there_for_the_sql() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let with = |query: &'static str| {
        let sql = ["--stream.sql.enable=true", query];
        [&PARAMETERS[..], &[DELETE], &sql].concat()
    };
    has_read(directory, &with("--stream.sql=select id, name from t1"));
    let town = text("town", "Ulm");
    add(directory, "b.parquet", &[town, id(2), name("Bob")]);
    goes_on(directory, &with("--stream.sql=select id, town from t1"));
    let rows = [r#"{"id":1,"name":"Ann"}"#, r#"{"id":2,"town":"Ulm"}"#];
    assert_eq!(output(directory), rows);
}
