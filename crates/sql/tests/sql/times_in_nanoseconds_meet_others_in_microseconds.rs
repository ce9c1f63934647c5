//! Times in nanoseconds, as Parquet files of pandas have them, are right beside every other time: they meet text, days and times
//! in microseconds, and nothing becomes bad because nanoseconds end in 2262. Handed on alone they keep their digits.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit, TimestampNanosecondType};
use millstream_sql::{ColumnCondition, ColumnTest, Query};

use crate::support::{batch, json};

const ROWS: &str = r#"{"id":1,"ns":"2024-02-29T12:30:15.001234567","us":"9999-12-31T23:59:59","dt":"9999-12-31","s":"2024-02-29 12:30:15.001234"}
{"id":2,"ns":"1969-12-31T23:59:59.999999999","us":"2024-02-29T12:30:15","dt":"0001-01-01","s":"9999-12-31"}
{"id":3,"us":"2024-02-29T12:30:15","dt":"2024-02-29","s":"2024-02-29"}"#;

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("id", DataType::Int32, true),
        Field::new("ns", DataType::Timestamp(TimeUnit::Nanosecond, None), true),
        Field::new("us", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("dt", DataType::Date32, true),
        Field::new("s", DataType::Utf8, true),
    ])
}

fn planned(sql: &str) -> Query {
    Query::plan(sql, "t1", &schema()).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

fn answer(sql: &str) -> RecordBatch {
    let rows = batch(&schema(), ROWS);
    let rows = planned(sql).evaluate(&rows);
    rows.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// The values of one column, without quotes.
fn column(sql: &str, name: &str) -> String {
    let rows = json(&answer(sql)).into_iter().map(|row| {
        let value = row.trim_start_matches(&format!("{{\"{name}\":"));
        value.trim_end_matches('}').trim_matches('"').to_owned()
    });
    rows.collect::<Vec<_>>().join(" ")
}

#[test]
fn conditions_hold_whatever_stands_beside_them() {
    for (condition, expected) in [
        ("ns < '9999-12-31'", "1 2"),
        ("'9999-12-31' <= ns", ""),
        ("ns > '1600-01-01'", "1 2"),
        ("ns < date '9999-12-31'", "1 2"),
        ("ns < timestamp '9999-12-31 00:00:00'", "1 2"),
        ("ns between '0001-01-01' and '9999-12-31'", "1 2"),
        ("ns in ('9999-12-31')", ""),
        ("ns in ('9999-12-31', '2024-02-29 12:30:15.001234')", "1"),
        ("ns not in ('9999-12-31')", "1 2"),
        ("ns = '2024-02-29 12:30:15.001234'", "1"),
        ("ns = '1969-12-31 23:59:59.999999'", "2"),
        ("ns <= '1969-12-31 23:59:59.999999'", "2"),
        ("ns > '1969-12-31 23:59:59.999999'", "1"),
        ("ns is distinct from '9999-12-31'", "1 2 3"),
        ("ns = s", "1"),
        ("ns < s", "2"),
        ("ns < us", "1 2"),
        ("ns >= dt", "2"),
        ("ns < now()", "1 2"),
        (
            "case ns when '9999-12-31' then false else true end",
            "1 2 3",
        ),
        ("date_part('epoch', us - ns) > 0", "1 2"),
        ("to_timestamp_nanos('2024-02-29') < '9999-12-31'", "1 2 3"),
        ("to_timestamp_nanos('2024-02-29 12:30:15') = us", "2 3"),
        // Among themselves all of their digits count.
        (
            "ns = to_timestamp_nanos('2024-02-29 12:30:15.001234567')",
            "1",
        ),
        (
            "ns < to_timestamp_nanos('2024-02-29 12:30:15.001234568')",
            "1 2",
        ),
        (
            "ns = to_timestamp_nanos('2024-02-29 12:30:15.001234568')",
            "",
        ),
    ] {
        let found = column(&format!("select id from t1 where {condition}"), "id");
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn values_are_handed_on_whatever_stands_beside_them() {
    for (expression, expected) in [
        (
            "ns",
            "2024-02-29T12:30:15.001234567 1969-12-31T23:59:59.999999999 null",
        ),
        (
            "coalesce(ns, null)",
            "2024-02-29T12:30:15.001234567 1969-12-31T23:59:59.999999999 null",
        ),
        (
            "cast(ns as string)",
            "2024-02-29 12:30:15.001234 1969-12-31 23:59:59.999999 null",
        ),
        (
            "concat(ns, '!')",
            "2024-02-29 12:30:15.001234! 1969-12-31 23:59:59.999999! !",
        ),
        (
            "date_format(ns, 'yyyy-MM-dd HH:mm:ss')",
            "2024-02-29 12:30:15 1969-12-31 23:59:59 null",
        ),
        (
            "coalesce(ns, '9999-12-31')",
            "2024-02-29T12:30:15.001234 1969-12-31T23:59:59.999999 9999-12-31T00:00:00",
        ),
        (
            "nullif(ns, '9999-12-31')",
            "2024-02-29T12:30:15.001234 1969-12-31T23:59:59.999999 null",
        ),
        (
            "greatest(ns, us)",
            "9999-12-31T23:59:59 2024-02-29T12:30:15 2024-02-29T12:30:15",
        ),
        (
            "least(ns, date '9999-12-31')",
            "2024-02-29T12:30:15.001234 1969-12-31T23:59:59.999999 9999-12-31T00:00:00",
        ),
        (
            "case when id = 2 then ns else us end",
            "9999-12-31T23:59:59 1969-12-31T23:59:59.999999 2024-02-29T12:30:15",
        ),
        (
            "array_element([ns, us], 2)",
            "9999-12-31T23:59:59 2024-02-29T12:30:15 2024-02-29T12:30:15",
        ),
        (
            "date_trunc('second', ns)",
            "2024-02-29T12:30:15 1969-12-31T23:59:59 null",
        ),
        (
            "cast(ns as timestamp)",
            "2024-02-29T12:30:15.001234 1969-12-31T23:59:59.999999 null",
        ),
    ] {
        let found = column(&format!("select {expression} as x from t1"), "x");
        assert_eq!(found, expected, "{expression}");
    }
}

#[test]
fn the_selects_of_a_union_meet_as_well() {
    for (other, expected) in [
        (
            "us",
            "2024-02-29T12:30:15.001234 9999-12-31T23:59:59 1969-12-31T23:59:59.999999 2024-02-29T12:30:15 null 2024-02-29T12:30:15",
        ),
        (
            "dt",
            "2024-02-29T12:30:15.001234 9999-12-31T00:00:00 1969-12-31T23:59:59.999999 0001-01-01T00:00:00 null 2024-02-29T00:00:00",
        ),
        (
            "ns",
            "2024-02-29T12:30:15.001234567 2024-02-29T12:30:15.001234567 1969-12-31T23:59:59.999999999 1969-12-31T23:59:59.999999999 null null",
        ),
    ] {
        let sql = format!("select ns as x from t1 union all select {other} from t1");
        assert_eq!(column(&sql, "x"), expected, "{other}");
    }
}

/// Since 1970, of what a condition holds a column against.
fn nanos(condition: &ColumnCondition) -> (&'static str, i64) {
    let (test, value) = match &condition.test {
        ColumnTest::Less(value) => ("<", value),
        ColumnTest::GreaterOrEqual(value) => (">=", value),
        other => panic!("{other:?}"),
    };
    assert_eq!(condition.column, 1);
    (
        test,
        value.as_primitive::<TimestampNanosecondType>().value(0),
    )
}

#[test]
fn files_of_columns_are_still_told_which_rows_are_kept() {
    for (condition, expected) in [
        ("ns < '1970-01-01 00:00:01'", vec![("<", 1_000_000_000)]),
        ("ns <= '1970-01-01 00:00:01'", vec![("<", 1_000_001_000)]),
        ("ns >= '1970-01-01 00:00:01'", vec![(">=", 1_000_000_000)]),
        ("ns > '1970-01-01 00:00:01'", vec![(">=", 1_000_001_000)]),
        (
            "ns = '1970-01-01 00:00:01'",
            vec![(">=", 1_000_000_000), ("<", 1_000_001_000)],
        ),
        (
            "ns in ('1970-01-01 00:00:02', '1970-01-01 00:00:01')",
            vec![(">=", 1_000_000_000), ("<", 2_000_001_000)],
        ),
        ("ns between '1970-01-01' and '9999-12-31'", vec![(">=", 0)]),
        ("ns <> '1970-01-01 00:00:01'", vec![]),
    ] {
        let query = planned(&format!("select id from t1 where {condition}"));
        let told: Vec<_> = query.conditions().iter().map(nanos).collect();
        assert_eq!(told, expected, "{condition}");
    }
}
