//! Rows with times that ORC has not.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};

use super::times::{NoTime, parts};

/// The rows of a batch that have such a time, by their numbers, and why it is none.
pub(super) fn of(batch: &RecordBatch) -> Vec<(usize, String)> {
    let mut misfits: Vec<(usize, String)> = Vec::new();
    let columns = batch.schema_ref().fields().iter().zip(batch.columns());
    for (field, column) in columns.filter(|(field, _)| holds_times(field.data_type())) {
        let rows = rows_of(column).into_iter();
        misfits.extend(rows.map(|(row, why)| (row, format!("column `{}`: {why}", field.name()))));
    }
    misfits.sort_by_key(|(row, _)| *row);
    misfits.dedup_by_key(|(row, _)| *row);
    misfits
}

fn holds_times(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(..) => true,
        DataType::Struct(fields) => fields.iter().any(|field| holds_times(field.data_type())),
        DataType::List(part) | DataType::LargeList(part) | DataType::Map(part, _) => {
            holds_times(part.data_type())
        }
        _ => false,
    }
}

/// The rows of an array, in order; one may be there twice.
fn rows_of(array: &ArrayRef) -> Vec<(usize, NoTime)> {
    let found = match array.data_type() {
        DataType::Timestamp(unit, _) => {
            let Ok(numbers) = cast(array, &DataType::Int64) else {
                return Vec::new();
            };
            let numbers = numbers.as_primitive::<Int64Type>().values().iter();
            let found = numbers.enumerate();
            let found = found.filter_map(|(row, value)| Some((row, parts(*value, *unit).err()?)));
            found.collect()
        }
        DataType::Struct(_) => in_any(array.as_struct().columns()),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            holders(rows_of(list.values()), list.offsets())
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            holders(rows_of(list.values()), list.offsets())
        }
        DataType::Map(..) => {
            let map = array.as_map();
            holders(in_any(map.entries().columns()), map.offsets())
        }
        _ => Vec::new(),
    };
    let found = found.into_iter();
    found.filter(|(row, _)| array.is_valid(*row)).collect()
}

fn in_any(columns: &[ArrayRef]) -> Vec<(usize, NoTime)> {
    let mut found: Vec<(usize, NoTime)> = columns.iter().flat_map(rows_of).collect();
    found.sort_by_key(|(row, _)| *row);
    found
}

/// The rows in whose ranges entries lie.
fn holders<O: arrow::array::OffsetSizeTrait>(
    entries: Vec<(usize, NoTime)>,
    offsets: &OffsetBuffer<O>,
) -> Vec<(usize, NoTime)> {
    let holder = |entry: usize| {
        let behind = offsets.partition_point(|offset| offset.as_usize() <= entry);
        let row = behind.checked_sub(1)?;
        (row + 1 < offsets.len()).then_some(row)
    };
    let entries = entries.into_iter();
    entries
        .filter_map(|(entry, why)| Some((holder(entry)?, why)))
        .collect()
}
