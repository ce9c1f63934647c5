//! A thousand messages that a seeded fuzzer has damaged, with their keys and headers, lie among good ones: nothing panics, every good
//! record comes through unchanged and in order, and each message is a row or a bad record with a reason, in every format. So does a
//! message whose header has a name that is no text.

#![cfg(feature = "kafka")]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kafka_support::{Writer, broker, options, raw, source};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use millstream_connectors::conformance::SourceJob;
use millstream_connectors::files_source::Format;
use millstream_connectors::kafka::{KafkaSourceOptions, ValueFormat, text_schema};
use millstream_connectors::rows::{Parsed, Rows, json_schema, json_texts};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The number of a row.
type NumberOf = fn(&Rows, usize) -> Option<i64>;

const DAMAGED: usize = 1_000;
/// So many good messages stand before each damaged one.
const GOOD: usize = 2;

/// A message: its value, or none at all, its key, and the value of its header.
type Message = (Option<Vec<u8>>, Vec<u8>, Vec<u8>);

/// What the topic holds, by offset; and the numbers of those that are good.
struct Topic {
    messages: Vec<Message>,
    good: BTreeMap<u64, i64>,
}

fn topic(random: &mut StdRng, good: fn(i64) -> String) -> Topic {
    let mut messages: Vec<Message> = Vec::new();
    let mut numbers = BTreeMap::new();
    let around = |number: i64| (format!("key {number}"), format!("header {number}"));
    for round in 0..DAMAGED {
        for place in 0..GOOD {
            let number = (round * GOOD + place) as i64;
            numbers.insert(messages.len() as u64, number);
            let (key, header) = around(number);
            let value = good(number).into_bytes();
            messages.push((Some(value), key.into_bytes(), header.into_bytes()));
        }
        let number = random.random_range(0..1_000_000);
        let (key, header) = around(number);
        let value = damaged(random, good(number));
        let key = damaged(random, key).unwrap_or_default();
        messages.push((value, key, damaged(random, header).unwrap_or_default()));
    }
    Topic {
        messages,
        good: numbers,
    }
}

/// A good message after some accidents.
fn damaged(random: &mut StdRng, good: String) -> Option<Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b":",
        b",",
        b"\0",
        b"\n",
        b"\r\n",
        b"null",
        b"\\u",
        b"\\ud800",
        b"1e999",
        b"-",
        b"NaN",
        b"99999999999999999999",
        b"\xff\xfe",
        b"\xe2\x82",
        b"\xc3\x28",
        b"{\"number\":",
        b"\"\"",
        b"|",
    ];
    let mut value = good.into_bytes();
    if random.random_range(0..40) == 0 {
        return None;
    }
    if random.random_range(0..20) == 0 {
        let deep = random.random_range(1..100_000);
        let opening = if random.random() {
            b"[".as_slice()
        } else {
            b"{\"number\":"
        };
        return Some(opening.repeat(deep / opening.len() + 1));
    }
    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..=value.len());
        let piece = PIECES.get(random.random_range(0..PIECES.len())).copied();
        match random.random_range(0..6) {
            0 => value.truncate(at),
            1 => drop(value.splice(at..at, piece.unwrap_or_default().iter().copied())),
            2 => value
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1_u8 << random.random_range(0..8_u32)),
            3 => drop(value.splice(at..(at + 3).min(value.len()), [])),
            4 => value.extend_from_within(at..),
            _ => value
                .iter_mut()
                .skip(at)
                .take(4)
                .for_each(|byte| *byte = random.random()),
        }
    }
    Some(value)
}

fn columns() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("number", DataType::Int64, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("price", DataType::Decimal128(10, 2), true),
        Field::new("at", DataType::Timestamp(TimeUnit::Millisecond, None), true),
        Field::new("flag", DataType::Boolean, true),
        Field::new("__key", DataType::Utf8, true),
        Field::new("__headers", DataType::Utf8, true),
    ]))
}

fn json(number: i64) -> String {
    format!(
        "{{\"number\":{number},\"text\":\"te\\u00e9xt {number}\",\"price\":\"1.50\",\"at\":1586959594531,\"flag\":true,\"more\":{{\"a\":[1,{{}}]}}}}"
    )
}

fn csv(number: i64) -> String {
    format!("{number},\"te\"\"xt {number}\",1.50,2020-04-15 14:06:34,true")
}

fn text(number: i64) -> String {
    format!("text {number}")
}

/// Reads the whole topic: for each offset the number of a row (as `number_of` finds it), or `None` for a bad record.
fn read(options: KafkaSourceOptions, number_of: NumberOf) -> (BTreeMap<u64, Option<i64>>, usize) {
    let job = SourceJob::default();
    let mut attempt = job
        .attempt(source(options).as_ref(), 1, None)
        .expect("readers");
    let mut found = BTreeMap::new();
    let mut bad_ones = 0;
    for parsed in attempt.read_until(|_| false).expect("it is read") {
        match parsed {
            Parsed::Rows(rows) => {
                for (row, offset) in rows.origin.offsets.iter().enumerate() {
                    let twice = found.insert(*offset, number_of(&rows, row));
                    assert_eq!(twice, None, "offset {offset} comes twice");
                }
            }
            Parsed::LeftOut(rows) => unreachable!("{rows} messages are left out"),
            Parsed::Bad(bad) => {
                for bad in bad {
                    assert!(!bad.error.is_empty());
                    bad_ones += 1;
                    assert_eq!(found.insert(bad.offset, None), None);
                }
            }
        }
    }
    (found, bad_ones)
}

fn first_column(rows: &Rows, row: usize) -> Option<i64> {
    let numbers = rows.batch.column(0).as_primitive::<Int64Type>();
    numbers.is_valid(row).then(|| numbers.value(row))
}

fn in_the_text(rows: &Rows, row: usize) -> Option<i64> {
    let texts = rows.batch.column(0).as_string::<i32>();
    let (_, number) = texts
        .is_valid(row)
        .then(|| texts.value(row))?
        .rsplit_once(' ')?;
    number.parse().ok()
}

fn in_the_object(rows: &Rows, row: usize) -> Option<i64> {
    let texts = json_texts(&rows.batch).expect("whole records");
    let text = texts.is_valid(row).then(|| texts.value(row))?;
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    let number = object.get("number").or_else(|| object.get("_col0"))?;
    number.as_i64().or_else(|| number.as_str()?.parse().ok())
}

#[test]
fn every_good_record_comes_through() {
    let seed = std::env::var("MILLSTREAM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(10);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let kafka = broker();
    let writer = Writer::new(&kafka.brokers());
    for (name, good) in [
        ("json", json as fn(i64) -> String),
        ("csv", csv),
        ("text", text),
    ] {
        let topic = topic(&mut StdRng::seed_from_u64(seed), good);
        kafka.create_topic(name, 1).expect("a topic");
        let messages = topic.messages.iter();
        writer.messages(
            name,
            messages.map(|(value, key, header)| (value.as_deref(), &**key, &**header)),
        );
        let csv = || ValueFormat::Csv(Format::csv());
        let ways: Vec<(ValueFormat, SchemaRef, NumberOf)> = match name {
            "json" => vec![
                (ValueFormat::Json, columns(), first_column),
                (ValueFormat::Json, json_schema(), in_the_object),
            ],
            "csv" => vec![
                (csv(), columns(), first_column),
                (csv(), json_schema(), in_the_object),
            ],
            _ => vec![(ValueFormat::Text, text_schema(), in_the_text)],
        };
        for (way, (format, schema, number_of)) in ways.into_iter().enumerate() {
            let described = KafkaSourceOptions {
                format,
                schema,
                ..options(&kafka.brokers(), name, &format!("{name}-{way}"))
            };
            let (found, bad) = read(described, number_of);
            assert_eq!(
                found.len(),
                topic.messages.len(),
                "{name} {way}: some are missing"
            );
            for (offset, number) in &topic.good {
                assert_eq!(
                    found.get(offset),
                    Some(&Some(*number)),
                    "{name} {way}: {offset}"
                );
            }
            assert!(
                bad > DAMAGED / 20,
                "{name} {way}: only {bad} are bad: they are not damaged enough"
            );
        }
    }
}

#[test]
fn a_header_whose_name_is_no_text_makes_one_bad_record_where_headers_are_wanted() {
    let kafka = broker();
    kafka.create_topic("names", 1).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("names", 0, [1]);
    raw::produce(&kafka.brokers(), "names", b"{\"number\":2}", b"\xff\xfe");
    writer.numbers("names", 0, [3]);
    raw::produce(&kafka.brokers(), "names", b"{\"number\":4}", b"a name");
    let number = Field::new("number", DataType::Int64, true);
    let headers = Field::new("__headers", DataType::Utf8, true);
    let with = |columns: Vec<Field>, group: &str| KafkaSourceOptions {
        schema: Arc::new(Schema::new(columns)),
        ..options(&kafka.brokers(), "names", group)
    };
    let (found, bad) = read(with(vec![number.clone()], "unwanted"), first_column);
    assert_eq!(bad, 0);
    let all = [(0, Some(1)), (1, Some(2)), (2, Some(3)), (3, Some(4))];
    assert_eq!(found, BTreeMap::from(all));
    let (found, bad) = read(with(vec![number, headers], "wanted"), first_column);
    assert_eq!(bad, 1);
    let expected = [(0, Some(1)), (1, None), (2, Some(3)), (3, Some(4))];
    assert_eq!(found, BTreeMap::from(expected));
}
