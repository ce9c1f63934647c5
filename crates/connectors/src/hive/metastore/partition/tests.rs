use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Int32Type, TimeUnit, TimestampMicrosecondType,
};

use super::{NULL, Partition, escaped, name_of, unescaped, values_of};

fn keys() -> Vec<Field> {
    vec![
        Field::new("dt", DataType::Date32, true),
        Field::new("hour", DataType::Int32, true),
        Field::new("kind", DataType::Utf8, true),
    ]
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn values_have_the_types_of_their_columns() {
    let values = values_of(&keys(), &texts(&["1970-01-03", "07", "a/b"])).expect("values");
    assert_eq!(values[0].as_primitive::<Date32Type>().value(0), 2);
    assert_eq!(values[1].as_primitive::<Int32Type>().value(0), 7);
    assert_eq!(values[2].as_string::<i32>().value(0), "a/b");
    let nulls = values_of(&keys(), &texts(&[NULL, NULL, NULL])).expect("values");
    assert!(nulls.iter().all(|value| value.is_null(0)));
    assert!(values_of(&keys(), &texts(&["1970-01-03", "x", "a"])).is_err());
    assert!(values_of(&keys(), &texts(&["1970-01-03"])).is_err());
}

#[test]
fn values_may_be_decimals_times_and_booleans() {
    let keys = [
        Field::new("price", DataType::Decimal128(6, 2), true),
        Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("flag", DataType::Boolean, true),
    ];
    for (at, micros) in [
        ("1970-01-01 00:00:01.5", 1_500_000),
        ("1970-1-1 0:0:2", 2_000_000),
        ("1970-01-02", 86_400_000_000),
    ] {
        let values = values_of(&keys, &texts(&["-1.5", at, "true"])).expect("values");
        assert_eq!(values[0].as_primitive::<Decimal128Type>().value(0), -150);
        let found = values[1].as_primitive::<TimestampMicrosecondType>();
        assert_eq!(found.value(0), micros, "{at}");
        assert!(values[2].as_boolean().value(0));
    }
    for wrong in [
        ["x", "1970-01-02", "true"],
        ["1", "noon", "true"],
        ["1", "1970-01-02", "7"],
    ] {
        values_of(&keys, &texts(&wrong)).expect_err("no value");
    }
}

#[test]
fn days_are_read_as_hive_reads_them() {
    let keys = [Field::new("dt", DataType::Date32, true)];
    for text in ["1970-1-03", "1970-01-3", "1970-01-03 00:00:00"] {
        let values = values_of(&keys, &texts(&[text])).expect(text);
        assert_eq!(values[0].as_primitive::<Date32Type>().value(0), 2);
    }
}

#[test]
fn names_are_escaped_as_hive_does() {
    let name = name_of(&keys(), &texts(&["1970-01-03", "7", "a/b=c:d %"]));
    assert_eq!(name, "dt=1970-01-03/hour=7/kind=a%2Fb%3Dc%3Ad %25");
    for text in ["a/b=c", "100%", "%2", "\u{1}", "é中", "x[y]{z"] {
        assert_eq!(unescaped(&escaped(text)), text);
    }
}

#[test]
fn values_are_found_in_a_path_again() {
    let path = Path::new("/w/orders/dt=1970-01-03/hour=7/kind=a%2Fb/000000_0");
    let values = Partition::values_by_path(&keys(), path).expect("values");
    assert_eq!(values[2].as_string::<i32>().value(0), "a/b");
    assert!(Partition::values_by_path(&keys(), Path::new("/w/elsewhere/000000_0")).is_none());
}
