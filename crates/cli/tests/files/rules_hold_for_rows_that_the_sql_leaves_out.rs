//! `check.<column>` is about every record that is read. What files of columns say of their rows changes nothing about that: a group of
//! which the SQL would leave out every row is held against the rules all the same.

use std::fs::{File, create_dir_all};
use std::path::Path;
use std::sync::Arc;

use crate::common::{ONCE, Said, ingest, lines, running};
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// 40 rows in groups of 10, of which the SQL takes the last group, and a rule does not hold in the first.
fn job(directory: &Path, more: &[&str]) -> Said {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..40));
    let ages = (0..40).map(|id| if id == 3 { 200 } else { 20 });
    let ages: ArrayRef = Arc::new(Int64Array::from_iter_values(ages));
    let rows = RecordBatch::try_from_iter([("id", ids), ("age", ages)]);
    let rows = rows.expect("columns of one length");
    create_dir_all(directory.join("in")).expect("a directory");
    let file = File::create(directory.join("in/a.parquet")).expect("is made");
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10))
        .build();
    let writer = ArrowWriter::try_new(file, rows.schema(), Some(properties));
    let mut writer = writer.expect("a writer");
    writer.write(&rows).expect("is written");
    writer.close().expect("is written");
    let fixed = [
        ONCE,
        "--source.type=parquet",
        "--stream.sql.enable=true",
        "--stream.sql=select id from t1 where id >= 30",
        "--check.age=range 0..150",
        "--sink.type=file",
        "--sink.path=out",
    ];
    let parameters = [&fixed[..], more].concat();
    running::run(ingest(directory, &[], &parameters))
}

#[test]
fn the_first_one_fails_the_job() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = job(directory.path(), &[]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let told = "`200` is not as check.age says: range 0..150";
    assert!(said.err.contains(told), "{}", said.err);
}

#[test]
fn or_is_counted_as_bad() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = job(directory.path(), &["--error.policy=skip"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = "1 of 40 records were bad and skipped.";
    assert!(said.err.contains(told), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")).len(), 10);
}
