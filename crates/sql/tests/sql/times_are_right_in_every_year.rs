//! Times from the year 1 to 9999 are compared, cut and converted as any other; nothing becomes null or bad. What lies beyond
//! every calendar is bad, and not null.

use millstream_sql::schema::parse_struct;

use crate::support::{batch, json, plan, run, value};

const SCHEMA: &str = "struct<id:Int,ts:Timestamp,dt:Date,s:String,d:Double>";
const ROWS: &str = r#"{"id":1,"ts":"2024-02-29T12:30:15","dt":"2024-02-29","s":"2024-02-29 12:30:15","d":1.5}
{"id":2,"ts":"9999-12-31T23:59:59","dt":"9999-12-31","s":"9999-12-31 23:59:59","d":253402300799.25}
{"id":3,"ts":"0001-01-01T00:00:00","dt":"0001-01-01","s":"0001-01-01 00:00:00","d":-62135596800}"#;

fn ids(condition: &str) -> String {
    let rows = run(
        SCHEMA,
        ROWS,
        &format!("select id from t1 where {condition}"),
    );
    let ids: Vec<&str> = rows
        .iter()
        .map(|row| row.trim_start_matches("{\"id\":").trim_end_matches('}'))
        .collect();
    ids.join(" ")
}

fn values(expression: &str) -> String {
    let rows = run(SCHEMA, ROWS, &format!("select {expression} as x from t1"));
    let values: Vec<&str> = rows
        .iter()
        .map(|row| row.trim_start_matches("{\"x\":").trim_end_matches('}'))
        .map(|value| value.trim_matches('"'))
        .collect();
    values.join(" ")
}

#[test]
fn conditions_on_times_hold_in_every_year() {
    for (condition, expected) in [
        ("ts >= '9999-12-31'", "2"),
        ("'9999-12-31' <= ts", "2"),
        ("ts = '9999-12-31 23:59:59'", "2"),
        ("ts <> '9999-12-31 23:59:59'", "1 3"),
        ("ts is distinct from '9999-12-31 23:59:59'", "1 3"),
        ("ts between '0001-01-01' and '1970-01-01'", "3"),
        ("ts not between '0001-01-01' and '1970-01-01'", "1 2"),
        ("'2024-02-29 12:30:15' between ts and ts", "1"),
        ("ts in ('9999-12-31 23:59:59', '2024-01-01 00:00:00')", "2"),
        ("ts not in ('9999-12-31 23:59:59')", "1 3"),
        ("ts >= timestamp '9999-12-31 00:00:00'", "2"),
        ("ts > date '9999-12-31'", "2"),
        ("dt < ts", "1 2"),
        ("dt = '9999-12-31'", "2"),
        ("ts >= dt", "1 2 3"),
        ("ts = s", "1 2 3"),
        ("s = ts", "1 2 3"),
        ("ts = cast(s as timestamp)", "1 2 3"),
        ("ts = to_timestamp(s)", "1 2 3"),
        ("ts = to_timestamp_micros(s)", "1 2 3"),
        ("ts = to_timestamp_millis(s)", "1 2 3"),
        ("ts = to_timestamp_seconds(s)", "1 2 3"),
        ("ts = to_timestamp(s, '%Y-%m-%d %H:%M:%S')", "1 2 3"),
        ("ts = to_timestamp(s, 'yyyy-MM-dd HH:mm:ss')", "1 2 3"),
        (
            "to_unixtime(ts) = to_unixtime(s, 'yyyy-MM-dd HH:mm:ss')",
            "1 2 3",
        ),
        (
            "ts = to_timestamp(s, '%d.%m.%Y', '%Y-%m-%d %H:%M:%S')",
            "1 2 3",
        ),
        ("ts = to_timestamp(to_unixtime(ts))", "1 2 3"),
        ("ts = from_unixtime(to_unixtime(s))", "1 2 3"),
        ("ts = from_unixtime(to_unixtime(ts))", "1 2 3"),
        ("dt = to_date(s, '%Y-%m-%d %H:%M:%S')", "1 2 3"),
        ("dt = cast(ts as date)", "1 2 3"),
        (
            "case ts when '9999-12-31 23:59:59' then false else true end",
            "1 3",
        ),
        (
            "ts - interval '1' day < '9999-12-31' and ts > '9999-01-01'",
            "2",
        ),
        ("ts < now()", "1 3"),
        ("extract(year from ts) = 9999", "2"),
        ("date_part('year', '9999-12-31 23:59:59') = 9999", "1 2 3"),
        ("extract(year from s) > 2023", "1 2"),
    ] {
        assert_eq!(ids(condition), expected, "{condition}");
    }
}

#[test]
fn functions_of_times_answer_in_every_year() {
    for (expression, expected) in [
        (
            "date_trunc('month', ts)",
            "2024-02-01T00:00:00 9999-12-01T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "date_trunc('quarter', ts)",
            "2024-01-01T00:00:00 9999-10-01T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "date_trunc('YEAR', s)",
            "2024-01-01T00:00:00 9999-01-01T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "date_trunc('week', dt)",
            "2024-02-26T00:00:00 9999-12-27T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "date_trunc('day', ts)",
            "2024-02-29T00:00:00 9999-12-31T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "date_trunc('hour', ts)",
            "2024-02-29T12:00:00 9999-12-31T23:00:00 0001-01-01T00:00:00",
        ),
        (
            "date_bin(interval '15' minute, ts)",
            "2024-02-29T12:30:00 9999-12-31T23:45:00 0001-01-01T00:00:00",
        ),
        (
            "date_bin(interval '2' month, ts)",
            "2024-01-01T00:00:00 9999-11-01T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "date_bin(interval '1' day, s, '2020-01-01 03:00:00')",
            "2024-02-29T03:00:00 9999-12-31T03:00:00 0000-12-31T03:00:00",
        ),
        (
            "nullif(ts, '9999-12-31 23:59:59')",
            "2024-02-29T12:30:15 null 0001-01-01T00:00:00",
        ),
        (
            "coalesce(ts, to_timestamp('2024-01-01'))",
            "2024-02-29T12:30:15 9999-12-31T23:59:59 0001-01-01T00:00:00",
        ),
        (
            "coalesce(nullif(ts, '9999-12-31 23:59:59'), '9999-01-01')",
            "2024-02-29T12:30:15 9999-01-01T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "greatest(ts, '2024-03-01', dt)",
            "2024-03-01T00:00:00 9999-12-31T23:59:59 2024-03-01T00:00:00",
        ),
        (
            "least(ts, date '2024-03-01')",
            "2024-02-29T12:30:15 2024-03-01T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "nvl(ts, '9999-12-31')",
            "2024-02-29T12:30:15 9999-12-31T23:59:59 0001-01-01T00:00:00",
        ),
        (
            "case when id = 1 then ts else '9999-12-31' end",
            "2024-02-29T12:30:15 9999-12-31T00:00:00 9999-12-31T00:00:00",
        ),
        (
            "to_timestamp(d)",
            "1970-01-01T00:00:01.500 9999-12-31T23:59:59.250 0001-01-01T00:00:00",
        ),
        ("to_unixtime(s)", "1709209815 253402300799 -62135596800"),
        (
            "to_local_time(ts)",
            "2024-02-29T12:30:15 9999-12-31T23:59:59 0001-01-01T00:00:00",
        ),
        (
            "ts + interval '1' month - interval '1' month",
            "2024-02-29T12:30:15 9999-12-31T23:59:59 0001-01-01T00:00:00",
        ),
        ("to_char(ts, '%Y-%m')", "2024-02 9999-12 0001-01"),
        (
            "extract(epoch from ts)",
            "1709209815.0 2.53402300799e11 -6.21355968e10",
        ),
    ] {
        assert_eq!(values(expression), expected, "{expression}");
    }
}

#[test]
fn series_and_spans_of_times_answer_in_every_year() {
    for (expression, expected) in [
        (
            "generate_series(date_trunc('year', ts), ts, interval '1' month)[1]",
            "2024-01-01T00:00:00 9999-01-01T00:00:00 0001-01-01T00:00:00",
        ),
        (
            "range(ts - interval '40' day, s, interval '1' month)[2]",
            "2024-02-20T12:30:15 9999-12-21T23:59:59 0000-12-22T00:00:00",
        ),
        (
            "array_length(range(ts, ts + interval '3' day, interval '1' day))",
            "3 3 3",
        ),
        (
            "array_length(range(ts, ts - interval '3' day, interval '-1' day))",
            "3 3 3",
        ),
        (
            "array_length(generate_series(ts, ts + interval '3' day, interval '1' day))",
            "4 4 4",
        ),
        (
            "array_length(generate_series(ts, ts, interval '1' day))",
            "1 1 1",
        ),
        (
            "date_part('epoch', ts - timestamp '2024-02-29 12:30:15')",
            "0.0 2.51693090984e11 -6.3844806615e10",
        ),
        (
            "date_part('day', ts - timestamp '2024-02-29 12:30:15')",
            "0 2913114 -738944",
        ),
        (
            "date_part('epoch', now() - ts) is null",
            "false false false",
        ),
    ] {
        assert_eq!(values(expression), expected, "{expression}");
    }
}

#[test]
fn a_time_that_no_calendar_has_makes_its_record_alone_a_bad_one() {
    const NUMBERS: &str = "struct<n:BigInt>";
    let rows = "{\"n\":0}\n{\"n\":99999999999999}\n{}\n{\"n\":86400}";
    let input = batch(&parse_struct(NUMBERS).unwrap(), rows);
    let days = ["\"1970-01-01\"", "null", "\"1970-01-02\""];
    for (expression, expected) in [
        ("date_format(from_unixtime(n), 'yyyy-MM-dd')", days),
        ("to_char(from_unixtime(n), 'YYYY-MM-DD')", days),
        ("from_unixtime(n, 'yyyy-MM-dd')", days),
        (
            "date_format(to_timestamp_millis(n * 1000), 'yyyy-MM-dd')",
            days,
        ),
        (
            "date_format(from_unixtime(n), case when n < 0 then 'yyyy' else 'yyyy-MM-dd' end)",
            days,
        ),
        ("extract(day from from_unixtime(n))", ["1", "null", "2"]),
        (
            "extract(year from to_timestamp_millis(n * 1000))",
            ["1970", "null", "1970"],
        ),
        (
            "date_part('hour', to_timestamp_micros(n * 90000))",
            ["0", "null", "2"],
        ),
    ] {
        let query = plan(NUMBERS, &format!("select {expression} as x from t1"));
        let answer = query.evaluate_isolating(&input).unwrap();
        let expected = expected.map(|value| format!("{{\"x\":{value}}}"));
        assert_eq!(json(&answer.rows), expected, "{expression}");
        let [failure] = answer.failures.as_slice() else {
            panic!("{expression}: {:?}", answer.failures);
        };
        assert_eq!(failure.row, 1, "{expression}");
        let why = &failure.message;
        assert!(
            why.contains("a time that no calendar has: "),
            "{expression}: {why}"
        );
    }
}

#[test]
fn a_fraction_has_six_digits() {
    let row = r#"{"id":1}"#;
    for (expression, expected) in [
        (
            "timestamp '2024-01-01 00:00:00.123456'",
            "2024-01-01T00:00:00.123456",
        ),
        (
            "cast('2024-01-01 00:00:00.123456' as timestamp(3))",
            "2024-01-01T00:00:00.123",
        ),
        (
            "cast('2024-01-01 00:00:00.123456' as timestamp(0))",
            "2024-01-01T00:00:00",
        ),
        (
            "to_timestamp('2024-01-01 00:00:00.123456')",
            "2024-01-01T00:00:00.123456",
        ),
        ("to_timestamp(0.25)", "1970-01-01T00:00:00.250"),
    ] {
        let expected = format!("\"{expected}\"");
        assert_eq!(
            value("struct<id:Int>", row, expression),
            expected,
            "{expression}"
        );
    }
}

#[test]
fn constants_are_cut_in_every_year() {
    let row = r#"{"ts":"2024-02-29T12:30:15"}"#;
    for (unit, late, early) in [
        ("day", "9999-12-31T00:00:00", "0001-01-01T00:00:00"),
        ("hour", "9999-12-31T23:00:00", "0001-01-01T12:00:00"),
        ("Minute", "9999-12-31T23:59:00", "0001-01-01T12:34:00"),
        ("second", "9999-12-31T23:59:59", "0001-01-01T12:34:56"),
        (
            "millisecond",
            "9999-12-31T23:59:59.123",
            "0001-01-01T12:34:56.789",
        ),
        (
            "microsecond",
            "9999-12-31T23:59:59.123456",
            "0001-01-01T12:34:56.789012",
        ),
    ] {
        for (time, expected) in [
            ("9999-12-31 23:59:59.123456", late),
            ("0001-01-01 12:34:56.789012", early),
        ] {
            let expression = format!("date_trunc('{unit}', timestamp '{time}')");
            let found = value("struct<ts:Timestamp>", row, &expression);
            assert_eq!(found, format!("\"{expected}\""), "{expression}");
        }
    }
    let before = "date_trunc('second', timestamp '1969-12-31 23:59:58.5')";
    assert_eq!(
        value("struct<ts:Timestamp>", row, before),
        "\"1969-12-31T23:59:58\""
    );
    assert_eq!(
        ids("ts < date_trunc('day', timestamp '9999-12-31 23:59:59')"),
        "1 3"
    );
}

#[test]
fn a_time_that_is_moved_by_parts_of_its_unit_keeps_them() {
    let row = r#"{"m":"2024-02-29T12:30:15.250"}"#;
    for (expression, expected) in [
        ("m + interval '1' microsecond", "2024-02-29T12:30:15.250001"),
        ("m - interval '1' microsecond", "2024-02-29T12:30:15.249999"),
        ("interval '1' microsecond + m", "2024-02-29T12:30:15.250001"),
        ("m + interval '1' millisecond", "2024-02-29T12:30:15.251"),
        (
            "cast(m as timestamp(0)) + interval '1' millisecond",
            "2024-02-29T12:30:15.001",
        ),
        ("m + interval '1' day", "2024-03-01T12:30:15.250"),
    ] {
        let found = value("struct<m:Timestamp(3)>", row, expression);
        assert_eq!(found, format!("\"{expected}\""), "{expression}");
    }
}

#[test]
fn a_fraction_that_is_cut_off_before_1970_leaves_an_earlier_time() {
    let row = r#"{"ts":"1969-12-31T23:59:59.999999"}"#;
    for (expression, expected) in [
        ("to_unixtime(ts)", "-1"),
        ("unix_timestamp(ts)", "-1"),
        ("to_timestamp_seconds(ts)", "\"1969-12-31T23:59:59\""),
        ("to_timestamp_millis(ts)", "\"1969-12-31T23:59:59.999\""),
        ("to_timestamp_micros(ts)", "\"1969-12-31T23:59:59.999999\""),
        ("cast(ts as timestamp(0))", "\"1969-12-31T23:59:59\""),
        (
            "try_cast(ts as timestamp(3))",
            "\"1969-12-31T23:59:59.999\"",
        ),
        (
            "cast(timestamp '1969-12-31 23:59:59.5' as timestamp(0))",
            "\"1969-12-31T23:59:59\"",
        ),
        (
            "cast(cast(ts as timestamp(0)) as string)",
            "\"1969-12-31 23:59:59\"",
        ),
        ("cast(ts as timestamp(0)) < ts", "true"),
        (
            "date_trunc('second', ts) = cast(ts as timestamp(0))",
            "true",
        ),
    ] {
        let value = value("struct<ts:Timestamp>", row, expression);
        assert_eq!(value, expected, "{expression}");
    }
}
