//! Fields become values as `docs/guide/csv.md` says, and records that don't fit are set aside with the reason.

use crate::files_source_support;

use std::sync::Arc;

use crate::files_source_support::{Found, directory, read, read_with, source};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

fn schema(types: &[(&str, DataType)]) -> SchemaRef {
    let fields = types
        .iter()
        .map(|(name, kind)| Field::new(*name, kind.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn typed(content: &str, types: &[(&str, DataType)]) -> Found {
    let directory = directory(&[("a.csv", content.as_bytes())]);
    read_with(directory.path(), |options| {
        options.schema = Some(schema(types))
    })
}

fn strings(content: &str) -> Vec<String> {
    let directory = directory(&[("a.csv", content.as_bytes())]);
    let found = read_with(directory.path(), |_| ());
    assert!(found.bad.is_empty(), "{:?}", found.bad);
    found.rows
}

#[test]
fn every_type_of_the_table_is_read() {
    let found = typed(
        "true,-32768,2147483647,-9223372036854775808,1.5,0.1,1586959594123,2020-04-15,n1\n\
         FALSE,+1,0,0,1e10,-.5,2020-04-15 14:06:34,1970-01-01,\n\
         0,1, 2 ,3,4,5,2020-04-15 14:06:34.123,2000-02-29,\"\"\n",
        &[
            ("a", DataType::Boolean),
            ("b", DataType::Int16),
            ("c", DataType::Int32),
            ("d", DataType::Int64),
            ("e", DataType::Float32),
            ("f", DataType::Float64),
            ("g", DataType::Timestamp(TimeUnit::Millisecond, None)),
            ("h", DataType::Date32),
            ("i", DataType::Utf8),
        ],
    );
    assert_eq!(
        found.rows,
        [
            "true|-32768|2147483647|-9223372036854775808|1.5|0.1|2020-04-15T14:06:34.123|2020-04-15|n1",
            "false|1|0|0|10000000000.0|-0.5|2020-04-15T14:06:34|1970-01-01|NULL",
            "false|1|2|3|4.0|5.0|2020-04-15T14:06:34.123|2000-02-29|",
        ]
    );
    assert!(found.bad.is_empty());
}

#[test]
fn an_empty_field_is_null_and_an_empty_quoted_string_is_empty() {
    assert_eq!(strings("a,,c\n\"\",\"b\",\n"), ["a|NULL|c", "|b|NULL"]);
    let found = typed(",\"\"\n", &[("a", DataType::Int32), ("b", DataType::Int32)]);
    assert_eq!(found.rows, ["NULL|NULL"]);
}

#[test]
fn quotes_line_ends_blank_lines_and_the_last_line_are_what_people_expect() {
    assert_eq!(
        strings(
            "\u{feff}id,name\r\n\r\n1,\"a,b\"\n\n2,\"two\r\nlines\"\n3,\"say \"\"hi\"\"\"\n4,half\"quoted"
        ),
        [
            "id|name",
            "1|a,b",
            "2|two\r\nlines",
            "3|say \"hi\"",
            "4|half\"quoted"
        ]
    );
}

#[test]
fn without_quoting_a_quote_is_a_character() {
    let directory = directory(&[("a.tsv", b"\"a\tb\"\nc\t\"\"\n")]);
    let found = read_with(directory.path(), |options| {
        options.format = millstream_connectors::files_source::Format::tsv();
        options.format.quote = None;
    });
    assert_eq!(found.rows, ["\"a|b\"", "c|\"\""]);
}

#[test]
fn delimiters_may_be_any_characters() {
    let directory = directory(&[("a.txt", "a\u{1}b||c\u{1}\"d||e\"||".as_bytes())]);
    let found = read_with(directory.path(), |options| {
        options.format.field_delimiter = '\u{1}';
        options.format.line_delimiter = "||".to_owned();
    });
    assert_eq!(found.rows, ["a|b", "c|d||e"]);
    let directory = files_source_support::directory(&[("a.txt", "a，b\nc，d".as_bytes())]);
    let found = read_with(directory.path(), |options| {
        options.format.field_delimiter = '，'
    });
    assert_eq!(found.rows, ["a|b", "c|d"]);
}

#[test]
fn bad_records_say_where_they_are_and_what_is_wrong() {
    let mut content =
        b"1,2020-01-01\n\"2\",\"2020-01-02\"\nx,2020-01-03\n4,2020-02-30\n5\n\n\"\n6\",\n".to_vec();
    let text_ends = content.len() as u64;
    content.extend(b"7,\xFF\n8,2020-01-08\n9,\"open");
    let directory = directory(&[("a.csv", &content)]);
    let types = [("id", DataType::Int32), ("day", DataType::Date32)];
    let found = read_with(directory.path(), |options| {
        options.schema = Some(schema(&types))
    });
    assert_eq!(
        found.rows,
        ["1|2020-01-01", "2|2020-01-02", "6|NULL", "8|2020-01-08"]
    );
    let bad: Vec<(Option<u64>, Option<&str>, &str)> = found
        .bad
        .iter()
        .map(|bad| (bad.line, bad.column.as_deref(), bad.error.as_str()))
        .collect();
    assert_eq!(
        bad,
        [
            (Some(3), Some("id"), "`x` is not an Int"),
            (
                Some(4),
                Some("day"),
                "`2020-02-30` is not a Date (yyyy-MM-dd)"
            ),
            (Some(5), None, "1 columns instead of 2"),
            (Some(9), None, "bytes that are not UTF-8"),
            (Some(11), Some("day"), "a quote that is never closed"),
        ]
    );
    let utf8 = &found.bad[3];
    assert_eq!(
        (utf8.raw.as_slice(), utf8.offset),
        (&b"7,\xFF"[..], text_ends)
    );
    assert!(utf8.file.ends_with("/a.csv"));
    assert_eq!(found.bad[2].raw, b"5");
}

#[test]
fn columns_that_are_not_needed_are_counted_but_not_read() {
    let directory = directory(&[("a.csv", b"1,x,2\n3,y\n5,z,6\n")]);
    let types = [
        ("a", DataType::Int32),
        ("b", DataType::Int32),
        ("c", DataType::Int64),
    ];
    let source = source(directory.path(), |options| {
        options.schema = Some(schema(&types))
    });
    let pruned = source
        .clone()
        .with_projection(vec![2, 0])
        .expect("both are there");
    let found = read(&pruned);
    assert_eq!(found.rows, ["2|1", "6|5"]);
    assert_eq!(found.bad.len(), 1);
    let none = read(
        &source
            .clone()
            .with_projection(Vec::new())
            .expect("no column"),
    );
    assert_eq!(
        (none.rows.len(), none.bad.len()),
        (2, 1),
        "rows are counted without columns"
    );
    assert!(source.with_projection(vec![3]).is_err());
}
