//! `error.max.ratio`, and the count at the end, are of all records that were read: a row that the SQL's WHERE leaves out
//! was a good record.

use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};

/// 3,000 records of which 20 are bad; WHERE keeps 4 of them.
fn run(directory: &Path, ratio: &str) -> Said {
    let text: String = (0..3_000)
        .map(|id| {
            if id % 150 == 149 {
                "bad\n".to_owned()
            } else {
                format!("{id},n\n")
            }
        })
        .collect();
    put(directory, "in/a.csv", format!("id,name\n{text}"));
    let mut job = ingest(directory, &["-p", "2"], &CSV_TO_FILES);
    job.args([ONCE, "--stream.sql.enable=true", "--error.policy=skip"])
        .arg("--stream.sql.schema=struct<id:Int,name:String>")
        .arg("--stream.sql=select id from t1 where id < 4")
        .arg(format!("--error.max.ratio={ratio}"));
    running::run(job)
}

#[test]
fn rows_that_are_left_out_count() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(directory.path(), "0.01");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")).len(), 4);
    assert!(
        said.err
            .contains("20 of 3000 records were bad and skipped."),
        "{}",
        said.err
    );
}

#[test]
fn a_larger_part_fails_the_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(directory.path(), "0.001");
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().contains("MS-6005"), "{}", said.err);
}

#[test]
fn the_summary_counts_records_on_which_the_sql_failed() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(
        directory.path(),
        "in/a.csv",
        "id,n\n1,2\n2,0\nbad\n3,0\n4,5\n",
    );
    let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
    job.args([ONCE, "--stream.sql.enable=true", "--error.policy=skip"])
        .arg("--stream.sql.schema=struct<id:Int,n:Int>")
        .arg("--stream.sql=select id, 10 / n as share from t1");
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains(": 5 records read (3 bad), "),
        "{}",
        said.err
    );
}
