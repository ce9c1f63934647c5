//! Values that records may have, by which calls and sinks are tried before there are records.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, MapArray, RecordBatch, RecordBatchOptions, StructArray, UInt64Array,
    new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, concat, take_record_batch};
use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, Schema};
use arrow::error::ArrowError;
use datafusion_common::{Result, ScalarValue};

/// How many values of each type are tried.
pub(super) const TRIES: usize = 5;

/// Arguments that say how something is done, by function and place, and a text that is right there: few texts are, and those
/// made up for values are not. Where an argument has to be a constant, as the unit of `date_trunc`, none is.
const HOW: &[(&str, usize, &str)] = &[
    ("date_format", 1, "%%"),
    ("get_json_object", 1, "$"),
    ("json_value", 1, "$"),
    ("regexp_count", 3, "i"),
    ("regexp_instr", 4, "i"),
    ("regexp_like", 2, "i"),
    ("regexp_match", 2, "i"),
    ("regexp_replace", 3, "i"),
    ("to_char", 1, "%%"),
];

/// A row of arguments for the `places` of a call of `name`.
pub(super) fn row_of(
    name: &str,
    fields: &Arc<Schema>,
    places: &[usize],
    number: usize,
) -> Result<RecordBatch> {
    let values = fields.fields().iter().zip(places).map(|(field, place)| {
        let data_type = field.data_type();
        let mut how = HOW.iter().filter(|_| data_type.is_string());
        let value = match how.find(|(own, at, _)| *own == name && at == place) {
            Some((_, _, text)) => ScalarValue::from(*text).cast_to(data_type).ok(),
            None => sample(data_type, number),
        };
        match value {
            Some(value) => value.to_array(),
            None => Ok(new_null_array(data_type, 1)),
        }
    });
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let values = values.collect::<Result<_>>()?;
    let row = RecordBatch::try_new_with_options(Arc::clone(fields), values, &options)?;
    Ok(row)
}

/// A value that a record may have; none for types that no one writes.
pub(super) fn sample(data_type: &DataType, number: usize) -> Option<ScalarValue> {
    const TEXTS: [&str; TRIES] = ["a", "", "1", "2024-01-02 03:04:05", "a,b"];
    const NUMBERS: [i64; TRIES] = [1, 0, 2, 5, 100];
    const MICROS: [i64; TRIES] = [
        1_704_164_645_000_000,
        0,
        1_709_209_815_250_000,
        -1_000_000,
        253_402_300_799_000_000,
    ];
    let number = number % TRIES;
    let whole = NUMBERS.get(number).copied()?;
    let value = match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            ScalarValue::Utf8(Some((*TEXTS.get(number)?).to_owned()))
        }
        DataType::Boolean => ScalarValue::Boolean(Some(number.is_multiple_of(2))),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
            ScalarValue::TimestampMicrosecond(MICROS.get(number).copied(), None)
        }
        // One of no length is a step that no series takes.
        DataType::Interval(unit) => match unit {
            IntervalUnit::YearMonth => ScalarValue::new_interval_ym(0, 1),
            IntervalUnit::DayTime => ScalarValue::new_interval_dt(1, 0),
            IntervalUnit::MonthDayNano => ScalarValue::new_interval_mdn(0, 1, 0),
        },
        DataType::List(item) => {
            let item = [sample(item.data_type(), number)?];
            let item_type = item.first()?.data_type();
            return Some(ScalarValue::List(ScalarValue::new_list_nullable(
                &item, &item_type,
            )));
        }
        DataType::Struct(fields) => {
            return Some(ScalarValue::Struct(Arc::new(one_struct(fields, number)?)));
        }
        DataType::Map(entries, ordered) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return None;
            };
            let entry = one_struct(fields, number)?;
            let one = OffsetBuffer::from_lengths([1]);
            let map = MapArray::try_new(Arc::clone(entries), one, entry, None, *ordered).ok()?;
            return Some(ScalarValue::Map(Arc::new(map)));
        }
        decimal if decimal.is_decimal() => {
            return ScalarValue::Int64(Some(whole)).cast_to(decimal).ok();
        }
        number if number.is_numeric() => ScalarValue::Int64(Some(whole)),
        other => return ScalarValue::new_default(other).ok(),
    };
    value.cast_to(data_type).ok()
}

fn one_struct(fields: &Fields, number: usize) -> Option<StructArray> {
    let values = fields.iter().map(|field| {
        let value = sample(field.data_type(), number)?.to_array().ok()?;
        cast(&value, field.data_type()).ok()
    });
    StructArray::try_new(fields.clone(), values.collect::<Option<_>>()?, None).ok()
}

/// Rows with which whatever takes `schema` can be tried before there are records: one of nulls, and some of
/// values. A column of a type that no value is known of is null in all of them.
pub fn sample_rows(schema: &Schema) -> std::result::Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| {
        let data_type = field.data_type();
        let mut rows: Vec<ArrayRef> = vec![new_null_array(data_type, 1)];
        for number in 0..TRIES {
            let value = sample(data_type, number).and_then(|value| value.to_array().ok());
            let value = value.filter(|value| value.data_type() == data_type);
            rows.push(value.unwrap_or_else(|| new_null_array(data_type, 1)));
        }
        let rows: Vec<&dyn Array> = rows.iter().map(AsRef::as_ref).collect();
        concat(&rows)
    });
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect();
    RecordBatch::try_new_with_options(
        Arc::new(Schema::new(fields)),
        columns.collect::<Result<_, _>>()?,
        &RecordBatchOptions::new().with_row_count(Some(TRIES + 1)),
    )
}

/// One of the rows by itself. Its values are copied: a cast of an array fails of what a slice leaves out of it.
pub(crate) fn row_alone(
    rows: &RecordBatch,
    row: usize,
) -> std::result::Result<RecordBatch, ArrowError> {
    if rows.num_columns() == 0 {
        return Ok(rows.slice(row, 1));
    }
    take_record_batch(rows, &UInt64Array::from_iter_values([row as u64]))
}
