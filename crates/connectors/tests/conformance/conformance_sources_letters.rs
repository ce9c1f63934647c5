//! Dead letters as a source keep the promises of a source whose position is state, and are read as the files that they come from.

#![cfg(feature = "kafka")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use millstream_connectors::conformance::SourceSuite;
use millstream_connectors::files_source::{Charset, Format};
use millstream_connectors::kafka::LetterSource;
use millstream_connectors::rows::letters::{Letter, Line};
use millstream_connectors::rows::{BadRecord, Parsed, Reason};

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("name", DataType::Utf8, true),
    ]))
}

/// A letter that was line `number` of a file.
fn letter(file: &str, number: u64, raw: &[u8]) -> Line {
    let bad = BadRecord {
        raw: raw.to_vec(),
        cut: None,
        file: file.into(),
        line: Some(number),
        offset: number * 10,
        enclosed: None,
        reason: Reason::Value,
        column: None,
        error: "wrong".to_owned(),
    };
    Line::of(&Letter { time: 1, bad }, "orders")
}

fn put(path: &Path, lines: impl Iterator<Item = Line>) {
    let text: String = lines.map(|line| line.to_json() + "\n").collect();
    fs::write(path, text).expect("written");
}

/// File, line, and what the row or the bad record holds.
fn records(parsed: Parsed) -> Vec<(String, u64, String)> {
    match parsed {
        Parsed::Bad(bad) => bad
            .into_iter()
            .map(|bad| {
                assert!(bad.enclosed.is_none());
                let raw = String::from_utf8_lossy(&bad.raw).into_owned();
                (bad.file.to_string(), bad.line.unwrap_or(0), raw)
            })
            .collect(),
        Parsed::LeftOut(rows) => unreachable!("{rows} rows are left out"),
        Parsed::Rows(rows) => {
            let ids = rows.batch.column(0).as_primitive::<Int64Type>();
            let names = rows.batch.column(1).as_string::<i32>();
            (0..rows.len())
                .map(|row| {
                    let (file, line) = (rows.origin.file.to_string(), rows.origin.line(row));
                    let text = format!("{} {}", ids.value(row), names.value(row));
                    (file, line.unwrap_or(0), text)
                })
                .collect()
        }
    }
}

#[test]
fn of_text_they_go_on_where_they_were_and_keep_their_places() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("letters.jsonl");
    let mut truth = Vec::new();
    let mut all = Vec::new();
    for number in 0..3_000_u64 {
        let file = if number % 700 < 400 {
            "/in/a.csv"
        } else {
            "/in/b.csv"
        };
        let (raw, text) = match number % 5 {
            0 => ("no,good,one".to_owned(), "no,good,one".to_owned()),
            1 => (format!("{number},\"a\nb\""), format!("{number} a\nb")),
            _ => (format!("{number},x"), format!("{number} x")),
        };
        all.push(letter(file, number, raw.as_bytes()));
        truth.push((file.to_owned(), number, text));
    }
    put(&path, all.into_iter());
    let source = || {
        let source = LetterSource::of_text(&path, Format::csv(), &schema());
        Box::new(source.expect("a source")) as _
    };
    SourceSuite::new(&source, &records, truth).rounds(12).run();
}

#[test]
fn records_of_another_charset_are_read_in_it_and_stay_as_they_are() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("letters.jsonl");
    // "1,é" and "none,é" in ISO-8859-1.
    let all = [&b"1,\xe9"[..], b"none,\xe9"];
    let all = all
        .iter()
        .zip(1..)
        .map(|(raw, number)| letter("/in/a.csv", number, raw));
    put(&path, all);
    let format = Format {
        charset: Charset::parse("ISO-8859-1").expect("a charset"),
        ..Format::csv()
    };
    let source = || {
        let source = LetterSource::of_text(&path, format.clone(), &schema());
        Box::new(source.expect("a source")) as _
    };
    let truth = vec![
        ("/in/a.csv".to_owned(), 1, "1 é".to_owned()),
        ("/in/a.csv".to_owned(), 2, "none,\u{fffd}".to_owned()),
    ];
    SourceSuite::new(&source, &records, truth).rounds(3).run();
}
