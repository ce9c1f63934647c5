//! Times that are read otherwise than they are handed out.
//!
//! - Those of ORC have nine digits behind the second, and reach further than nanoseconds do. They are read with all of them,
//!   as decimals, and those behind the microsecond are cut off: the reader itself refuses files that have some.
//! - Those that Hive has written into Parquet as INT96 are instants, which it shows by the clock of the zone that it has noted in the
//!   file. They are read as times of that zone, and become what its clock showed.
//! - Before 1582-10-15 some writers count days as people did then, by the Julian calendar, and say so in the file. What such a day was
//!   called is what is told of it.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StructArray};
use arrow::array::{Date32Array, RecordBatchOptions, TimestampMicrosecondArray};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, TimeUnit, TimestampMicrosecondType};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use arrow::datatypes::{Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use chrono::{DateTime, Offset, TimeZone};

/// As what the reader gives times in full: nanoseconds since 1970.
const IN_FULL: DataType = DataType::Decimal128(DECIMAL128_MAX_PRECISION, 9);
/// Nanoseconds of a microsecond.
const PARTS: i128 = 1_000;

/// 1582-10-15, the first day of the calendar of today, as days since 1970.
const GREGORIAN: i64 = -141_427;
/// From the first of March of the year 0 to 1970-01-01, as days of the Julian calendar.
const JULIAN: i64 = 719_470;
/// Years of the Julian calendar that have so many days together.
const FOUR_YEARS: i64 = 1_461;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Of which values of a file days before 1582-10-15 are those of the Julian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hybrid {
    /// Of dates.
    pub(super) dates: bool,
    /// Of times.
    pub(super) times: bool,
}

/// The day that is called by the calendar of today, carried on into all times, as a day of the hybrid calendar is called there. A
/// 29th of February that the calendar of today does not have is the day behind the 28th, as for Hive and ORC.
fn called_alike(day: i64) -> i64 {
    if day >= GREGORIAN {
        return day;
    }
    // A year begins in March, so that the day that comes in leap years is its last.
    let year = (4 * (day + JULIAN) + 3).div_euclid(FOUR_YEARS);
    day + 2 - year.div_euclid(100) + year.div_euclid(400)
}

impl Hybrid {
    /// What bounds of values of a file are, as values are told. No order changes by that. `None`: they tell nothing.
    pub(super) fn bounds(self, array: &ArrayRef) -> Option<ArrayRef> {
        match array.data_type() {
            DataType::Date32 => self.dates_as_told(array).ok(),
            // They are cut off, or of a zone.
            DataType::Timestamp(..) if self.times => None,
            _ => Some(Arc::clone(array)),
        }
    }

    fn dates_as_told(self, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let dates = array.as_primitive::<Date32Type>();
        let is_old = |day: &i32| i64::from(*day) < GREGORIAN;
        if !self.dates || !dates.values().iter().any(is_old) {
            return Ok(Arc::clone(array));
        }
        let told: Date32Array = dates.try_unary(|day| {
            let day = i32::try_from(called_alike(day.into()));
            day.map_err(|_| too_far())
        })?;
        Ok(Arc::new(told))
    }

    fn times_as_told(
        self,
        times: &TimestampMicrosecondArray,
    ) -> Result<TimestampMicrosecondArray, ArrowError> {
        let is_old = |time: &i64| *time < GREGORIAN * DAY;
        if !self.times || !times.values().iter().any(is_old) {
            return Ok(times.clone());
        }
        let told: TimestampMicrosecondArray = times.try_unary(|time| {
            let day = time.div_euclid(DAY);
            let later = (called_alike(day) - day) * DAY;
            time.checked_add(later).ok_or_else(too_far)
        })?;
        Ok(told.with_timezone_opt(times.timezone().map(str::to_owned)))
    }
}

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

/// The rows with the times that `schema` has, of a file some of whose days are those of a hybrid calendar.
pub(super) fn as_told(
    rows: &RecordBatch,
    schema: &SchemaRef,
    hybrid: Hybrid,
) -> Result<RecordBatch, ArrowError> {
    let columns = rows.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| array_as_told(column, field, hybrid));
    let columns = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn array_as_told(array: &ArrayRef, field: &Field, hybrid: Hybrid) -> Result<ArrayRef, ArrowError> {
    let to = field.data_type();
    if array.data_type() == to && hybrid == Hybrid::default() {
        return Ok(Arc::clone(array));
    }
    Ok(match (array.data_type(), to) {
        (DataType::Decimal128(..), DataType::Timestamp(TimeUnit::Microsecond, zone)) => {
            let nanoseconds = array.as_primitive::<Decimal128Type>();
            let cut = nanoseconds.try_unary::<_, TimestampMicrosecondType, _>(|time| {
                let microseconds = i64::try_from(time.div_euclid(PARTS));
                microseconds.map_err(|_| too_far())
            })?;
            let told = hybrid.times_as_told(&cut)?;
            Arc::new(told.with_timezone_opt(zone.clone()))
        }
        (
            DataType::Timestamp(TimeUnit::Microsecond, from),
            DataType::Timestamp(TimeUnit::Microsecond, to),
        ) => {
            let times = array.as_primitive::<TimestampMicrosecondType>();
            let told = hybrid.times_as_told(times)?;
            match (from, to) {
                (Some(zone), None) => Arc::new(by_the_clock(&told, zone)?),
                _ => Arc::new(told),
            }
        }
        (DataType::Date32, DataType::Date32) => hybrid.dates_as_told(array)?,
        (DataType::Struct(_), DataType::Struct(fields)) => {
            Arc::new(struct_as_told(array.as_struct(), fields, hybrid)?)
        }
        (DataType::List(_), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            let items = array_as_told(list.values(), item, hybrid)?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(Arc::clone(item), offsets, items, nulls)?)
        }
        (DataType::Map(..), DataType::Map(entries, sorted)) => {
            let map = array.as_map();
            let DataType::Struct(fields) = entries.data_type() else {
                return Ok(Arc::clone(array));
            };
            let both = struct_as_told(map.entries(), fields, hybrid)?;
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

fn struct_as_told(
    array: &StructArray,
    fields: &Fields,
    hybrid: Hybrid,
) -> Result<StructArray, ArrowError> {
    let columns = array.columns().iter().zip(fields);
    let columns = columns.map(|(column, field)| array_as_told(column, field, hybrid));
    let columns = columns.collect::<Result<_, _>>()?;
    StructArray::try_new_with_length(fields.clone(), columns, array.nulls().cloned(), array.len())
}

/// What the clock of a zone showed.
fn by_the_clock(
    instants: &TimestampMicrosecondArray,
    zone: &str,
) -> Result<TimestampMicrosecondArray, ArrowError> {
    let zone: Tz = zone.parse()?;
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

#[cfg(test)]
mod tests;
