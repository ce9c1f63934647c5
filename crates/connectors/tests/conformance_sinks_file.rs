//! The file sink keeps the promises of a sink that commits, in every format, with many small files.

mod sinks_common;

use arrow::array::RecordBatch;
use millstream_connectors::conformance::SinkSuite;
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::{CsvLines, JsonLines, ParquetFile, TextLines};
use sinks_common::Target;

#[test]
fn text_lines_are_committed_exactly_once() {
    let target =
        || Target::<String>::new(|path| FileSink::new(path, TextLines).max_file_bytes(300));
    SinkSuite::new(&target).run();
}

#[test]
fn json_lines_are_committed_exactly_once() {
    let target =
        || Target::<RecordBatch>::new(|path| FileSink::new(path, JsonLines).max_file_bytes(5_000));
    SinkSuite::new(&target).run();
}

#[test]
fn csv_is_committed_exactly_once() {
    let target =
        || Target::<RecordBatch>::new(|path| FileSink::new(path, CsvLines).max_file_bytes(5_000));
    SinkSuite::new(&target).run();
}

#[test]
fn parquet_is_committed_exactly_once() {
    let target = || {
        Target::<RecordBatch>::new(|path| {
            FileSink::new(path, ParquetFile::default().row_group_bytes(3_000))
        })
    };
    SinkSuite::new(&target).run();
}
