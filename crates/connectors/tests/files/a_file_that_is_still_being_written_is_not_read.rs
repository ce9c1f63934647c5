//! A file that is copied in is read when it stands still, by every reader with the same size: no record is cut, and
//! nothing is missing in the middle.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema};

use crate::files_source_support::{Attempt, Found, directory, source, write};
use millstream_connectors::files_source::{Changed, ReadSizes, Watch};

#[test]
fn a_growing_file_comes_out_whole_and_once() {
    for changed in [Changed::Ignore, Changed::Append] {
        let directory = directory(&[]);
        let source = source(directory.path(), |options| {
            options.watch = Watch::Continuously {
                interval: Duration::from_millis(5),
            };
            options.intake.changed = changed;
            options.intake.settle =
                (changed == Changed::Ignore).then(|| Duration::from_millis(1_500));
            options.sizes = ReadSizes {
                split: 512,
                block: 100,
                ..ReadSizes::default()
            };
        });
        let path = directory.path().join("grow.csv");
        let write = move || {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .expect("is made");
            for number in 0..400 {
                let record = format!("{number},\"{}\n\"\n", "y".repeat(number % 40));
                // In two parts, so that the file mostly ends within a record: also behind a line end in quotes.
                let behind = record.len() - 2;
                let (first, second) = record.split_at(if number % 2 == 0 {
                    record.len() / 2
                } else {
                    behind
                });
                file.write_all(first.as_bytes()).expect("is written");
                std::thread::yield_now();
                file.write_all(second.as_bytes()).expect("is written");
            }
        };
        let writer = std::thread::Builder::new().spawn(write);
        let mut attempt = Attempt::start(&source, 8);
        let count = |found: &[_]| Found::of(found.to_vec()).rows.len() >= 400;
        let found = Found::of(attempt.read_until(count).expect("can be read"));
        let writer = writer.expect("a thread");
        writer.join().expect("has written");
        assert!(found.bad.is_empty());
        let mut numbers: Vec<usize> = found
            .rows
            .iter()
            .map(|row| {
                let (number, text) = row.split_once('|').expect("two columns");
                let number: usize = number.parse().expect("a number");
                assert_eq!(text.len(), number % 40 + 1, "a record that was cut");
                number
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..400).collect::<Vec<_>>(), "{changed:?}");
    }
}

#[test]
fn names_of_unfinished_files_are_never_taken_up() {
    let directory = directory(&[("a.csv", b"1\n")]);
    for name in ["b.csv.tmp", "c.inprogress", "d.csv._COPYING_", "_e", ".f"] {
        std::fs::write(directory.path().join(name), "x\n").expect("is written");
    }
    let source = source(directory.path(), |_| ());
    let found = Attempt::start(&source, 2)
        .read_to_end()
        .expect("can be read");
    assert_eq!(Found::of(found).rows, ["1"]);
}

#[test]
fn a_last_record_without_end_waits_for_it_or_for_the_end_of_the_source() {
    let directory = directory(&[("a.csv", b"1,one\n2,tw")]);
    let watching = source(directory.path(), |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.changed = Changed::Append;
    });
    let mut attempt = Attempt::start(&watching, 3);
    let first = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(first).rows, ["1|one"]);
    let state = attempt.snapshot();
    drop(attempt);
    write(directory.path(), "a.csv", b"1,one\n2,two\n3,th", 9);
    let mut attempt = Attempt::restore(&watching, 2, Some(state)).expect("the readers open");
    let second = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(second).rows, ["2|two"]);
    let state = attempt.snapshot();
    drop(attempt);
    let once = source(directory.path(), |options| {
        options.intake.changed = Changed::Append
    });
    let mut attempt = Attempt::restore(&once, 5, Some(state)).expect("the readers open");
    let last = attempt.read_to_end().expect("can be read");
    assert_eq!(Found::of(last).rows, ["3|th"]);
}

#[test]
fn a_large_file_that_grows_while_its_end_is_waited_for_has_no_half_of_a_record_handed_out() {
    let directory = directory(&[]);
    let path = directory.path().join("large.csv");
    let long = "y".repeat(1 << 20);
    let mut text: String = (0..9).map(|number| format!("{number},{long}\n")).collect();
    // All of it looks like whole lines.
    text.push_str("9,\"abc\n10,def\n");
    std::fs::write(&path, text).expect("is written");
    let source = source(directory.path(), |options| {
        options.intake.settle = Some(Duration::from_secs(2));
    });
    let mut attempt = Attempt::start(&source, 1);
    let count = |found: &[_]| Found::of(found.to_vec()).rows.len() >= 9;
    let found = Found::of(attempt.read_until(count).expect("can be read"));
    assert_eq!(found.rows.len(), 9);
    let mut file = OpenOptions::new().append(true).open(&path).expect("opens");
    file.write_all(b"ghi\"\n").expect("is written");
    let rest = Found::of(attempt.read_to_end().expect("can be read"));
    assert!(rest.rows.is_empty(), "{:?}", rest.rows);
    assert!(rest.bad.is_empty(), "{:?}", rest.bad);
}

#[test]
fn half_a_record_does_not_tell_how_many_columns_there_are() {
    let directory = directory(&[]);
    let path = directory.path().join("a.csv");
    std::fs::write(&path, "1,a").expect("is written");
    // Nothing tells when the source has looked at it.
    let write = move || {
        std::thread::park_timeout(Duration::from_millis(500));
        let mut file = OpenOptions::new().append(true).open(&path).expect("opens");
        file.write_all(b",b\n2,c,d\n").expect("is written");
    };
    let writer = std::thread::Builder::new().spawn(write).expect("a thread");
    let source = source(directory.path(), |options| {
        options.intake.settle = Some(Duration::from_secs(1));
    });
    writer.join().expect("has written");
    let mut attempt = Attempt::start(&source, 1);
    let found = Found::of(attempt.read_to_end().expect("can be read"));
    assert_eq!(found.rows, ["1|a|b", "2|c|d"]);
    assert!(found.bad.is_empty(), "{:?}", found.bad);
}

#[test]
fn a_first_record_without_end_holds_up_the_start_of_a_job_no_longer_than_it_may() {
    let directory = directory(&[]);
    let path = directory.path().join("a.csv");
    std::fs::write(&path, "1,a").expect("is written");
    let file = OpenOptions::new().append(true).open(&path).expect("opens");
    let written = file.metadata().and_then(|file| file.modified());
    let before = written.expect("a time") - Duration::from_secs(25);
    file.set_modified(before).expect("takes a time");
    // Files like it are waited for for ten minutes before they are read.
    let source = source(directory.path(), |options| {
        options.intake.settle = Some(Duration::from_secs(60));
    });
    let columns = source.schema().expect("a file has told it");
    assert_eq!(columns.fields().len(), 2);
}

#[test]
fn half_a_record_that_goes_on_while_its_end_is_waited_for_is_read_whole() {
    let directory = directory(&[]);
    let path = directory.path().join("large.csv");
    // Too large to be looked through before it is announced, and a line end in quotes is none.
    let long = "y\n".repeat(5 << 20);
    std::fs::write(&path, format!("1,\"{long}")).expect("is written");
    let source = source(directory.path(), |options| {
        options.intake.settle = Some(Duration::from_millis(300));
        options.schema = Some(Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int32, true),
            Field::new("text", DataType::Utf8, true),
        ])));
    });
    let mut attempt = Attempt::start(&source, 1);
    let write = move || {
        // Nothing tells when a reader waits for it.
        std::thread::park_timeout(Duration::from_millis(1_500));
        let mut file = OpenOptions::new().append(true).open(&path).expect("opens");
        file.write_all(b"\"\n2,b\n").expect("is written");
    };
    let writer = std::thread::Builder::new().spawn(write).expect("a thread");
    let found = Found::of(attempt.read_to_end().expect("can be read"));
    writer.join().expect("has written");
    let is_whole = found.rows == [format!("1|{long}"), "2|b".to_owned()];
    assert!(is_whole, "{} rows", found.rows.len());
    assert!(found.bad.is_empty(), "{:?}", found.bad);
}
