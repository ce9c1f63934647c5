//! No record is lost or doubled, whatever the files, the sizes of splits and blocks, the parallelism and
//! the moments at which it changes are.

#![allow(clippy::indexing_slicing, reason = "a panic is a failed test")]

use std::path::Path;

use crate::files_source_support::{Attempt, Found, State, directory, source, texts};
use millstream_connectors::files_source::{FileSource, ReadSizes};
use millstream_connectors::rows::Parsed;
use millstream_connectors::text::{TextFileOptions, TextFileSource};
use millstream_engine::connector::Source;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const PIECES: &[&str] = &[
    "a",
    "bc",
    "word",
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    "\"",
    "\"\"",
    "\"x,y\"",
    "\"two\nlines\"",
    "\r",
    "\"he said \"\"no\"\"\"",
    "é",
    "中",
    "a longer piece of text",
];

fn content(random: &mut StdRng, pieces: usize) -> Vec<u8> {
    let count = random.random_range(0..pieces);
    let text = (0..count).map(|_| PIECES[random.random_range(0..PIECES.len())]);
    // A first record shows what ends the lines.
    ["first,record\n"]
        .into_iter()
        .chain(text)
        .collect::<String>()
        .into()
}

fn sizes(random: &mut StdRng) -> ReadSizes {
    let pick =
        |random: &mut StdRng, choices: &[usize]| choices[random.random_range(0..choices.len())];
    ReadSizes {
        split: pick(random, &[1, 2, 3, 7, 20, 64, 1_000]) as u64,
        block: pick(random, &[1, 5, 16, 100, 4_096]),
        record: 1 << 20,
        rows: pick(random, &[1, 3, 100]),
    }
}

fn rows(directory: &Path, quoted: bool, sizes: ReadSizes) -> FileSource {
    source(directory, |options| {
        options.format.quote = quoted.then_some('"');
        options.sizes = sizes;
    })
}

/// Every record with its place, good and bad, in order. Lines are known where text may be quoted.
fn records(parsed: Vec<Parsed>, lines: bool) -> Vec<String> {
    let mut all = Vec::new();
    for parsed in parsed {
        match parsed {
            Parsed::Rows(rows) => {
                for (row, text) in texts(&rows).into_iter().enumerate() {
                    let offset = rows.origin.offset(row).expect("a place");
                    let line = rows.origin.line(row).filter(|_| lines);
                    all.push(format!("{} {offset} {line:?} {text:?}", rows.origin.file));
                }
            }
            Parsed::LeftOut(rows) => unreachable!("{rows} rows of text are left out"),
            Parsed::Bad(bad) => {
                for bad in bad {
                    let line = bad.line.filter(|_| lines);
                    let raw = String::from_utf8_lossy(&bad.raw);
                    all.push(format!(
                        "{} {} {line:?} {raw:?} {}",
                        bad.file, bad.offset, bad.error
                    ));
                }
            }
        }
    }
    all.sort();
    all
}

/// Reads with stops and restores at random; `open` makes the source of the next attempt.
fn read_in_pieces<T: 'static, S: Source<T>>(
    random: &mut StdRng,
    mut open: impl FnMut(&mut StdRng) -> S,
) -> Vec<T> {
    let mut found = Vec::new();
    let mut state: Option<State> = None;
    for _ in 0..random.random_range(0..5) {
        let parallelism = random.random_range(1..=5);
        let source = open(random);
        let mut attempt =
            Attempt::restore(&source, parallelism, state.take()).expect("the readers open");
        let wanted = random.random_range(0..6);
        while found.len() % 7 < wanted {
            let subtask = random.random_range(0..parallelism);
            let limit = random.random_range(1..5);
            let more = attempt.poll(subtask, limit).expect("can be read");
            if more.is_empty() {
                std::thread::yield_now();
                if random.random_range(0..50) == 0 {
                    break;
                }
            }
            found.extend(more);
        }
        state = Some(attempt.snapshot());
    }
    let source = open(random);
    let parallelism = random.random_range(1..=5);
    let mut last = Attempt::restore(&source, parallelism, state).expect("the readers open");
    found.extend(last.read_to_end().expect("can be read"));
    found
}

#[test]
fn rows_come_once_at_every_change_of_parallelism_and_split_size() {
    let seed = 20_260_101;
    for round in 0..150 {
        let mut random = StdRng::seed_from_u64(seed + round);
        let contents: Vec<Vec<u8>> = (0..3).map(|_| content(&mut random, 80)).collect();
        let files = [
            ("a.csv", &*contents[0]),
            ("b.csv", &contents[1]),
            ("c.csv", &contents[2]),
        ];
        let directory = directory(&files);
        let quoted = random.random_range(0..3) > 0;
        let whole = rows(directory.path(), quoted, ReadSizes::default());
        let truth = records(
            Attempt::start(&whole, 1)
                .read_to_end()
                .expect("can be read"),
            quoted,
        );
        let found = read_in_pieces(&mut random, |random| {
            let sizes = sizes(random);
            rows(directory.path(), quoted, sizes)
        });
        assert_eq!(records(found, quoted), truth, "seed {}", seed + round);
    }
}

#[test]
fn lines_come_once_at_every_change_of_parallelism_and_split_size() {
    let seed = 20_260_102;
    for round in 0..100 {
        let mut random = StdRng::seed_from_u64(seed + round);
        let first = content(&mut random, 200);
        let second = content(&mut random, 200);
        let directory = directory(&[("a", &first), ("b", &second)]);
        let mut truth: Vec<String> = [first, second]
            .iter()
            .flat_map(|content| std::str::from_utf8(content).expect("text").lines())
            .map(str::to_owned)
            .collect();
        let mut found: Vec<String> = read_in_pieces(&mut random, |random| {
            let sizes = sizes(random);
            let options = TextFileOptions {
                sizes,
                ..TextFileOptions::new(directory.path())
            };
            TextFileSource::new(options).expect("a source")
        });
        truth.sort();
        found.sort();
        assert_eq!(found, truth, "seed {}", seed + round);
    }
}

#[test]
fn big_files_are_shared_between_readers() {
    let text: String = (0..20_000).map(|row| format!("{row},\"a\nb\"\n")).collect();
    let directory = directory(&[("a.csv", text.as_bytes())]);
    let sizes = ReadSizes {
        split: 4_096,
        block: 1_024,
        ..ReadSizes::default()
    };
    let source = rows(directory.path(), true, sizes);
    let mut attempt = Attempt::start(&source, 4);
    let found = Found::of(attempt.read_to_end().expect("can be read"));
    assert_eq!(found.rows.len(), 20_000);
    for progress in &attempt.progress {
        let part = progress.bytes.get() as f64 / text.len() as f64;
        assert!((0.2..0.3).contains(&part), "a quarter each, not {part}");
        assert_eq!(progress.bytes.get(), progress.bytes_total.get());
    }
    let files: u64 = attempt
        .progress
        .iter()
        .map(|progress| progress.files.get())
        .sum();
    assert_eq!(files, 1, "the file is counted once");
    let state = attempt.snapshot();
    let size = serde_json::to_string(&state.taken.entries)
        .expect("JSON")
        .len();
    assert!(
        size < 2_000,
        "finished splits take no room: {size} bytes in {} entries",
        state.taken.entries.len()
    );
}
