//! Row groups of Parquet that begin, end or have their pages behind the first 4 GiB of a file are read as any other. The files have a
//! hole, so that they take no room.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::columns_support::{left_out, lines, numbers, source};
use crate::files_source_support::Attempt;
use arrow::array::Int64Array;
use bytes::Bytes;
use millstream_connectors::files_source::{ColumnFormat, Comparison, Condition, Test};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader,
    ParquetMetaDataWriter,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

const ROWS: i64 = 1_000;
/// Rows of a page.
const PAGE: usize = 50;
/// By how much what is moved lies farther behind.
const FAR: u64 = 5 << 30;

/// A file of Parquet whose groups have so many rows, in small pages, with an index of pages or without one.
fn parquet(group: usize, is_indexed: bool) -> Bytes {
    let statistics = match is_indexed {
        true => EnabledStatistics::Page,
        false => EnabledStatistics::Chunk,
    };
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .set_data_page_row_count_limit(PAGE)
        .set_write_batch_size(PAGE)
        .set_statistics_enabled(statistics)
        .set_offset_index_disabled(!is_indexed)
        .build();
    let rows = numbers(0..ROWS);
    let writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties));
    let mut writer = writer.expect("a writer");
    writer.write(&rows).expect("is written");
    Bytes::from(writer.into_inner().expect("is written"))
}

fn metadata(bytes: &Bytes, indexes: PageIndexPolicy) -> ParquetMetaData {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(indexes);
    reader.parse_and_finish(bytes).expect("a footer")
}

/// The page indexes, if they are known, and the footer.
fn tail(metadata: &ParquetMetaData) -> Vec<u8> {
    let mut bytes = Vec::new();
    let writer = ParquetMetaDataWriter::new(&mut bytes, metadata);
    writer.finish().expect("is written");
    bytes
}

/// The same with other columns, each of which is told with the number of its group.
fn with_columns(
    metadata: ParquetMetaData,
    change: impl Fn(usize, ColumnChunkMetaData) -> ColumnChunkMetaData,
) -> ParquetMetaData {
    let mut builder = metadata.into_builder();
    let mut groups = builder.take_row_groups();
    for (number, group) in groups.iter_mut().enumerate() {
        for column in group.columns_mut() {
            *column = change(number, column.clone());
        }
    }
    builder.set_row_groups(groups).build()
}

/// A file that holds `bytes` at its begin, once more behind the hole, and then these tails.
fn write(path: &Path, bytes: &Bytes, tails: &[Vec<u8>]) {
    let file = File::create(path).expect("is made");
    let tails = tails.concat();
    let parts: [(u64, &[u8]); 3] = [(0, bytes), (FAR, bytes), (FAR + bytes.len() as u64, &tails)];
    for (at, part) in parts {
        file.write_all_at(part, at).expect("is written");
    }
}

/// What is read of a file where only numbers from `from` on are wanted, and how many rows were not read.
fn read(path: &Path, from: i64) -> (Vec<String>, u64) {
    let value = Arc::new(Int64Array::from(vec![from]));
    let wanted = Condition {
        column: 0,
        test: Test::Compares(Comparison::GreaterOrEqual, value),
        of_rows: true,
    };
    let source = source(path, ColumnFormat::Parquet, |_| {}).with_conditions(vec![wanted]);
    let parsed = Attempt::start(&source, 1).read_to_end().expect("is read");
    (lines(&parsed, false), left_out(&parsed))
}

/// The rows from a number on.
fn rows(from: i64) -> Vec<String> {
    let rows = (from..ROWS).map(|id| format!(r#"{{"id":{id},"name":"name {id}"}}"#));
    rows.collect()
}

#[test]
fn a_group_that_begins_there_is_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.parquet");
    let bytes = parquet(500, false);
    let behind = |offset: i64| offset + FAR as i64;
    let moved = with_columns(
        metadata(&bytes, PageIndexPolicy::Skip),
        |group, column| match group {
            0 => column,
            _ => {
                let (dictionary, data) =
                    (column.dictionary_page_offset(), column.data_page_offset());
                let builder = column.into_builder().set_data_page_offset(behind(data));
                let builder = builder.set_dictionary_page_offset(dictionary.map(behind));
                builder.build().expect("a column")
            }
        },
    );
    write(&path, &bytes, &[tail(&moved)]);
    assert_eq!(read(&path, 0), (rows(0), 0));
    assert_eq!(read(&path, 500), (rows(500), 500));
}

#[test]
fn a_group_that_is_larger_is_read_by_its_index() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.parquet");
    let bytes = parquet(1_000, true);
    let known = metadata(&bytes, PageIndexPolicy::Required);
    let mut index = known.offset_index().cloned().expect("an index");
    for column in index.iter_mut().flatten() {
        let half = column.page_locations.len() / 2;
        for page in column.page_locations.iter_mut().skip(half) {
            page.offset += FAR as i64;
        }
    }
    let larger = with_columns(known, |_, column| {
        let size = column.compressed_size() + FAR as i64;
        let builder = column.into_builder().set_total_compressed_size(size);
        builder.build().expect("a column")
    });
    let larger = larger.into_builder().set_offset_index(Some(index)).build();
    // As if it began the file; the second one says where it is.
    let first = tail(&larger);
    let at = (FAR + bytes.len() as u64) as i64;
    let told = metadata(&Bytes::from(first.clone()), PageIndexPolicy::Skip);
    let told = with_columns(told, |_, column| {
        let places = (column.column_index_offset(), column.offset_index_offset());
        let builder = column.into_builder();
        let builder = builder.set_column_index_offset(places.0.map(|place| place + at));
        let builder = builder.set_offset_index_offset(places.1.map(|place| place + at));
        builder.build().expect("a column")
    });
    write(&path, &bytes, &[first, tail(&told)]);
    assert_eq!(read(&path, 0), (rows(0), 0));
    let (found, left_out) = read(&path, 900);
    let count = found.len();
    assert!((100..500).contains(&count), "{count} rows");
    assert!(rows(0).ends_with(&found));
    assert_eq!(count as u64 + left_out, ROWS as u64);
}

/// Room would be made for all that lies between them.
#[test]
fn page_indexes_that_lie_far_apart_are_passed_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.parquet");
    let bytes = parquet(1_000, true);
    let apart = with_columns(metadata(&bytes, PageIndexPolicy::Skip), |_, column| {
        if column.column_path().string() == "id" {
            return column;
        }
        let place = column.column_index_offset();
        let place = place.map(|place| place + FAR as i64);
        let builder = column.into_builder().set_column_index_offset(place);
        builder.build().expect("a column")
    });
    write(&path, &bytes, &[tail(&apart)]);
    assert_eq!(read(&path, 900), (rows(0), 0));
}
