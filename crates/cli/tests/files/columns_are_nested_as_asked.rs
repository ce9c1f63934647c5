//! `sink.merge.*`: which columns go into which nested field. What does not fit the columns is refused before anything runs.

use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};

fn run(directory: &Path, parameters: &[&str]) -> Said {
    put(directory, "in/a.csv", "key,time,a,b\nk,t,1,2\n");
    let mut job = ingest(directory, &[], &CSV_TO_FILES);
    job.args([ONCE, "--sink.merge.enable=true"])
        .args(parameters);
    running::run(job)
}

#[test]
fn under_the_name_and_without_the_columns_that_are_given() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(
        directory.path(),
        &[
            "--sink.merge.nested.field=features",
            "--sink.merge.exclude.fields=time, key",
        ],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(
        lines(&directory.path().join("out")),
        [r#"{"key":"k","time":"t","features":{"a":"1","b":"2"}}"#]
    );
}

#[test]
fn the_default_stays_outside_only_where_it_is_there() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(directory.path(), &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(
        lines(&directory.path().join("out")),
        [r#"{"feas":{"key":"k","time":"t","a":"1","b":"2"}}"#]
    );
}

#[test]
fn a_column_that_is_not_there_is_refused_before_the_job_runs() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(directory.path(), &["--sink.merge.exclude.fields=kex"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(
        said.error()
            .starts_with("MS-8001: sink.merge.exclude.fields: there is no column `kex`"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("Job has been submitted"), "{}", said.err);
    let behind_sql = run(
        directory.path(),
        &[
            "--stream.sql.enable=true",
            "--stream.sql.schema=struct<key:String,time:String,a:Int,b:Int>",
            "--stream.sql=select a, b from t1",
            "--sink.merge.exclude.fields=key",
        ],
    );
    assert!(
        behind_sql
            .error()
            .starts_with("MS-8001: sink.merge.exclude.fields: there is no column `key`"),
        "{}",
        behind_sql.err
    );
}
