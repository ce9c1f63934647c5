//! A file of columns that is damaged, encrypted or of another schema is a bad file by its name, in one line; what widens
//! is widened, and what is missing is null.

use std::path::Path;
use std::sync::Arc;

use crate::columns_support::{format_of, lines, numbers, source, write, written_by_others};
use crate::files_source_support::{Attempt, write as put};
use arrow::array::{
    ArrayRef, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use millstream_connectors::files_source::{Bad, ColumnFileOptions, ColumnFileSource, ColumnFormat};

const FORMATS: [ColumnFormat; 2] = [ColumnFormat::Parquet, ColumnFormat::Orc];

/// Reads a directory of which bad files are skipped: the rows, and how many files were bad.
fn skipping(path: &Path, format: ColumnFormat) -> (Vec<String>, u64) {
    let source = source(path, format, |options| options.intake.bad = Some(Bad::Skip));
    let mut attempt = Attempt::start(&source, 2);
    let parsed = attempt.read_to_end().expect("is read");
    let bad = attempt
        .progress
        .iter()
        .map(|progress| progress.bad_files.get());
    (lines(&parsed, false), bad.sum())
}

fn fails(path: &Path, format: ColumnFormat) -> String {
    match ColumnFileSource::new(ColumnFileOptions::new(path, format)) {
        Err(error) => error.to_string(),
        Ok(source) => Attempt::start(&source, 1).fails().to_string(),
    }
}

#[test]
fn bad_files_are_told_in_one_line_and_passed_over() {
    for format in FORMATS {
        let directory = tempfile::tempdir().expect("a directory");
        let good = directory.path().join("good");
        write(&good, format, &numbers(0..100), 30);
        let bytes = std::fs::read(&good).expect("is there");
        let half = &bytes[..bytes.len() / 2];
        let mut torn = bytes.clone();
        let middle = bytes.len() / 4;
        torn[middle..middle + 40].fill(0xFF);
        let cases: [(&str, &[u8], &str); 5] = [
            ("empty", b"", "is empty: no file of columns is"),
            ("text", b"id,name\n1,a\n2,b\n", "it does not begin with `"),
            ("half", half, "is damaged or cut off"),
            ("tiny", b"ORC", "is damaged or cut off"),
            ("torn", &torn, "is damaged or cut off"),
        ];
        for (name, content, words) in cases {
            let alone = tempfile::tempdir().expect("a directory");
            put(alone.path(), name, content, 1);
            let told = fails(alone.path(), format);
            assert!(
                told.contains(words) && told.contains(name),
                "{format:?} {name}: {told}"
            );
            assert_eq!(told.lines().count(), 1, "{told}");
            put(directory.path(), name, content, 1);
        }
        let (rows, bad) = skipping(directory.path(), format);
        let whole = rows.iter().filter(|row| row.contains("\"id\":99,")).count();
        assert!(
            whole >= 1 && bad >= 5,
            "{format:?}: {} rows, {bad} bad files",
            rows.len()
        );
    }
}

#[test]
fn encrypted_files_are_told() {
    let told = fails(
        &written_by_others("pyarrow-encrypted.parquet"),
        ColumnFormat::Parquet,
    );
    assert!(
        told.contains("pyarrow-encrypted.parquet is encrypted"),
        "{told}"
    );
    let told = fails(
        &written_by_others("pyarrow-plaintext-footer.parquet"),
        ColumnFormat::Parquet,
    );
    // What would tell of the key is nothing that the reader knows: pages that are encrypted make no sense.
    assert!(
        told.contains("pyarrow-plaintext-footer.parquet is damaged"),
        "{told}"
    );
}

fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter(
        columns
            .iter()
            .map(|(name, column)| (*name, Arc::clone(column))),
    )
    .expect("columns of one length")
}

#[test]
fn later_files_are_widened_and_what_they_lack_is_null() {
    let directory = tempfile::tempdir().expect("a directory");
    let decimal = |value: i128, digits, behind| {
        let array = Decimal128Array::from(vec![value]).with_precision_and_scale(digits, behind);
        Arc::new(array.expect("it fits")) as ArrayRef
    };
    let first = batch(&[
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("part", Arc::new(Float64Array::from(vec![0.5]))),
        ("sum", decimal(12_345, 20, 3)),
        ("name", Arc::new(StringArray::from(vec!["one"]))),
    ]);
    let narrow = batch(&[
        ("more", Arc::new(Int32Array::from(vec![7]))),
        ("sum", decimal(99, 5, 1)),
        ("ID", Arc::new(Int32Array::from(vec![2]))),
        ("part", Arc::new(Float32Array::from(vec![0.25]))),
    ]);
    let other = batch(&[("id", Arc::new(StringArray::from(vec!["three"])))]);
    for (name, rows) in [("1", &first), ("2", &narrow), ("3", &other)] {
        let path = directory.path().join(name);
        write(&path, ColumnFormat::Parquet, rows, 10);
        let bytes = std::fs::read(&path).expect("is there");
        put(
            directory.path(),
            name,
            &bytes,
            name.parse().expect("a number"),
        );
    }
    let told = fails(directory.path(), ColumnFormat::Parquet);
    let words = "has another schema: its column `id` is String, where BigInt is read";
    assert!(told.contains("MS-6008") && told.contains(words), "{told}");
    let (rows, bad) = skipping(directory.path(), ColumnFormat::Parquet);
    assert_eq!(
        rows,
        [
            r#"{"id":1,"part":0.5,"sum":12.345,"name":"one"}"#,
            r#"{"id":2,"part":0.25,"sum":9.900,"name":null}"#,
        ]
    );
    assert_eq!(bad, 1);
}

#[test]
fn a_schema_that_is_given_decides() {
    let directory = tempfile::tempdir().expect("a directory");
    let times = TimestampNanosecondArray::from(vec![-1]);
    let rows = batch(&[
        ("id", Arc::new(Int32Array::from(vec![1]))),
        ("at", Arc::new(times)),
        ("left", Arc::new(Int32Array::from(vec![1]))),
    ]);
    write(
        &directory.path().join("a"),
        ColumnFormat::Parquet,
        &rows,
        10,
    );
    let schema = |id: DataType| {
        Some(Arc::new(Schema::new(vec![
            Field::new(
                "at",
                DataType::Timestamp(TimeUnit::Microsecond, None),
                false,
            ),
            Field::new("id", id, true),
            Field::new("none", DataType::Utf8, true),
        ])))
    };
    let read = |id| {
        let source = source(directory.path(), ColumnFormat::Parquet, |options| {
            options.schema = schema(id);
        });
        lines(
            &Attempt::start(&source, 1).read_to_end().expect("is read"),
            false,
        )
    };
    let row = |id: &str| {
        [format!(
            r#"{{"at":"1969-12-31 23:59:59.999999","id":{id},"none":null}}"#
        )]
    };
    assert_eq!(read(DataType::Int64), row("1"));
    assert_eq!(read(DataType::Utf8), row("\"1\""));
    assert_eq!(read(DataType::Decimal128(12, 1)), row("1.0"));
    let mut options = ColumnFileOptions::new(directory.path(), ColumnFormat::Parquet);
    options.schema = schema(DataType::Int16);
    let error = ColumnFileSource::new(options)
        .expect_err("it does not fit")
        .to_string();
    assert!(
        error.contains("its column `id` is Int, where SmallInt is read"),
        "{error}"
    );
    assert_eq!(format_of("a.parquet"), ColumnFormat::Parquet);
}
