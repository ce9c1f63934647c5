//! A file that was read in part when its job died, and replaced by another one of the same size and time since, is not read on in
//! the middle: that is told, or it is read from its beginning where `source.file.changed` says so.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::common::{Running, ingest, lines, put};

const LATEST: [&str; 2] = ["-s", "latest"];
const ROWS: i64 = 100_000;
/// Records in a second: so the job is killed in the middle of the file.
const SLOWLY: u64 = 10_000;
/// As many as there are.
const AT_ONCE: u64 = 1_000_000_000;

fn file(format: &str, first: i64) -> Vec<u8> {
    let rows = first..first + ROWS;
    if format == "csv" {
        let lines: String = rows.map(|row| format!("{row}\n")).collect();
        return format!("id\n{lines}").into_bytes();
    }
    let column = Arc::new(Int64Array::from_iter_values(rows)) as _;
    let batch = RecordBatch::try_from_iter([("id", column)]).expect("a column");
    // Files of as many rows are of one size.
    let plain = WriterProperties::builder().set_dictionary_enabled(false);
    let plain = plain.set_max_row_group_row_count(Some(4_000)).build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(plain)).expect("a writer");
    writer.write(&batch).expect("is written");
    writer.close().expect("is written");
    bytes
}

fn job(directory: &Path, format: &str, options: &[&str], changed: &str, rate: u64) -> Command {
    let source = format!("--source.type={format}");
    let rate = format!("--rate.limit.records={rate}");
    let changed = format!("--source.file.changed={changed}");
    let mut parameters = vec![&*source, &*changed, &*rate, "--source.split.size=10000"];
    parameters.extend(["--sink.type=file", "--sink.path=out"]);
    if format == "csv" {
        parameters.push("--source.firstLine.schema=true");
    }
    ingest(directory, options, &parameters)
}

/// A job that was killed in the middle of the file, which was replaced since.
fn replaced(directory: &Path, format: &str) {
    let (before, after) = (file(format, ROWS), file(format, 7 * ROWS));
    assert_eq!(after.len(), before.len());
    let path = directory.join(format!("in/a.{format}"));
    put(directory, &format!("in/a.{format}"), before);
    let mut first = Running::start(job(directory, format, &[], "ignore", SLOWLY));
    first.await_that("a part", || !lines(&directory.join("out")).is_empty());
    first.await_checkpoint();
    first.kill();
    assert!(lines(&directory.join("out")).len() < ROWS as usize);
    let time = fs::metadata(&path).and_then(|metadata| metadata.modified());
    let other = directory.join("other");
    fs::write(&other, after).expect("is written");
    let opened = fs::File::options().write(true).open(&other);
    opened
        .and_then(|opened| opened.set_modified(time?))
        .expect("has the time");
    fs::rename(other, path).expect("is replaced");
}

fn numbers(directory: &Path) -> Vec<i64> {
    let written = lines(&directory.join("out"));
    let numbers = written.iter().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row");
        let id = row.get("id").expect("a column");
        let text = id.as_str().and_then(|id| id.parse().ok());
        id.as_i64().or(text).expect("a number")
    });
    let mut numbers: Vec<i64> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

fn is_told(format: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    replaced(directory, format);
    let said = Running::start(job(directory, format, &LATEST, "ignore", AT_ONCE)).end();
    let error = said.error();
    let wanted = ["MS-6003", "its bytes are others", "reread"];
    assert!(wanted.iter().all(|part| error.contains(part)), "{error}");
    let of_the_other = numbers(directory)
        .into_iter()
        .find(|number| *number >= 2 * ROWS);
    assert_eq!(of_the_other, None, "nothing of it is written");
}

fn is_read_again(format: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    replaced(directory, format);
    let mut again = Running::start(job(directory, format, &LATEST, "reread", AT_ONCE));
    let new = || {
        let mut written = numbers(directory);
        written.retain(|number| *number >= 7 * ROWS);
        written
    };
    again.await_that("all of it", || new().len() >= ROWS as usize);
    again.suspend();
    assert!(new().into_iter().eq(7 * ROWS..8 * ROWS), "each row once");
}

#[test]
fn text_is_told() {
    is_told("csv");
}

#[test]
fn columns_are_told() {
    is_told("parquet");
}

#[test]
fn text_is_read_again_where_wanted() {
    is_read_again("csv");
}

#[test]
fn columns_are_read_again_where_wanted() {
    is_read_again("parquet");
}

/// A file of which one line behind the first 4 KiB, and in front of what is still to be read, is longer now.
#[test]
fn text_that_was_written_anew_behind_its_first_bytes_is_told() {
    for changed in ["ignore", "append"] {
        let directory = tempfile::tempdir().expect("a directory");
        let directory = directory.path();
        let before = String::from_utf8(file("csv", ROWS)).expect("text");
        put(directory, "in/a.csv", &before);
        let mut first = Running::start(job(directory, "csv", &[], changed, SLOWLY));
        first.await_that("a part", || lines(&directory.join("out")).len() > 3_000);
        first.await_checkpoint();
        first.kill();
        let mended = before.replace("\n101000\n", "\n1010000000\n");
        assert_eq!(mended.len(), before.len() + 4);
        put(directory, "in/a.csv", mended);
        let again = Running::start(job(directory, "csv", &LATEST, changed, AT_ONCE));
        let said = again.end();
        assert!(said.error().contains("MS-6003"), "{changed}: {}", said.err);
        let written = numbers(directory);
        let is_one = |number: &i64| (ROWS..2 * ROWS).contains(number);
        assert!(written.iter().all(is_one), "{changed}: {written:?}");
        assert!(written.is_sorted_by(|a, b| a < b), "{changed}: each once");
    }
}

/// A file that is appended to is written anew once it was read: one row is longer, and others follow.
#[test]
fn text_that_grows_and_was_written_anew_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let rows = |rows: std::ops::Range<i64>| rows.map(|row| format!("{row}\n")).collect::<String>();
    let before = format!("id\n{}", rows(100_000..103_000));
    put(directory, "in/a.csv", &before);
    let mut job = Running::start(job(directory, "csv", &[], "append", AT_ONCE));
    job.await_that("all of it", || lines(&directory.join("out")).len() == 3_000);
    let mended = before.replace("\n101000\n", "\n1010000000\n");
    put(directory, "in/a.csv", mended + &rows(103_000..103_100));
    let said = job.end();
    assert!(said.err.contains("MS-6003"), "{}", said.err);
    assert!(numbers(directory).into_iter().eq(100_000..103_000));
}
