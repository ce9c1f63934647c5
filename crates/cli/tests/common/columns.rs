//! Files of columns as input: Parquet of one row.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

/// Adds a file of one row to `in` below `directory`; it appears at once and whole.
pub(crate) fn add(directory: &Path, name: &str, columns: &[(&str, ArrayRef)]) {
    let rows = RecordBatch::try_from_iter(columns.iter().cloned()).expect("columns of one length");
    let input = directory.join("in");
    fs::create_dir_all(&input).expect("is made");
    let hidden = input.join(".being-written");
    let file = File::create(&hidden).expect("is made");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("is written");
    writer.close().expect("is written");
    fs::rename(&hidden, input.join(name)).expect("is renamed");
}

/// The column `id` of numbers.
pub(crate) fn id(id: i64) -> (&'static str, ArrayRef) {
    ("id", Arc::new(Int64Array::from(vec![id])))
}

/// The column `name` of texts.
pub(crate) fn name(name: &str) -> (&'static str, ArrayRef) {
    text("name", name)
}

/// A column of texts.
pub(crate) fn text(column: &'static str, text: &str) -> (&'static str, ArrayRef) {
    (column, Arc::new(StringArray::from(vec![text])))
}
