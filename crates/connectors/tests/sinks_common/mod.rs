//! A directory that a file sink writes to, looked at with other readers than the sink's own.

#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod attempt;

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use millstream_connectors::conformance::SinkTarget;
use millstream_connectors::file_sink::FileSink;
use millstream_engine::connector::{Committable, Sink};
use orc_rust::ArrowReaderBuilder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

/// Records that stand for numbers.
pub(crate) trait Numbered: Sized + 'static {
    fn numbered(numbers: Range<u64>) -> Vec<Self>;
}

impl Numbered for String {
    fn numbered(numbers: Range<u64>) -> Vec<Self> {
        numbers.map(|number| number.to_string()).collect()
    }
}

impl Numbered for u64 {
    fn numbered(numbers: Range<u64>) -> Vec<Self> {
        numbers.collect()
    }
}

impl Numbered for RecordBatch {
    fn numbered(numbers: Range<u64>) -> Vec<Self> {
        let numbers: Vec<i64> = numbers.map(|number| number as i64).collect();
        numbers.chunks(33).map(batch).collect()
    }
}

fn batch(numbers: &[i64]) -> RecordBatch {
    let texts = numbers.iter().map(|number| format!("a \"text\", {number}"));
    RecordBatch::try_from_iter([
        ("number", Arc::new(Int64Array::from(numbers.to_vec())) as _),
        ("text", Arc::new(StringArray::from_iter_values(texts)) as _),
    ])
    .expect("columns of one length")
}

/// A fresh directory and the sink that writes to it.
pub(crate) struct Target<T> {
    directory: TempDir,
    sink: fn(&Path) -> FileSink<T>,
}

impl<T> Target<T> {
    pub(crate) fn new(sink: fn(&Path) -> FileSink<T>) -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
            sink,
        }
    }
}

impl<T: Numbered> SinkTarget for Target<T> {
    type Record = T;

    fn sink(&self) -> Box<dyn Sink<T>> {
        Box::new((self.sink)(self.directory.path()))
    }

    fn records(&self, numbers: Range<u64>) -> Vec<T> {
        T::numbered(numbers)
    }

    fn visible(&self) -> Vec<u64> {
        visible_numbers(self.directory.path())
    }

    fn leftovers(&self) -> Vec<String> {
        let hidden = files(self.directory.path(), true);
        hidden
            .into_iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    fn destroy(&self, _committable: &Committable) {
        for path in files(self.directory.path(), true) {
            std::fs::remove_file(path).expect("the file is there");
        }
    }
}

/// The files of a directory, hidden ones or the others.
pub(crate) fn files(directory: &Path, hidden: bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        name.starts_with('.') == hidden
    });
    paths.sort();
    paths
}

/// Every number in the visible files of a directory.
pub(crate) fn visible_numbers(directory: &Path) -> Vec<u64> {
    files(directory, false)
        .iter()
        .flat_map(|path| read_numbers(path))
        .collect()
}

fn read_numbers(path: &Path) -> Vec<u64> {
    let text = || std::fs::read_to_string(path).expect("text");
    let number = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let number = row.get("number").and_then(serde_json::Value::as_u64);
        number.expect("a number")
    };
    if path.is_dir() {
        // A partition.
        return visible_numbers(path);
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("txt") => text()
            .lines()
            .map(|line| line.parse().expect("a number"))
            .collect(),
        Some("json") => text().lines().map(number).collect(),
        Some("zst") => {
            let packed = std::fs::read(path).expect("readable");
            let text = zstd::decode_all(packed.as_slice()).expect("zstd");
            let text = String::from_utf8(text).expect("text");
            text.lines().map(number).collect()
        }
        Some("orc") => {
            let reader = ArrowReaderBuilder::try_new(File::open(path).expect("a file"));
            let batches = reader.expect("a footer").build();
            batches
                .flat_map(|batch| numbers_of(&batch.expect("a batch")))
                .collect()
        }
        Some("csv") => csv_numbers(path),
        Some("parquet") => {
            let file = File::open(path).expect("a file");
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a footer");
            let batches = reader.build().expect("readable");
            batches
                .flat_map(|batch| numbers_of(&batch.expect("a batch")))
                .collect()
        }
        other => unreachable!("no file of the sink ends with {other:?}"),
    }
}

fn csv_numbers(path: &Path) -> Vec<u64> {
    let schema = batch(&[1]).schema();
    let reader = arrow_csv::ReaderBuilder::new(schema)
        .with_header(true)
        .build(File::open(path).expect("a file"))
        .expect("CSV");
    reader
        .flat_map(|batch| numbers_of(&batch.expect("rows")))
        .collect()
}

fn numbers_of(batch: &RecordBatch) -> Vec<u64> {
    let numbers = batch.column(0).as_primitive::<Int64Type>();
    numbers
        .values()
        .iter()
        .map(|number| *number as u64)
        .collect()
}
