//! What a schema says of columns of files beside their types: how long texts are, that bytes are text, and that a decimal is a Double.
//! A row that is not so is a bad record, and the others come.

use std::path::Path;
use std::sync::Arc;

use crate::columns_support::{lines, source, write, written_by_others};
use crate::files_source_support::{Attempt, Found};
use arrow::array::{ArrayRef, BinaryArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use millstream_connectors::files_source::{
    ColumnFileOptions, ColumnFileSource, ColumnFormat, Comparison, Condition, Test,
};
use millstream_connectors::rows::{BadRecord, Reason};
use millstream_core::columns::{INEXACT_DECIMAL, MAX_CHARACTERS};

/// A column, of which something more may be said.
fn column(name: &str, data_type: DataType, said: Option<(&str, &str)>) -> Field {
    let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Field::new(name, data_type, true).with_metadata(said.into_iter().collect())
}

fn schema(columns: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(columns))
}

fn declared(path: &Path, format: ColumnFormat, columns: Vec<Field>) -> ColumnFileSource {
    source(path, format, |options| {
        options.schema = Some(schema(columns));
    })
}

/// Where a bad record is, and why it is one.
fn told(bad: &BadRecord) -> (u64, Option<u64>, Reason, Option<&str>, &str) {
    let column = bad.column.as_deref();
    (bad.offset, bad.line, bad.reason, column, &bad.error)
}

/// Also in groups of which the query would have no row.
#[test]
fn longer_texts_are_bad_records() {
    for format in [ColumnFormat::Parquet, ColumnFormat::Orc] {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        let names = (0..40).map(|id| match id {
            // Characters count, not bytes.
            3 => Some("äöü"),
            15 => Some("abcd"),
            17 => None,
            _ => Some("ab"),
        });
        let rows = RecordBatch::try_from_iter([
            (
                "id",
                Arc::new(Int64Array::from_iter_values(0..40)) as ArrayRef,
            ),
            ("name", Arc::new(StringArray::from_iter(names)) as ArrayRef),
        ]);
        write(&path, format, &rows.expect("columns of one length"), 10);
        let whole = declared(
            &path,
            format,
            vec![
                column("id", DataType::Int64, None),
                column("name", DataType::Utf8, Some((MAX_CHARACTERS, "3"))),
            ],
        );
        let last = Condition {
            column: 0,
            test: Test::Compares(
                Comparison::GreaterOrEqual,
                Arc::new(Int64Array::from(vec![30])),
            ),
            of_rows: true,
        };
        for source in [whole.clone(), whole.with_conditions(vec![last])] {
            let mut attempt = Attempt::start(&source, 1);
            let found = Found::of(attempt.read_to_end().expect("is read"));
            assert_eq!((found.rows.len(), found.left_out), (39, 0), "{format:?}");
            let bad: Vec<_> = found.bad.iter().map(told).collect();
            let error = "`abcd` is not a String of at most 3 characters";
            let place = (1, Some(16), Reason::Value, Some("name"), error);
            assert_eq!(bad, [place], "{format:?}");
            let counted = attempt.progress.iter();
            let counted: u64 = counted.map(|progress| progress.bad_records.get()).sum();
            assert_eq!(counted, 1, "{format:?}");
        }
    }
}

#[test]
fn bytes_of_which_nothing_is_said_are_text_where_the_schema_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a");
    let bytes = BinaryArray::from(vec![
        Some(&b"ab"[..]),
        Some("ä".as_bytes()),
        Some(&b"a\xff"[..]),
        None,
    ]);
    let rows = RecordBatch::try_from_iter([("text", Arc::new(bytes) as ArrayRef)]);
    let rows = rows.expect("a column");
    write(&path, ColumnFormat::Parquet, &rows, 10);
    let text = column("text", DataType::Utf8, None);
    let as_text = declared(&path, ColumnFormat::Parquet, vec![text]);
    let parsed = Attempt::start(&as_text, 1).read_to_end().expect("is read");
    let truth = [r#"{"text":"ab"}"#, r#"{"text":"ä"}"#, r#"{"text":null}"#];
    assert_eq!(lines(&parsed, false), truth);
    let found = Found::of(parsed);
    let bad: Vec<_> = found.bad.iter().map(told).collect();
    let error = "bytes that are not UTF-8";
    assert_eq!(bad, [(0, Some(3), Reason::Charset, Some("text"), error)]);

    // Nobody says so: they are bytes.
    let as_bytes = source(&path, ColumnFormat::Parquet, |_| {});
    let parsed = Attempt::start(&as_bytes, 1).read_to_end().expect("is read");
    assert_eq!(
        lines(&parsed, false).first().map(String::as_str),
        Some(r#"{"text":"YWI="}"#)
    );
    // In ORC text has a type of its own.
    let orc = written_by_others("pyarrow-types.orc");
    let bytes = column("bytes", DataType::Utf8, None);
    let parsed = Attempt::start(&declared(&orc, ColumnFormat::Orc, vec![bytes]), 1).read_to_end();
    let first = lines(&parsed.expect("is read"), false);
    assert_eq!(
        first.first().map(String::as_str),
        Some(r#"{"bytes":"AP8="}"#)
    );
}

#[test]
fn decimals_are_doubles_where_the_schema_has_a_decimal_without_digits() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, format) = (directory.path().join("a"), ColumnFormat::Parquet);
    let sums = Decimal128Array::from(vec![Some(1_234), Some(-1), None]);
    let sums = sums.with_precision_and_scale(20, 2).expect("they fit");
    let rows = RecordBatch::try_from_iter([("sum", Arc::new(sums) as ArrayRef)]);
    write(&path, format, &rows.expect("a column"), 10);
    let inexact = Some((INEXACT_DECIMAL, "Decimal"));
    let sum = column("sum", DataType::Float64, inexact);
    let parsed = Attempt::start(&declared(&path, format, vec![sum]), 1).read_to_end();
    let rows = lines(&parsed.expect("is read"), false);
    let truth = [r#"{"sum":12.34}"#, r#"{"sum":-0.01}"#, r#"{"sum":null}"#];
    assert_eq!(rows, truth);

    // A Double that is called one is no place for a decimal.
    let mut options = ColumnFileOptions::new(&path, format);
    options.schema = Some(schema(vec![column("sum", DataType::Float64, None)]));
    let error = ColumnFileSource::new(options).expect_err("digits would be lost");
    let error = error.to_string();
    assert!(error.contains("where Double is read"), "{error}");
}
