use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Decimal256Array, Int32Array, ListArray, StringArray,
    StructArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, TimeUnit, i256};
use millstream_core::columns::INEXACT_DECIMAL;

use super::{Change, usual};

#[test]
fn types_widen_and_never_narrow() {
    use DataType::{
        Boolean, Date32, Decimal128, Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt32,
        UInt64, Utf8,
    };
    for (from, to, fits) in [
        (Int8, Int16, true),
        (Int32, Int64, true),
        (Int64, Int32, false),
        (UInt8, Int16, true),
        (UInt32, Int32, false),
        (UInt32, Int64, true),
        (UInt64, Int64, false),
        (Int8, UInt8, false),
        (Float32, Float64, true),
        (Float64, Float32, false),
        (Int32, Float64, true),
        (Int64, Float64, false),
        (Int32, Float32, false),
        (Decimal128(10, 2), Decimal128(20, 2), true),
        (Decimal128(10, 2), Decimal128(12, 4), true),
        (Decimal128(10, 2), Decimal128(11, 4), false),
        (Decimal128(10, 2), Decimal128(9, 2), false),
        (Int32, Decimal128(12, 2), true),
        (Int32, Decimal128(11, 2), false),
        (Int64, Decimal128(19, 0), true),
        (Int64, Utf8, true),
        (Boolean, Utf8, true),
        (Utf8, Int64, false),
        (Boolean, Int32, false),
        (
            Date32,
            DataType::Timestamp(TimeUnit::Microsecond, None),
            true,
        ),
        (
            DataType::Timestamp(TimeUnit::Microsecond, None),
            Date32,
            false,
        ),
    ] {
        assert_eq!(Change::of(&from, &to).is_some(), fits, "{from} to {to}");
    }
}

#[test]
fn times_lose_digits_downwards_and_zones_are_utc() {
    let nanos: ArrayRef =
        Arc::new(TimestampNanosecondArray::from(vec![-1, 1_999]).with_timezone("Europe/Rome"));
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    let change = Change::of(nanos.data_type(), &micros).expect("it is cut");
    let made = change.apply(&nanos, &micros).expect("it is cut");
    let truth: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![-1, 1]));
    assert_eq!(&made, &truth);
    let plain = usual(nanos.data_type()).expect("it is read");
    let change = Change::of(nanos.data_type(), &plain).expect("it is renamed");
    let made = change.apply(&nanos, &plain).expect("it is renamed");
    assert_eq!(
        made.data_type(),
        &DataType::Timestamp(TimeUnit::Nanosecond, None)
    );
}

#[test]
fn nested_fields_widen_by_their_names() {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    let narrow = StructArray::from(vec![
        (Arc::new(Field::new("b", DataType::Utf8, true)), names),
        (Arc::new(Field::new("a", DataType::Int32, true)), numbers),
    ]);
    let narrow: ArrayRef = Arc::new(narrow);
    let wide = DataType::Struct(
        vec![
            Field::new("a", DataType::Int64, true),
            Field::new("b", DataType::Utf8, true),
            Field::new("c", DataType::Utf8, true),
        ]
        .into(),
    );
    let change = Change::of(narrow.data_type(), &wide).expect("it widens");
    let made = change.apply(&narrow, &wide).expect("it widens");
    assert_eq!(made.data_type(), &wide);
    assert_eq!(made.as_struct().column(2).null_count(), 2);
    let text = Change::of(narrow.data_type(), &DataType::Utf8).expect("it is told");
    let text = text.apply(&narrow, &DataType::Utf8).expect("it is told");
    let text = text.as_string::<i32>();
    assert_eq!(text.value(0), r#"{"b":"x","a":1}"#);
}

#[test]
fn items_of_lists_have_one_name() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let field = Arc::new(Field::new("array_element", DataType::Int32, false));
    let (_, offsets, values, nulls) = list.into_parts();
    let values =
        arrow::compute::filter(&values, &arrow::array::BooleanArray::from(vec![true, true]))
            .expect("all of them");
    let field = Arc::new(field.as_ref().clone().with_nullable(true));
    let list: ArrayRef =
        Arc::new(ListArray::try_new(field, offsets, values, nulls).expect("a list"));
    let plain = usual(list.data_type()).expect("it is read");
    let change = Change::of(list.data_type(), &plain).expect("it is read");
    let made = change.apply(&list, &plain).expect("it is read");
    let item = Field::new("item", DataType::Int32, true);
    assert_eq!(made.data_type(), &DataType::List(Arc::new(item)));
    assert_eq!(made.null_count(), 1);
}

/// The number that is written is the Double next to it, whichever way there is.
#[test]
fn decimals_become_the_doubles_next_to_them() {
    let said = [(INEXACT_DECIMAL.to_owned(), "Decimal".to_owned())];
    let double = Field::new("a", DataType::Float64, true).with_metadata(said.into());
    let changed = |array: ArrayRef| {
        let file = Field::new("a", array.data_type().clone(), true);
        let change = Change::of_column(&file, &double).expect("it is declared");
        assert_eq!(change, Change::Double);
        let made = change.apply(&array, double.data_type());
        let made = made.expect("they are decimals");
        made.as_primitive::<Float64Type>().value(0)
    };
    for (digits, behind) in [
        (1_i128, 1_i8),
        (-1_234, 2),
        (12_345_678_901_234_567_891, 2),
        (9_007_199_254_740_993, 0),
        (9_007_199_254_740_991, 22),
        (3, 30),
        (12, -3),
    ] {
        let truth: f64 = format!("{digits}e{}", -behind).parse().expect("a number");
        let decimal = Decimal128Array::from(vec![digits]);
        let decimal = decimal.with_precision_and_scale(38, behind);
        let made = changed(Arc::new(decimal.expect("it fits")));
        assert_eq!(made.to_bits(), truth.to_bits(), "{digits} {behind}");
    }
    let decimal = Decimal256Array::from(vec![i256::from_i128(15)]);
    let decimal = decimal.with_precision_and_scale(50, 1).expect("it fits");
    assert_eq!(changed(Arc::new(decimal)).to_bits(), 1.5_f64.to_bits());
}
