use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{Batch, Decoder, MessageParts, Shape};
use crate::files_source::Format;
use crate::kafka::options::ValueFormat;
use crate::kafka::partition::Partition;
use crate::rows::{BadRecord, Parsed, Reason};

fn schema(columns: &[(&str, DataType)]) -> Schema {
    let fields = columns.iter();
    let fields = fields.map(|(name, kind)| Field::new(*name, kind.clone(), true));
    Schema::new(fields.collect::<Vec<_>>())
}

/// Rows as texts, `∅` for null.
fn rows(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("∅");
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).expect("a column"))
        .collect();
    (0..batch.num_rows())
        .map(|row| {
            let values = columns.iter();
            values.map(|column| column.value(row).to_string()).collect()
        })
        .collect()
}

#[derive(Default)]
struct Outcome {
    rows: Vec<Vec<String>>,
    offsets: Vec<u64>,
    bad: Vec<BadRecord>,
}

fn decode_batch(shape: Shape, batch: &Batch) -> Outcome {
    let mut decoder = Decoder::new(Arc::new(shape), false);
    let mut out = Vec::new();
    let decoded = decoder
        .decode(batch, 0..batch.len(), &mut out)
        .expect("it decodes");
    let mut outcome = Outcome::default();
    for parsed in out {
        match parsed {
            Parsed::Rows(found) => {
                outcome.rows.extend(rows(&found.batch));
                outcome.offsets.extend(&found.origin.offsets);
            }
            Parsed::Bad(bad) => outcome.bad.extend(bad),
            Parsed::LeftOut(rows) => panic!("{rows} messages are left out"),
        }
    }
    assert_eq!(
        (decoded.rows, decoded.bad),
        (outcome.rows.len(), outcome.bad.len())
    );
    outcome
}

fn batch(values: &[Option<&[u8]>]) -> Batch {
    let mut batch = Batch::new(Partition::new("orders", 3));
    for (offset, value) in (100_i64..).zip(values) {
        let parts = MessageParts {
            offset,
            value: *value,
            ..MessageParts::default()
        };
        batch.push(parts, |out| out.extend_from_slice(b"[]"));
    }
    batch
}

fn decode(format: &ValueFormat, columns: &[(&str, DataType)], values: &[&str]) -> Outcome {
    let shape = Shape::new(format, &schema(columns), None).expect("a shape");
    let values: Vec<Option<&[u8]>> = values.iter().map(|value| Some(value.as_bytes())).collect();
    decode_batch(shape, &batch(&values))
}

/// The one value of a column that a JSON object with `field` comes to, or what is wrong.
fn json_value(kind: DataType, value: &str) -> Result<String, String> {
    let outcome = decode(&ValueFormat::Json, &[("x", kind)], &[value]);
    match (outcome.rows.as_slice(), outcome.bad.as_slice()) {
        ([row], []) => Ok(row[0].clone()),
        ([], [bad]) => Err(bad.error.clone()),
        other => panic!("{value}: {other:?}"),
    }
}

#[test]
fn the_outermost_level_of_json_becomes_columns() {
    let columns = [("id", DataType::Int32), ("name", DataType::Utf8)];
    let values = [
        r#"{"id": 1, "name": "n1"}"#,
        r#"{"name":"n2","id":2,"more":{"deep":[1,2]}}"#,
        r#" { "id" : 3 } "#,
        r#"{}"#,
        "{\"id\":5,\"name\":\"\"}\n",
    ];
    let outcome = decode(&ValueFormat::Json, &columns, &values);
    let expected = [["1", "n1"], ["2", "n2"], ["3", "∅"], ["∅", "∅"], ["5", ""]];
    assert_eq!(outcome.rows, expected);
    assert_eq!(outcome.offsets, [100, 101, 102, 103, 104]);
    assert!(outcome.bad.is_empty());
}

#[test]
fn values_of_json_become_those_of_their_columns() {
    use DataType as Kind;
    let table: &[(Kind, &str, &str)] = &[
        (
            Kind::Utf8,
            r#"{"x":"a\"\\\n\u00e9\ud83d\ude00"}"#,
            "a\"\\\né😀",
        ),
        (Kind::Utf8, r#"{"x":12.50}"#, "12.50"),
        (Kind::Utf8, r#"{"x":true}"#, "true"),
        (Kind::Utf8, r#"{"x":null}"#, "∅"),
        (Kind::Utf8, r#"{"x":"null"}"#, "null"),
        (
            Kind::Utf8,
            r#"{"x":{"a": [1, 2],"b":null}}"#,
            r#"{"a": [1, 2],"b":null}"#,
        ),
        (Kind::Utf8, r#"{"x":[]}"#, "[]"),
        (
            Kind::Utf8,
            r#"{"x":98765432109876543210}"#,
            "98765432109876543210",
        ),
        (Kind::Utf8, r#"{"x":1,"x":2}"#, "2"),
        (Kind::Utf8, r#"{"x":1,"x":null}"#, "∅"),
        (Kind::Utf8, r#"{"\u0078":"by its escape"}"#, "by its escape"),
        (Kind::Int32, r#"{"x":"7"}"#, "7"),
        (Kind::Int32, r#"{"x":" 7 "}"#, "7"),
        (Kind::Int32, r#"{"x":""}"#, "∅"),
        (
            Kind::Int64,
            r#"{"x":9223372036854775807}"#,
            "9223372036854775807",
        ),
        (
            Kind::Int64,
            r#"{"x":-9223372036854775808}"#,
            "-9223372036854775808",
        ),
        (Kind::Float64, r#"{"x":1e3}"#, "1000.0"),
        (
            Kind::Float64,
            r#"{"x":98765432109876543210}"#,
            "9.876543210987654e19",
        ),
        (Kind::Boolean, r#"{"x":false}"#, "false"),
        (Kind::Boolean, r#"{"x":"TRUE"}"#, "true"),
        (Kind::Date32, r#"{"x":"2026-07-01"}"#, "2026-07-01"),
        (
            Kind::Timestamp(TimeUnit::Millisecond, None),
            r#"{"x":1586959594000}"#,
            "2020-04-15T14:06:34",
        ),
        (
            Kind::Timestamp(TimeUnit::Millisecond, None),
            r#"{"x":"2026-07-01 12:30:00.250"}"#,
            "2026-07-01T12:30:00.250",
        ),
        (
            Kind::Decimal128(22, 2),
            r#"{"x":98765432109876543210.5}"#,
            "98765432109876543210.50",
        ),
    ];
    for (kind, value, expected) in table {
        let found = json_value(kind.clone(), value);
        assert_eq!(found.as_deref(), Ok(*expected), "{value} as {kind}");
    }
}

#[test]
fn what_is_no_row_is_set_aside_with_the_reason() {
    use DataType as Kind;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let table: &[(Kind, &str, &str)] = &[
        (Kind::Utf8, "", "an empty value instead of a JSON object"),
        (Kind::Utf8, " \n", "an empty value instead of a JSON object"),
        (Kind::Utf8, "[1]", "no JSON object"),
        (Kind::Utf8, "7", "no JSON object"),
        (Kind::Utf8, r#""x""#, "no JSON object"),
        (Kind::Utf8, "null", "no JSON object"),
        (Kind::Utf8, &deep, "no JSON object"),
        (Kind::Utf8, r#"{"x":1"#, "no JSON object: EOF"),
        (
            Kind::Utf8,
            r#"{"x":1} {"x":2}"#,
            "no JSON object: trailing characters",
        ),
        (Kind::Utf8, r#"{"x":01}"#, "no JSON object: invalid number"),
        (Kind::Utf8, r#"{"x":NaN}"#, "no JSON object: expected value"),
        (
            Kind::Utf8,
            r#"{'x':1}"#,
            "no JSON object: key must be a string",
        ),
        (
            Kind::Utf8,
            r#"{"x":"\ud800"}"#,
            "a text with an escape that means no character",
        ),
        (
            Kind::Int32,
            r#"{"x":3000000000}"#,
            "`3000000000` is not an Int",
        ),
        (
            Kind::Int64,
            r#"{"x":9223372036854775808}"#,
            "`9223372036854775808` is not a BigInt",
        ),
        (Kind::Int64, r#"{"x":1.5}"#, "`1.5` is not a BigInt"),
        (Kind::Int64, r#"{"x":true}"#, "`true` is not a BigInt"),
        (Kind::Int64, r#"{"x":{}}"#, "`{}` is not a BigInt"),
        (Kind::Boolean, r#"{"x":2}"#, "`2` is not a Boolean"),
    ];
    for (kind, value, why) in table {
        let said = json_value(kind.clone(), value).expect_err(why);
        assert!(said.starts_with(why), "{said} for {why}");
    }
}

/// A hundred thousand levels take no stack, whether somebody wants them or not.
#[test]
fn deep_nesting_is_text_like_any_other() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let value = format!(r#"{{"x":{deep},"y":{deep}}}"#);
    assert_eq!(json_value(DataType::Utf8, &value).as_deref(), Ok(&*deep));
}

#[test]
fn bytes_that_are_no_text_are_set_aside_in_every_format() {
    let csv = ValueFormat::Csv(Format::csv());
    for format in [ValueFormat::Json, csv, ValueFormat::Text] {
        let schema = schema(&[("value", DataType::Utf8)]);
        let shape = Shape::new(&format, &schema, None).expect("a shape");
        let value: &[u8] = b"{\"value\":\"\xff\"}";
        let outcome = decode_batch(shape, &batch(&[Some(value)]));
        let bad = &outcome.bad[0];
        assert_eq!(bad.error, "bytes that are not UTF-8", "{format:?}");
        assert_eq!(bad.raw, value);
        assert_eq!((&*bad.file, bad.offset, bad.line), ("orders/3", 100, None));
    }
}

#[test]
fn good_rows_of_a_batch_go_on_when_others_do_not() {
    let columns = [("id", DataType::Int32), ("on", DataType::Boolean)];
    let values = [
        r#"{"id":1,"on":true}"#,
        r#"{"id":"x","on":true}"#,
        "no json",
        r#"{"id":4,"on":9}"#,
        r#"{"id":"y","on":9}"#,
        r#"{"id":6,"on":false}"#,
    ];
    let outcome = decode(&ValueFormat::Json, &columns, &values);
    assert_eq!(outcome.rows, [["1", "true"], ["6", "false"]]);
    assert_eq!(outcome.offsets, [100, 105]);
    let bad: Vec<(u64, Option<&str>)> = outcome
        .bad
        .iter()
        .map(|bad| (bad.offset, bad.column.as_deref()))
        .collect();
    let expected = [
        (101, Some("id")),
        (102, None),
        (103, Some("on")),
        (104, Some("id")),
    ];
    assert_eq!(bad, expected);
}

#[test]
fn a_tombstone_is_a_row_of_nulls() {
    let csv = ValueFormat::Csv(Format::csv());
    for format in [ValueFormat::Json, csv, ValueFormat::Text] {
        let schema = schema(&[("value", DataType::Utf8), ("__offset", DataType::Int64)]);
        let shape = Shape::new(&format, &schema, None).expect("a shape");
        let outcome = decode_batch(shape, &batch(&[None]));
        assert_eq!(outcome.rows, [["∅", "100"]], "{format:?}");
    }
}

#[test]
fn a_value_of_csv_is_one_record() {
    let columns = [("id", DataType::Int32), ("name", DataType::Utf8)];
    let values = [
        "1,a",
        "2,\"b, \"\"c\"\"\"\r\n",
        "3,",
        "4,\"\"",
        "5",
        "6,a,b",
        "7,\"open",
        "x,a",
        "",
    ];
    let outcome = decode(&ValueFormat::Csv(Format::csv()), &columns, &values);
    let expected = [["1", "a"], ["2", "b, \"c\""], ["3", "∅"], ["4", ""]];
    assert_eq!(outcome.rows, expected);
    let bad: Vec<(u64, &str)> = outcome
        .bad
        .iter()
        .map(|bad| (bad.offset, bad.error.as_str()))
        .collect();
    let expected = [
        (104, "1 columns instead of 2"),
        (105, "3 columns instead of 2"),
        (106, "a quote that is never closed"),
        (107, "`x` is not an Int"),
        (108, "1 columns instead of 2"),
    ];
    assert_eq!(bad, expected);
}

#[test]
fn text_is_one_column() {
    let columns = [("value", DataType::Utf8)];
    let outcome = decode(&ValueFormat::Text, &columns, &["a,b\n", "", "{}"]);
    assert_eq!(outcome.rows, [["a,b\n"], [""], ["{}"]]);
    let other = schema(&[("value", DataType::Utf8), ("id", DataType::Int32)]);
    let error = Shape::new(&ValueFormat::Text, &other, None).expect_err("no such column");
    assert!(error.message().contains("`id`"), "{error}");
}

#[test]
fn columns_around_the_value_are_there_where_they_are_asked_for() {
    let columns = [
        ("__offset", DataType::Int64),
        ("name", DataType::Utf8),
        ("__key", DataType::Utf8),
        (
            "__timestamp",
            DataType::Timestamp(TimeUnit::Millisecond, None),
        ),
        ("__topic", DataType::Utf8),
        ("__partition", DataType::Int32),
        ("__headers", DataType::Utf8),
    ];
    let mut batch = Batch::new(Partition::new("orders", 3));
    let parts = MessageParts {
        offset: 7,
        timestamp: Some(1_586_959_594_000),
        value: Some(br#"{"name":"n","__key":"from the value"}"#),
        key: Some(b"k"),
    };
    batch.push(parts, |out| out.extend_from_slice(b"[1]"));
    let without = MessageParts {
        offset: 8,
        timestamp: None,
        key: None,
        ..parts
    };
    batch.push(without, |out| out.extend_from_slice(b"[]"));
    let old = MessageParts {
        offset: 9,
        timestamp: Some(0),
        key: Some(b"\xff"),
        ..parts
    };
    batch.push(old, |out| out.extend_from_slice(b"[]"));
    let shape = Shape::new(&ValueFormat::Json, &schema(&columns), None).expect("a shape");
    let outcome = decode_batch(shape, &batch);
    let expected = [
        ["7", "n", "k", "2020-04-15T14:06:34", "orders", "3", "[1]"],
        ["8", "n", "∅", "∅", "orders", "3", "[]"],
    ];
    assert_eq!(outcome.rows, expected);
    assert_eq!(outcome.bad[0].error, "a key of bytes that are not UTF-8");
    assert_eq!(outcome.bad[0].column.as_deref(), Some("__key"));
}

#[test]
fn headers_that_can_not_be_had_make_a_bad_record_where_they_are_wanted() {
    let mut batch = batch(&[Some(br#"{"id":1}"#), Some(br#"{"id":2}"#)]);
    batch.lacks_headers();
    let columns = [("id", DataType::Int32), ("__headers", DataType::Utf8)];
    let all = schema(&columns);
    let shape = Shape::new(&ValueFormat::Json, &all, None).expect("a shape");
    let outcome = decode_batch(shape, &batch);
    assert_eq!(outcome.rows, [["1", "[]"]]);
    let [bad] = outcome.bad.as_slice() else {
        panic!("one is bad: {:?}", outcome.bad)
    };
    let wanted = "a header with a name of bytes that are not UTF-8, which is left out";
    assert_eq!((bad.offset, bad.error.as_str()), (101, wanted));
    assert_eq!(bad.column.as_deref(), Some("__headers"));
    assert_eq!(bad.reason, Reason::Message);
    let shape = Shape::new(&ValueFormat::Json, &all, Some(&[0])).expect("a shape");
    assert_eq!(decode_batch(shape, &batch).rows, [["1"], ["2"]]);
}

#[test]
fn columns_that_nobody_wants_are_not_looked_at() {
    let all = schema(&[
        ("id", DataType::Int32),
        ("__offset", DataType::Int64),
        ("name", DataType::Utf8),
    ]);
    for (format, value) in [
        (ValueFormat::Json, r#"{"id":"no number","name":"n"}"#),
        (ValueFormat::Csv(Format::csv()), "no number,n"),
    ] {
        let shape = Shape::new(&format, &all, Some(&[2, 1])).expect("a shape");
        let outcome = decode_batch(shape, &batch(&[Some(value.as_bytes())]));
        assert_eq!(outcome.rows, [["n", "100"]], "{format:?}");
    }
}

#[test]
fn a_part_of_a_batch_is_as_large_as_was_asked_and_at_least_one() {
    let values: Vec<Option<&[u8]>> = vec![Some(b"12345"), None, Some(b"123"), Some(b"1234567")];
    let batch = batch(&values);
    for (from, records, bytes, to) in [
        (0, 10, 100, 4),
        (0, 2, 100, 2),
        (0, 10, 8, 3),
        (0, 10, 7, 2),
        (0, 0, 0, 1),
        (3, 10, 1, 4),
        (4, 10, 1, 4),
    ] {
        assert_eq!(
            batch.together(from..4, records, bytes),
            to,
            "{from} {records} {bytes}"
        );
    }
    assert_eq!(batch.size(0..4), 15);
}

fn whole(format: &ValueFormat, values: &[Option<&[u8]>]) -> Outcome {
    let shape = Shape::new(format, &crate::rows::json_schema(), None).expect("a shape");
    decode_batch(shape, &batch(values))
}

#[test]
fn without_a_schema_an_object_stays_as_it_is() {
    let values: [Option<&[u8]>; 8] = [
        Some(br#"{"b":1,"a":{"x":[1, 2.50]},"b":2}"#),
        Some(b" { } \n"),
        None,
        Some(b""),
        Some(b"[1]"),
        Some(b"{\"a\":1} {}"),
        Some(b"{\"a\":\"\xff\"}"),
        Some(b"{\n  \"a\": 98765432109876543210\n}"),
    ];
    let outcome = whole(&ValueFormat::Json, &values);
    let expected = [
        r#"{"b":1,"a":{"x":[1, 2.50]},"b":2}"#,
        "{ }",
        "∅",
        "{\n  \"a\": 98765432109876543210\n}",
    ];
    assert_eq!(outcome.rows.concat(), expected);
    assert_eq!(outcome.offsets, [100, 101, 102, 107]);
    let bad: Vec<&str> = outcome.bad.iter().map(|bad| bad.error.as_str()).collect();
    let reasons = [
        "an empty value",
        "no JSON object",
        "trailing characters",
        "not UTF-8",
    ];
    assert_eq!(bad.len(), reasons.len(), "{bad:?}");
    for (bad, reason) in bad.iter().zip(reasons) {
        assert!(bad.contains(reason), "{bad}");
    }
}

#[test]
fn without_a_schema_delimited_text_becomes_an_object_of_as_many_columns_as_it_has() {
    let values: [Option<&[u8]>; 7] = [
        Some(b"1,n1,v1\r\n"),
        Some(b"2"),
        Some(b",\"\",\"a \"\"b\"\"\nc\""),
        Some(b""),
        None,
        Some(b"\"open"),
        Some(b"\xff"),
    ];
    let outcome = whole(&ValueFormat::Csv(Format::csv()), &values);
    let expected = [
        r#"{"_col0":"1","_col1":"n1","_col2":"v1"}"#,
        r#"{"_col0":"2"}"#,
        r#"{"_col0":null,"_col1":"","_col2":"a \"b\"\nc"}"#,
        r#"{"_col0":null}"#,
        "∅",
    ];
    assert_eq!(outcome.rows.concat(), expected);
    assert_eq!(outcome.bad.len(), 2);
}

#[test]
fn a_time_is_taken_whatever_number_it_is() {
    // That of a producer which counts microseconds, one before 1970, and one of no day.
    let times = [1_732_960_000_000_000, -5, i64::MAX];
    let mut batch = Batch::new(Partition::new("orders", 3));
    for (offset, time) in (0_i64..).zip(times) {
        let parts = MessageParts {
            offset,
            timestamp: Some(time),
            ..MessageParts::default()
        };
        batch.push(parts, |out| out.extend_from_slice(b"[]"));
    }
    let decode = |kind: DataType| {
        let columns = schema(&[("__timestamp", kind)]);
        let shape = Shape::new(&ValueFormat::Json, &columns, None).expect("a shape");
        decode_batch(shape, &batch)
    };
    let outcome = decode(DataType::Int64);
    assert_eq!(outcome.rows, times.map(|time| [time.to_string()]));
    for unit in [TimeUnit::Millisecond, TimeUnit::Microsecond] {
        let outcome = decode(DataType::Timestamp(unit, None));
        let [far, before] = outcome.rows.as_slice() else {
            panic!("two are well: {:?}", outcome.rows)
        };
        assert!(far[0].contains("56885-"), "{far:?}");
        assert_eq!(before[0], "1969-12-31T23:59:59.995");
        let [bad] = outcome.bad.as_slice() else {
            panic!("one is bad: {:?}", outcome.bad)
        };
        assert_eq!(bad.column.as_deref(), Some("__timestamp"));
        assert_eq!(bad.reason, Reason::Message);
    }
}

#[test]
fn timestamps_that_are_no_dates_say_nothing_of_how_far_time_has_come() {
    let microseconds = 1_732_960_000_000_000;
    let mut batch = Batch::new(Partition::new("orders", 3));
    let times = [
        Some(5),
        Some(7),
        Some(microseconds),
        None,
        Some(i64::MIN),
        Some(1_001),
    ];
    for (offset, timestamp) in (0_i64..).zip(times) {
        let parts = MessageParts {
            offset,
            timestamp,
            ..MessageParts::default()
        };
        batch.push(parts, |_| {});
    }
    let all = batch.spanned(0..times.len(), 1_000);
    assert_eq!((all.latest, all.beyond), (Some(7), 2));
    let without = batch.spanned(2..5, 1_000);
    assert_eq!((without.latest, without.beyond), (None, 2));
}
