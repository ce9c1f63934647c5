//! A job without a schema reads the columns of its first file, and takes that file away. It goes on where the first file lacks one
//! of them: it says which, instead of leaving the column out of all that follows, and reads on with a schema.

use std::fs;
use std::path::Path;

use crate::common::columns::{add, id, name};
use crate::common::running::{self, Running, Said};
use crate::common::{ONCE, ingest, lines};

const PARAMETERS: [&str; 4] = [
    "--source.type=parquet",
    "--source.after.commit=delete",
    "--sink.type=file",
    "--sink.path=out",
];

/// The job has read a file with both columns and is killed; the first of the next ones has `id` only.
fn gone_on_with(directory: &Path, first: &[&str], next: &[&str]) -> Said {
    add(directory, "a.parquet", &[id(1), name("Ann")]);
    let first = [&PARAMETERS[..], first].concat();
    let mut running = Running::start(ingest(directory, &[], &first));
    running.await_that("the file to be taken away", || {
        let mut left = fs::read_dir(directory.join("in")).expect("there");
        left.next().is_none() && !lines(&directory.join("out")).is_empty()
    });
    running.kill();
    add(directory, "b.parquet", &[id(2)]);
    let next = [&PARAMETERS[..], &[ONCE], next].concat();
    running::run(ingest(directory, &["-s", "latest"], &next))
}

#[test]
fn the_one_that_is_missing_is_named() {
    for sql in [
        &[][..],
        &["--stream.sql.enable=true", "--stream.sql=select * from t1"],
    ] {
        let place = tempfile::tempdir().expect("a directory");
        let said = gone_on_with(place.path(), sql, sql);
        assert_eq!(said.code, Some(1), "{}", said.err);
        for told in ["MS-6008", "no `name` (String)", "stream.sql.schema.json"] {
            assert!(said.err.contains(told), "{told}: {}", said.err);
        }
        assert_eq!(lines(&place.path().join("out")).len(), 1, "{}", said.err);
        assert!(place.path().join("in/b.parquet").exists());
    }
}

#[test]
fn one_that_the_sql_does_not_read_is_not_missed() {
    let place = tempfile::tempdir().expect("a directory");
    let sql = ["--stream.sql.enable=true", "--stream.sql=select id from t1"];
    let said = gone_on_with(place.path(), &sql, &sql);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let found = lines(&place.path().join("out"));
    assert_eq!(found, ["{\"id\":1}", "{\"id\":2}"]);
}

#[test]
fn a_schema_takes_their_place() {
    let place = tempfile::tempdir().expect("a directory");
    let schema = r#"--stream.sql.schema.json={"id": "BigInt", "name": "String"}"#;
    let said = gone_on_with(place.path(), &[], &[schema]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let found = lines(&place.path().join("out"));
    assert_eq!(found.len(), 2, "{}", said.err);
    assert!(
        found.iter().any(|line| line.contains("\"id\":2")),
        "{found:?}"
    );
}
