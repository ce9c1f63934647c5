//! A time in seconds or milliseconds is compared with a constant as it is: the constant keeps its fraction.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Field, Schema, TimeUnit, TimestampMillisecondType, TimestampSecondType,
};
use millstream_sql::{ColumnCondition, ColumnTest, Query};

use crate::support::{batch, json};

const ROWS: &str = r#"{"id":1,"sec":"2024-02-29T12:30:15","ms":"2024-02-29T12:30:15.999","us":"2024-02-29T12:30:15.999100","dt":"2024-02-29"}
{"id":2,"sec":"1969-12-31T23:59:59","ms":"1969-12-31T23:59:59.999","us":"1969-12-31T23:59:59.999900","dt":"1969-12-31"}
{"id":3}"#;

fn schema() -> Schema {
    let time = |name: &str, unit| Field::new(name, DataType::Timestamp(unit, None), true);
    Schema::new(vec![
        Field::new("id", DataType::Int32, true),
        time("sec", TimeUnit::Second),
        time("ms", TimeUnit::Millisecond),
        time("us", TimeUnit::Microsecond),
        Field::new("dt", DataType::Date32, true),
    ])
}

fn planned(sql: &str) -> Query {
    Query::plan(sql, "t1", &schema()).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

fn answer(sql: &str) -> RecordBatch {
    let rows = planned(sql).evaluate(&batch(&schema(), ROWS));
    rows.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// The ids of the rows that a condition keeps.
fn kept(condition: &str) -> String {
    let rows = json(&answer(&format!("select id from t1 where {condition}")));
    let ids = rows.iter().map(|row| {
        let id = row.trim_start_matches("{\"id\":");
        id.trim_end_matches('}')
    });
    ids.collect::<Vec<_>>().join(" ")
}

#[test]
fn fractions_of_constants_count() {
    for (condition, expected) in [
        ("ms = '2024-02-29 12:30:15.9991'", ""),
        ("ms = '2024-02-29 12:30:15.999'", "1"),
        ("ms = timestamp '2024-02-29 12:30:15.999'", "1"),
        ("ms <> '2024-02-29 12:30:15.9991'", "1 2"),
        ("ms < timestamp '2024-02-29 12:30:15.9991'", "1 2"),
        ("ms < timestamp '2024-02-29 12:30:15.999'", "2"),
        ("timestamp '2024-02-29 12:30:15.9991' > ms", "1 2"),
        ("ms >= '2024-02-29 12:30:15.9995'", ""),
        ("ms >= '2024-02-29 12:30:15.999'", "1"),
        ("ms > '2024-02-29 12:30:15.9989'", "1"),
        (
            "ms in ('2024-02-29 12:30:15.9991', '1969-12-31 23:59:59.999')",
            "2",
        ),
        ("ms not in ('2024-02-29 12:30:15.9991')", "1 2"),
        (
            "ms between '2024-02-29 12:30:15.9981' and '2024-02-29 12:30:15.9991'",
            "1",
        ),
        ("ms is distinct from '2024-02-29 12:30:15.9991'", "1 2 3"),
        ("ms is not distinct from '2024-02-29 12:30:15.999'", "1"),
        ("ms < '1969-12-31 23:59:59.9991'", "2"),
        ("ms > '1969-12-31 23:59:59.9989'", "1 2"),
        ("ms >= '1969-12-31 23:59:59.9991'", "1"),
        ("ms < '9999-12-31'", "1 2"),
        ("sec = '2024-02-29 12:30:15.5'", ""),
        ("sec < '2024-02-29 12:30:15.5'", "1 2"),
        ("sec > '1969-12-31 23:59:58.5'", "1 2"),
        ("sec = timestamp '2024-02-29 12:30:15'", "1"),
        (
            "to_timestamp_seconds(to_unixtime(us)) = '2024-02-29 12:30:15.5'",
            "",
        ),
        (
            "to_timestamp_seconds(to_unixtime(us)) = '2024-02-29 12:30:15'",
            "1",
        ),
        (
            "cast(us as timestamp(0)) = timestamp '2024-02-29 12:30:15.9991'",
            "",
        ),
        (
            "cast(us as timestamp(0)) = timestamp '2024-02-29 12:30:15'",
            "1",
        ),
        (
            "cast(us as timestamp(3)) = timestamp '2024-02-29 12:30:15.999'",
            "1",
        ),
        (
            "cast(us as timestamp(3)) = timestamp '2024-02-29 12:30:15.9991'",
            "",
        ),
        (
            "cast(dt as timestamp(0)) < timestamp '2024-02-29 00:00:00.5'",
            "1 2",
        ),
        (
            "cast(dt as timestamp(0)) = timestamp '2024-02-29 00:00:00.5'",
            "",
        ),
        ("cast(sec as timestamp(3)) = '2024-02-29 12:30:15.5'", ""),
        (
            "cast(cast(sec as timestamp(3)) as timestamp) = '2024-02-29 12:30:15'",
            "1",
        ),
    ] {
        assert_eq!(kept(condition), expected, "{condition}");
    }
}

/// What a condition holds a column against, since 1970 in the column's unit.
fn told(condition: &ColumnCondition) -> (&'static str, Vec<i64>) {
    let (test, values) = match &condition.test {
        ColumnTest::Equal(values) => ("=", values),
        ColumnTest::Less(values) => ("<", values),
        ColumnTest::LessOrEqual(values) => ("<=", values),
        ColumnTest::Greater(values) => (">", values),
        ColumnTest::GreaterOrEqual(values) => (">=", values),
        ColumnTest::OneOf(values) => ("in", values),
        other => panic!("{other:?}"),
    };
    let values = if condition.column == 1 {
        values
            .as_primitive::<TimestampSecondType>()
            .values()
            .to_vec()
    } else {
        let values = values.as_primitive::<TimestampMillisecondType>();
        values.values().to_vec()
    };
    (test, values)
}

#[test]
fn files_of_columns_are_told_in_their_own_unit() {
    for (condition, expected) in [
        ("ms >= '1970-01-01 00:00:01'", vec![(">=", vec![1_000])]),
        ("ms = '1970-01-01 00:00:00.001'", vec![("=", vec![1])]),
        ("ms < '1970-01-01 00:00:00.0015'", vec![("<=", vec![1])]),
        ("ms >= '1970-01-01 00:00:00.0015'", vec![(">", vec![1])]),
        ("ms <= '1969-12-31 23:59:59.9995'", vec![("<=", vec![-1])]),
        ("ms = '1970-01-01 00:00:00.0015'", vec![]),
        (
            "ms between '1970-01-01' and '1970-01-01 00:00:01.999999'",
            vec![(">=", vec![0]), ("<=", vec![1_999])],
        ),
        (
            "ms in ('1970-01-01 00:00:01', '1970-01-01 00:00:02')",
            vec![("in", vec![1_000, 2_000])],
        ),
        ("sec > '1970-01-01 00:00:01.5'", vec![(">", vec![1])]),
    ] {
        let query = planned(&format!("select id from t1 where {condition}"));
        let found: Vec<_> = query.conditions().iter().map(told).collect();
        assert_eq!(found, expected, "{condition}");
    }
}
