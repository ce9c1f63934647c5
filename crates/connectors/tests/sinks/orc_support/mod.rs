//! Rows with values of every type of ORC, and how its command line prints them.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test support: a panic is a failed test"
)]

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, ListArray, MapArray,
    RecordBatch, StringArray, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use chrono::{DateTime, NaiveDate};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The rows that have a value: all but the third.
const VALID: [bool; 6] = [true, true, false, true, true, true];

/// Six rows: the third is null throughout, the fifth has nulls within what it has.
pub(crate) fn every_type() -> RecordBatch {
    let columns = [numbers(), decimals(), texts_and_times(), nested()].concat();
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

type Columns = Vec<(&'static str, ArrayRef)>;

/// A value for each row but the third.
fn six<T>([a, b, c, d, e]: [T; 5]) -> Vec<Option<T>> {
    vec![Some(a), Some(b), None, Some(c), Some(d), Some(e)]
}

fn numbers() -> Columns {
    let flags = six([true, false, true, false, true]);
    let small = six([i16::MIN, i16::MAX, 0, 1, 2]);
    let whole = six([i32::MIN, i32::MAX, 0, 7, 7]);
    let ids = six([i64::MIN, i64::MAX, 0, -1, 1]);
    vec![
        ("flag", Arc::new(BooleanArray::from(flags))),
        ("tiny", Arc::new(Int8Array::from(six([-128, 127, 0, 1, 1])))),
        ("small", Arc::new(Int16Array::from(small))),
        ("whole", Arc::new(Int32Array::from(whole))),
        ("id", Arc::new(Int64Array::from(ids))),
        (
            "unsigned",
            Arc::new(UInt32Array::from(six([u32::MAX, 0, 1, 2, 3]))),
        ),
        (
            "float",
            Arc::new(Float32Array::from(six([0.5, -1.25, 0.0, 2.0, 3.0]))),
        ),
        (
            "double",
            Arc::new(Float64Array::from(six([0.1, -2.5, 0.0, 1.0, 1e6]))),
        ),
    ]
}

fn decimals() -> Columns {
    let decimals = |values: [i128; 5], digits, behind| -> ArrayRef {
        let values = Decimal128Array::from(six(values));
        let values = values.with_precision_and_scale(digits, behind);
        Arc::new(values.expect("decimals"))
    };
    let most = 10_i128.pow(38) - 1;
    let beyond = i128::from(i64::MAX) + 1;
    vec![
        ("money", decimals([1_250, -1, 0, -99_999_999, 100], 10, 2)),
        ("digits", decimals([most, -most, 0, -1, beyond], 38, 10)),
        ("far", decimals([most, -most, 10, -10, 1], 38, 38)),
    ]
}

fn texts_and_times() -> Columns {
    let texts = six(["ä\"", "", "x", "long long long", "y"]);
    let bytes: [&[u8]; 5] = [b"\x00\xff", b"", b"abc", b"\x7f", b"z"];
    // 1969-12-31 23:59:58.5 is in the last second but one before 1970: ORC has not all of the last one.
    let at = six([
        -1_500_000,
        1_706_932_800_123_456,
        -8_520_336_000_000_001,
        0,
        -1_000_000,
    ]);
    let instant = TimestampMicrosecondArray::from(at.clone()).with_timezone("UTC");
    let ms = six([-1_001, -62_000, 999, 1_700_000_000_000, -1_000]);
    let ns = six([1, -1_000_000_001, 123_456_789, -999_999_999, -2_000_000_000]);
    vec![
        ("text", Arc::new(StringArray::from(texts))),
        ("bytes", Arc::new(BinaryArray::from_opt_vec(six(bytes)))),
        (
            "day",
            Arc::new(Date32Array::from(six([19_782, -25_567, 0, -1, 2_932_896]))),
        ),
        ("at", Arc::new(TimestampMicrosecondArray::from(at))),
        ("instant", Arc::new(instant)),
        ("ms", Arc::new(TimestampMillisecondArray::from(ms))),
        ("ns", Arc::new(TimestampNanosecondArray::from(ns))),
    ]
}

fn nested() -> Columns {
    let names = [Some("p"), None, Some("q"), Some("r"), None, Some("s")];
    let numbers = [Some(1), Some(2), Some(3), None, None, Some(6)];
    let fields = vec![
        Arc::new(Field::new("a", DataType::Int64, true)),
        Arc::new(Field::new("b", DataType::Utf8, true)),
    ];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(numbers.to_vec())),
        Arc::new(StringArray::from(names.to_vec())),
    ];
    let valid = Some(NullBuffer::from(VALID.to_vec()));
    let parts = StructArray::new(fields.into(), columns, valid);
    vec![
        ("list", lists(&VALID, &[2, 0, 1, 3, 0, 1])),
        ("parts", Arc::new(parts)),
        ("map", maps(&VALID, &[1, 2, 1, 0, 3, 0])),
        ("deep", deep(&VALID)),
    ]
}

/// Lists of numbers, with nulls among them; those that are null have items, which nobody may see.
fn lists(valid: &[bool], lengths: &[usize]) -> ArrayRef {
    let count = lengths.iter().sum::<usize>() as i32;
    let items: Int32Array = (0..count)
        .map(|item| (item % 3 != 1).then_some(item * 1_000))
        .collect();
    Arc::new(ListArray::new(
        Arc::new(Field::new("item", DataType::Int32, true)),
        OffsetBuffer::from_lengths(lengths.iter().copied()),
        Arc::new(items),
        Some(NullBuffer::from(valid.to_vec())),
    ))
}

/// Maps of texts to decimals, some of them null.
fn maps(valid: &[bool], lengths: &[usize]) -> ArrayRef {
    let count = lengths.iter().sum::<usize>() as i128;
    let keys: StringArray = (0..count).map(|key| Some(format!("k{key}"))).collect();
    let values: Decimal128Array = (0..count)
        .map(|value| (value % 2 == 0).then_some(value * -5))
        .collect();
    let values = values.with_precision_and_scale(20, 1).expect("decimals");
    let fields = vec![
        Arc::new(Field::new("key", DataType::Utf8, false)),
        Arc::new(Field::new("value", values.data_type().clone(), true)),
    ];
    let entries = StructArray::new(fields.into(), vec![Arc::new(keys), Arc::new(values)], None);
    Arc::new(MapArray::new(
        Arc::new(Field::new("entries", entries.data_type().clone(), false)),
        OffsetBuffer::from_lengths(lengths.iter().copied()),
        entries,
        Some(NullBuffer::from(valid.to_vec())),
        false,
    ))
}

/// Lists of structs of maps of lists of times.
fn deep(valid: &[bool]) -> ArrayRef {
    let times = TimestampMicrosecondArray::from(vec![
        Some(-86_400_000_001),
        None,
        Some(5),
        Some(-2_000_000),
    ]);
    let times = ListArray::new(
        Arc::new(Field::new(
            "item",
            DataType::Timestamp(TimeUnit::Microsecond, None),
            true,
        )),
        OffsetBuffer::from_lengths([2, 0, 2, 0]),
        Arc::new(times),
        Some(NullBuffer::from(vec![true, true, true, false])),
    );
    let fields = vec![
        Arc::new(Field::new("key", DataType::Int32, false)),
        Arc::new(Field::new("value", times.data_type().clone(), true)),
    ];
    let keys = Arc::new(Int32Array::from(vec![1, 2, 3, 4]));
    let entries = StructArray::new(fields.into(), vec![keys, Arc::new(times)], None);
    let map = MapArray::new(
        Arc::new(Field::new("entries", entries.data_type().clone(), false)),
        OffsetBuffer::from_lengths([1, 0, 2, 1, 0]),
        entries,
        Some(NullBuffer::from(vec![true, true, true, false, true])),
        false,
    );
    let field = Arc::new(Field::new("m", map.data_type().clone(), true));
    let parts = StructArray::new(
        vec![field].into(),
        vec![Arc::new(map)],
        Some(NullBuffer::from(vec![true, true, false, true, true])),
    );
    Arc::new(ListArray::new(
        Arc::new(Field::new("item", parts.data_type().clone(), true)),
        OffsetBuffer::from_lengths([1, 0, 1, 2, 1, 0]),
        Arc::new(parts),
        Some(NullBuffer::from(valid.to_vec())),
    ))
}

/// Batches of those rows in an order from a seed, with runs of one row as well; the second batch has no nulls of its own.
pub(crate) fn many(batches: usize, rows: usize) -> Vec<RecordBatch> {
    let all = every_type();
    let mut random = StdRng::seed_from_u64(43);
    let mut batch = |number: usize| {
        let mut places = Vec::with_capacity(rows);
        while places.len() < rows {
            let place: u64 = random.random_range(0..6);
            let place = if number == 1 && place == 2 { 0 } else { place };
            let run = match random.random_range(0..10) {
                0 => random.random_range(1..700),
                _ => 1,
            };
            places.extend(std::iter::repeat_n(place, run));
        }
        places.truncate(rows);
        let places = arrow::array::UInt64Array::from(places);
        let mut columns: Vec<ArrayRef> = all
            .columns()
            .iter()
            .map(|column| take(column, &places, None).expect("rows"))
            .collect();
        // Numbers of all widths, and those that only grow.
        let first = number as i64 * 1_000_000;
        let ids = (0..rows as i64).map(|row| first + row * 3 + random.random_range(0..3));
        columns[4] = Arc::new(Int64Array::from_iter_values(ids));
        let wide = (0..rows).map(|row| random.random::<i32>() >> (row / 64 % 32));
        columns[3] = Arc::new(Int32Array::from_iter_values(wide));
        RecordBatch::try_new(all.schema(), columns).expect("columns of one length")
    };
    (0..batches).map(&mut batch).collect()
}

/// A row as ORC's command line prints it.
pub(crate) fn line(batch: &RecordBatch, row: usize) -> String {
    let fields = batch.schema_ref().fields().iter().zip(batch.columns());
    let fields = fields.map(|(field, array)| format!("\"{}\":{}", field.name(), value(array, row)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn value(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "null".to_owned();
    }
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::UInt32 => array
            .as_primitive::<arrow::datatypes::UInt32Type>()
            .value(row)
            .to_string(),
        DataType::Float32 => format!("{:?}", array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => format!("{:?}", array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => {
            let text = array.as_primitive::<Decimal128Type>().value_as_string(row);
            let text = match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.'),
                false => &text,
            };
            format!("\"{text}\"")
        }
        DataType::Utf8 => format!(
            "\"{}\"",
            array.as_string::<i32>().value(row).replace('"', "\\\"")
        ),
        DataType::Binary => {
            let bytes = array.as_binary::<i32>().value(row).iter();
            format!(
                "[{}]",
                bytes.map(u8::to_string).collect::<Vec<_>>().join(",")
            )
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row);
            let day = NaiveDate::from_epoch_days(days).expect("a day");
            format!("\"{day}\"")
        }
        DataType::Timestamp(unit, _) => time(array, *unit, row),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            let items = (0..items.len()).map(|item| value(&items, item));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().iter().zip(fields);
            let parts = columns
                .map(|(column, field)| format!("\"{}\":{}", field.name(), value(column, row)));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            let entry = |entry| {
                format!(
                    "{{\"_key\":{},\"_value\":{}}}",
                    value(keys, entry),
                    value(values, entry)
                )
            };
            format!(
                "[{}]",
                (0..entries.len()).map(entry).collect::<Vec<_>>().join(",")
            )
        }
        other => panic!("{other} is not among these"),
    }
}

fn time(array: &ArrayRef, unit: TimeUnit, row: usize) -> String {
    let (value, parts) = match unit {
        TimeUnit::Millisecond => (
            array.as_primitive::<TimestampMillisecondType>().value(row),
            1_000,
        ),
        TimeUnit::Microsecond => (
            array.as_primitive::<TimestampMicrosecondType>().value(row),
            1_000_000,
        ),
        _ => (
            array.as_primitive::<TimestampNanosecondType>().value(row),
            1_000_000_000,
        ),
    };
    let clock = DateTime::from_timestamp(value.div_euclid(parts), 0).expect("a time");
    let behind = value.rem_euclid(parts) * (1_000_000_000 / parts);
    let behind = format!("{behind:09}");
    let behind = match behind.trim_end_matches('0') {
        "" => "0",
        digits => digits,
    };
    format!("\"{}.{behind}\"", clock.format("%Y-%m-%d %H:%M:%S"))
}
