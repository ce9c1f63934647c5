//! Which columns of a file gain nothing by a dictionary.
//!
//! A writer of Parquet tries one for each column of each row group and gives it up where its page gets too large, which a row group
//! of 16 MiB seldom is old enough for: numbers that never repeat would be looked up, kept twice, and written with an index beside.

use std::hash::Hasher;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use millstream_core::hash::StableHasher;
use parquet::schema::types::ColumnPath;

/// Fewer rows say too little about those that come.
pub(super) const ROWS_LEAST: usize = 2_048;
const ROWS_MOST: usize = 8_192;
/// Different values from which on a column has no dictionary.
const VALUES_LEAST: usize = 100_000;
const ROWS_AT_ONCE: usize = 1_024;
/// Values that are larger fill the page of a dictionary at once, so that the writer gives it up by itself.
const BYTES_MOST: usize = 4 * 1024 * 1024;

/// The columns of a file that begins with `batches` in which hardly a value is there twice, as far as its first rows tell.
/// Lists, maps and structs are left to the writer.
pub(super) fn columns_without(batches: &[RecordBatch]) -> Result<Vec<ColumnPath>, ArrowError> {
    let mut without = Vec::new();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let Some(first) = batches.first().filter(|_| rows >= ROWS_LEAST) else {
        return Ok(without);
    };
    for (place, field) in first.schema_ref().fields().iter().enumerate() {
        let columns = batches.iter().map(|batch| batch.column(place));
        if !field.data_type().is_nested() && seldom_twice(field.data_type(), columns)? {
            without.push(ColumnPath::new(vec![field.name().clone()]));
        }
    }
    Ok(without)
}

fn seldom_twice<'a>(
    data_type: &DataType,
    columns: impl Iterator<Item = &'a ArrayRef>,
) -> Result<bool, ArrowError> {
    let converter = RowConverter::new(vec![SortField::new(data_type.clone())])?;
    let mut hashes = Vec::with_capacity(ROWS_MOST);
    let mut bytes = 0;
    for column in columns {
        for begin in (0..column.len()).step_by(ROWS_AT_ONCE) {
            let rows = ROWS_AT_ONCE.min(column.len() - begin);
            for row in &converter.convert_columns(&[column.slice(begin, rows)])? {
                let mut hasher = StableHasher::default();
                hasher.write(row.as_ref());
                hashes.push(hasher.finish());
                bytes += row.as_ref().len();
            }
            if bytes > BYTES_MOST {
                return Ok(false);
            }
            if hashes.len() >= ROWS_MOST {
                return Ok(differ(hashes));
            }
        }
    }
    Ok(differ(hashes))
}

/// Whether the values are drawn from 100,000 different ones or more: of so many n draws repeat n² / 200,000. Fewer are worth a
/// dictionary in a row group of 16 MiB, which has some 100,000 rows; of more than that half are different there.
fn differ(mut hashes: Vec<u64>) -> bool {
    let all = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    (all - hashes.len()) * 2 * VALUES_LEAST <= all * all
}
