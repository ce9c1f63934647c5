//! The file sink keeps the promises of a sink that commits, in every format, with many small files.

use std::sync::Arc;

use crate::sinks_common::Target;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use millstream_connectors::conformance::SinkSuite;
use millstream_connectors::file_sink::{FileSink, Partition};
use millstream_connectors::formats::{
    Codec, Compressed, CsvLines, JsonLines, OrcFile, ParquetFile, TextLines,
};
use millstream_core::Result;

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

#[test]
fn orc_is_committed_exactly_once() {
    let target = || {
        Target::<RecordBatch>::new(|path| {
            FileSink::new(path, OrcFile::default().stripe_bytes(3_000)).max_file_bytes(20_000)
        })
    };
    SinkSuite::new(&target).run();
}

#[test]
fn packed_lines_are_committed_exactly_once() {
    let target = || {
        Target::<RecordBatch>::new(|path| {
            FileSink::new(path, Compressed::new(JsonLines, Codec::Zstd)).max_file_bytes(2_000)
        })
    };
    SinkSuite::new(&target).run();
}

/// Even and odd numbers apart.
struct Halves;

impl Partition<RecordBatch> for Halves {
    fn split(&self, record: &RecordBatch) -> Result<Vec<(Arc<str>, RecordBatch)>> {
        let numbers = record.column(0).as_primitive::<Int64Type>();
        let half = |half: i64| {
            let of_it = numbers.values().iter().map(|number| number % 2 == half);
            let of_it: BooleanArray = of_it.map(Some).collect();
            let rows = filter_record_batch(record, &of_it).expect("rows");
            (format!("all=1/half={half}").into(), rows)
        };
        Ok(vec![half(0), half(1)])
    }
}

#[test]
fn files_of_partitions_are_committed_exactly_once() {
    let target = || {
        Target::<RecordBatch>::new(|path| {
            let sink = FileSink::new(path, JsonLines).max_file_bytes(5_000);
            sink.partitioned(Halves)
        })
    };
    SinkSuite::new(&target).run();
}
