use arrow::datatypes::{DataType, TimeUnit};

use super::data_type;

#[test]
fn plain_types_become_those_of_the_guide() {
    for (text, expected) in [
        ("boolean", DataType::Boolean),
        ("tinyint", DataType::Int8),
        ("INT", DataType::Int32),
        ("bigint", DataType::Int64),
        ("double", DataType::Float64),
        ("varchar(10)", DataType::Utf8),
        ("char(3)", DataType::Utf8),
        ("decimal(12,2)", DataType::Decimal128(12, 2)),
        ("decimal", DataType::Decimal128(10, 0)),
        (
            "timestamp",
            DataType::Timestamp(TimeUnit::Microsecond, None),
        ),
        ("date", DataType::Date32),
        ("binary", DataType::Binary),
    ] {
        assert_eq!(data_type(text), Some(expected), "{text}");
    }
}

#[test]
fn types_hold_types() {
    let text = "struct<a:int,b:array<map<string,decimal(5,1)>>,c:struct<d:date>>";
    let shown = data_type(text).expect(text).to_string();
    for part in ["\"a\"", "\"b\"", "Decimal128(5, 1)", "Date32"] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn what_is_not_known_is_no_type() {
    for text in [
        "",
        "uniontype<int,string>",
        "interval_day_time",
        "timestamp with local time zone",
        "array<int",
        "array<>",
        "int)",
        "decimal(999,1)",
        "struct<a>",
    ] {
        assert_eq!(data_type(text), None, "{text}");
    }
    let deep = format!("{}int{}", "array<".repeat(100), ">".repeat(100));
    assert_eq!(data_type(&deep), None);
}
