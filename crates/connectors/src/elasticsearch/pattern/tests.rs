use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray,
};
use millstream_core::options::FromOptionText;

use super::IndexPattern;

fn batch() -> RecordBatch {
    let columns: [(&str, ArrayRef); 6] = [
        (
            "city",
            Arc::new(StringArray::from(vec![Some("rome"), None])),
        ),
        ("id", Arc::new(Int64Array::from(vec![7, 8]))),
        ("day", Arc::new(Date32Array::from(vec![19_782, 19_783]))),
        (
            "time",
            Arc::new(TimestampMillisecondArray::from(vec![1_709_210_096_789, -1])),
        ),
        (
            "us",
            Arc::new(TimestampMicrosecondArray::from(vec![1_500, -500])),
        ),
        (
            "ns",
            Arc::new(TimestampNanosecondArray::from(vec![1_500_000, -500_000])),
        ),
    ];
    RecordBatch::try_from_iter(columns).expect("a batch")
}

#[test]
fn the_index_is_made_of_columns_and_dates() {
    let now = 1_709_210_096_789;
    for (pattern, fixed, first, second) in [
        ("orders", true, Ok("orders"), Ok("orders")),
        ("orders-{city}", false, Ok("orders-rome"), Err("city")),
        ("o-{id}", false, Ok("o-7"), Ok("o-8")),
        (
            "{ day | yyyy.MM.dd }",
            false,
            Ok("2024.02.29"),
            Ok("2024.03.01"),
        ),
        (
            "o-{time|yy_MM-HHmmss.SSS}",
            false,
            Ok("o-24_02-123456.789"),
            Ok("o-69_12-235959.999"),
        ),
        (
            "o-{us|yyyy.MM.dd-SSS}",
            false,
            Ok("o-1970.01.01-001"),
            Ok("o-1969.12.31-999"),
        ),
        (
            "o-{ns|yyyy.MM.dd-SSS}",
            false,
            Ok("o-1970.01.01-001"),
            Ok("o-1969.12.31-999"),
        ),
        ("o-{now()|yyyy}", false, Ok("o-2024"), Ok("o-2024")),
    ] {
        let parsed = IndexPattern::from_option_text(pattern).expect(pattern);
        assert_eq!(parsed.fixed().is_some(), fixed, "{pattern}");
        let indices = parsed.indices(&batch(), now).expect(pattern);
        let mut out = String::new();
        for (row, expected) in [first, second].into_iter().enumerate() {
            let put = indices.put(row, &mut out).map_err(str::to_owned);
            let found = put.map(|()| out.as_str().to_owned());
            assert_eq!(
                found,
                expected.map(str::to_owned).map_err(str::to_owned),
                "{pattern}"
            );
        }
    }
}

#[test]
fn patterns_that_are_none_are_refused() {
    for pattern in [
        "", "Orders", "_orders", "or ders", "a,b", "a{", "a}", "a{}", "a{now()}", "a{d|}",
        "a{d|ww}", "a*",
    ] {
        assert!(
            IndexPattern::from_option_text(pattern).is_err(),
            "{pattern}"
        );
    }
    for (pattern, why) in [
        ("a-{nowhere}", "which is not there"),
        ("a-{city|yyyy}", "it is of type String"),
    ] {
        let parsed = IndexPattern::from_option_text(pattern).expect(pattern);
        let told = parsed.indices(&batch(), 0).err().expect(pattern);
        assert!(told.contains(why), "{told}");
    }
}
