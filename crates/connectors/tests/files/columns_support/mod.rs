//! Files of columns for tests, and what sources make of them.

#![allow(dead_code, reason = "no test needs all of it")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test support: a panic is a failed test"
)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use millstream_connectors::files_source::{
    ColumnFileOptions, ColumnFileSource, ColumnFormat, Watch,
};
use millstream_connectors::formats::JsonRows;
use millstream_connectors::rows::Parsed;
use orc_rust::ArrowWriterBuilder;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// A file that other programs have written.
pub(crate) fn written_by_others(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/columns_files")
        .join(name)
}

/// The format of a file, by its name.
pub(crate) fn format_of(name: &str) -> ColumnFormat {
    if name.ends_with(".orc") {
        ColumnFormat::Orc
    } else {
        ColumnFormat::Parquet
    }
}

/// A source that reads once, with options that `change` may change.
pub(crate) fn source(
    path: &Path,
    format: ColumnFormat,
    change: impl FnOnce(&mut ColumnFileOptions),
) -> ColumnFileSource {
    let mut options = ColumnFileOptions::new(path, format);
    assert_eq!(options.watch, Watch::Once);
    change(&mut options);
    ColumnFileSource::new(options).expect("a source")
}

/// The rows as lines of JSON, each behind its file, its group and its number where `places`.
pub(crate) fn lines(parsed: &[Parsed], places: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for parsed in parsed {
        let Parsed::Rows(rows) = parsed else {
            continue;
        };
        let mut json = JsonRows::new(&rows.batch).expect("columns that can be written");
        for row in 0..rows.len() {
            let mut line = Vec::new();
            if places {
                let name = Path::new(&*rows.origin.file).file_name().expect("a name");
                let (group, number) = (rows.origin.offset(row), rows.origin.line(row));
                let (group, number) = (group.expect("a group"), number.expect("a number"));
                line.extend(format!("{} {group} {number:06} ", name.display()).bytes());
            }
            json.append(row, &mut line);
            lines.push(String::from_utf8(line).expect("text"));
        }
    }
    lines
}

/// How many rows were not read because nobody wants them.
pub(crate) fn left_out(parsed: &[Parsed]) -> u64 {
    let left_out = parsed.iter().map(|parsed| match parsed {
        Parsed::LeftOut(rows) => *rows,
        Parsed::Rows(_) | Parsed::Bad(_) => 0,
    });
    left_out.sum()
}

/// Rows of a number and a text.
pub(crate) fn numbers(ids: std::ops::Range<i64>) -> RecordBatch {
    let names = ids.clone().map(|id| format!("name {id}"));
    RecordBatch::try_from_iter([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(ids.clone())) as _,
        ),
        ("name", Arc::new(StringArray::from_iter_values(names)) as _),
    ])
    .expect("columns of one length")
}

/// Writes rows as a file of `format`, of which a group has about this many.
pub(crate) fn write(path: &Path, format: ColumnFormat, rows: &RecordBatch, group: usize) {
    let file = File::create(path).expect("is made");
    match format {
        ColumnFormat::Parquet => {
            let properties = WriterProperties::builder()
                .set_max_row_group_row_count(Some(group))
                .build();
            let writer = ArrowWriter::try_new(file, rows.schema(), Some(properties));
            let mut writer = writer.expect("a writer");
            writer.write(rows).expect("is written");
            writer.close().expect("is written");
        }
        ColumnFormat::Orc => {
            let writer = ArrowWriterBuilder::new(file, rows.schema());
            let mut writer = writer.try_build().expect("a writer");
            for from in (0..rows.num_rows()).step_by(group) {
                let rows = rows.slice(from, group.min(rows.num_rows() - from));
                writer.write(&rows).expect("is written");
                writer.flush_stripe().expect("is written");
            }
            writer.close().expect("is written");
        }
    }
}
