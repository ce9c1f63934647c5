//! Times that are read otherwise than they are handed out.
//!
//! - Those of ORC have nine digits behind the second, and reach further than nanoseconds do. They are read with all of them,
//!   as decimals, and those behind the microsecond are cut off: the reader itself refuses files that have some.
//! - Those that Hive has written into Parquet as INT96 are instants, which it shows by the clock of the zone that it has noted in the
//!   file. They are read as times of that zone, and become what its clock showed.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StructArray};
use arrow::array::{RecordBatchOptions, TimestampMicrosecondArray};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, TimeUnit, TimestampMicrosecondType};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use chrono::{DateTime, Offset, TimeZone};

/// As what the reader gives times in full: nanoseconds since 1970.
const IN_FULL: DataType = DataType::Decimal128(DECIMAL128_MAX_PRECISION, 9);
/// Nanoseconds of a microsecond.
const PARTS: i128 = 1_000;

/// The columns with times in full.
pub(super) fn in_full(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(full_field);
    Arc::new(Schema::new(fields.collect::<Fields>()))
}

fn full_field(field: &FieldRef) -> FieldRef {
    let field = field.as_ref().clone();
    let data_type = full(field.data_type());
    Arc::new(field.with_data_type(data_type))
}

fn full(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(..) => IN_FULL,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(full_field).collect()),
        DataType::List(item) => DataType::List(full_field(item)),
        DataType::Map(entries, sorted) => DataType::Map(full_field(entries), *sorted),
        other => other.clone(),
    }
}

/// The rows with the times that `schema` has.
pub(super) fn as_told(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = rows.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| array_as_told(column, field));
    let columns = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn array_as_told(array: &ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    let to = field.data_type();
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    Ok(match (array.data_type(), to) {
        (DataType::Decimal128(..), DataType::Timestamp(TimeUnit::Microsecond, zone)) => {
            let nanoseconds = array.as_primitive::<Decimal128Type>();
            let cut = nanoseconds.try_unary::<_, TimestampMicrosecondType, _>(|time| {
                let microseconds = i64::try_from(time.div_euclid(PARTS));
                microseconds.map_err(|_| too_far())
            });
            let cut: TimestampMicrosecondArray = cut?;
            Arc::new(cut.with_timezone_opt(zone.clone()))
        }
        (
            DataType::Timestamp(TimeUnit::Microsecond, Some(zone)),
            DataType::Timestamp(TimeUnit::Microsecond, None),
        ) => Arc::new(by_the_clock(array, zone)?),
        (DataType::Struct(_), DataType::Struct(fields)) => {
            Arc::new(struct_as_told(array.as_struct(), fields)?)
        }
        (DataType::List(_), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            let items = array_as_told(list.values(), item)?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(Arc::clone(item), offsets, items, nulls)?)
        }
        (DataType::Map(..), DataType::Map(entries, sorted)) => {
            let map = array.as_map();
            let DataType::Struct(fields) = entries.data_type() else {
                return Ok(Arc::clone(array));
            };
            let both = struct_as_told(map.entries(), fields)?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            Arc::new(MapArray::try_new(
                Arc::clone(entries),
                offsets,
                both,
                nulls,
                *sorted,
            )?)
        }
        _ => Arc::clone(array),
    })
}

fn struct_as_told(array: &StructArray, fields: &Fields) -> Result<StructArray, ArrowError> {
    let columns = array.columns().iter().zip(fields);
    let columns = columns.map(|(column, field)| array_as_told(column, field));
    let columns = columns.collect::<Result<_, _>>()?;
    StructArray::try_new_with_length(fields.clone(), columns, array.nulls().cloned(), array.len())
}

/// What the clock of a zone showed.
fn by_the_clock(array: &ArrayRef, zone: &str) -> Result<TimestampMicrosecondArray, ArrowError> {
    let zone: Tz = zone.parse()?;
    let instants = array.as_primitive::<TimestampMicrosecondType>();
    let times: TimestampMicrosecondArray = instants.try_unary(|instant| {
        let at = DateTime::from_timestamp_micros(instant).ok_or_else(too_far)?;
        let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        let offset = i64::from(offset.local_minus_utc()) * 1_000_000;
        instant.checked_add(offset).ok_or_else(too_far)
    })?;
    Ok(times.with_timezone_opt(None::<Arc<str>>))
}

fn too_far() -> ArrowError {
    ArrowError::ComputeError("a time is further away than any".to_owned())
}
