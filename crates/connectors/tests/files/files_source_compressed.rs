//! Compressed files are read as if they were not, also from the middle; damaged ones are named.

use std::io::Write;

use crate::files_source_support::{Attempt, Found, directory, read_with, source};
use flate2::Compression;
use flate2::write::GzEncoder;
use millstream_connectors::files_source::ReadSizes;

const SMALL: ReadSizes = ReadSizes {
    split: 100,
    block: 256,
    record: 1 << 20,
    rows: 10,
};

fn gzip(parts: &[&str]) -> Vec<u8> {
    let member = |part: &&str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(part.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    parts.iter().flat_map(member).collect()
}

fn zstandard(parts: &[&str]) -> Vec<u8> {
    parts
        .iter()
        .flat_map(|part| zstd::encode_all(part.as_bytes(), 3).expect("memory"))
        .collect()
}

fn text(rows: std::ops::Range<u32>) -> String {
    rows.map(|row| format!("{row},\"text\n of {row}\"\n"))
        .collect()
}

#[test]
fn files_of_several_members_are_one_text() {
    let (first, second) = (text(0..500), text(500..700));
    // A record that lies in two members.
    let (one, two) = (
        &first[..first.len() - 7],
        first[first.len() - 7..].to_owned() + &second,
    );
    let directory = directory(&[
        ("a.csv.gz", &gzip(&[one, &two])),
        ("b.csv.ZST", &zstandard(&[one, &two])),
        ("empty.gz", b""),
    ]);
    let found = read_with(directory.path(), |options| options.sizes = SMALL);
    let once = Found::of(Vec::new())
        .rows
        .into_iter()
        .chain((0..700).map(|row| format!("{row}|text\n of {row}")));
    let expected: Vec<String> = once.clone().chain(once).collect();
    assert_eq!(found.rows, expected);
}

#[test]
fn reading_goes_on_in_the_middle_of_a_compressed_file() {
    for (name, bytes) in [
        ("a.gz", gzip(&[&text(0..500)])),
        ("a.zst", zstandard(&[&text(0..500)])),
    ] {
        let directory = directory(&[(name, &bytes)]);
        let source = source(directory.path(), |options| options.sizes = SMALL);
        let (mut found, mut state) = (Vec::new(), None);
        for parallelism in [2, 1, 3, 1] {
            let mut attempt =
                Attempt::restore(&source, parallelism, state.take()).expect("the readers open");
            found.extend(
                attempt
                    .read_until(|found| found.len() >= 9)
                    .expect("can be read"),
            );
            state = Some(attempt.snapshot());
        }
        let mut last = Attempt::restore(&source, 2, state).expect("the readers open");
        found.extend(last.read_to_end().expect("can be read"));
        let expected: Vec<String> = (0..500)
            .map(|row| format!("{row}|text\n of {row}"))
            .collect();
        assert_eq!(Found::of(found).rows, expected, "{name}");
        let progress = last
            .progress
            .iter()
            .map(|progress| progress.files.get())
            .sum::<u64>();
        assert_eq!(progress, 1);
    }
}

#[test]
fn a_damaged_file_is_named_with_the_place() {
    let whole = gzip(&[&text(0..5_000)]);
    let mut wrong = whole.clone();
    wrong
        .iter_mut()
        .skip(whole.len() / 2)
        .take(20)
        .for_each(|byte| *byte ^= 0xFF);
    let cut_off = &zstandard(&[&text(0..5_000)])[..1_000];
    for (name, bytes) in [
        ("wrong.gz", wrong.as_slice()),
        ("short.gz", &whole[..whole.len() - 9]),
        ("short.zst", cut_off),
    ] {
        let directory = directory(&[("0.csv", b"a,b\n"), (name, bytes)]);
        let source = source(directory.path(), |options| options.sizes = SMALL);
        let error = Attempt::start(&source, 1).fails();
        assert_eq!(error.code(), "MS-6006", "{error}");
        assert!(
            error.message().contains(name) && error.message().contains("at byte"),
            "{error}"
        );
    }
}

#[test]
fn a_window_that_is_too_large_is_told_as_that() {
    let text = text(0..10);
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("memory");
    encoder.long_distance_matching(true).expect("a setting");
    encoder.window_log(31).expect("a setting");
    encoder.write_all(text.as_bytes()).expect("memory");
    let bytes = encoder.finish().expect("memory");
    let directory = directory(&[("a.csv.zst", &bytes)]);
    let error = millstream_connectors::files_source::FileSource::new(
        millstream_connectors::files_source::FileSourceOptions::new(directory.path()),
    )
    .expect_err("too large");
    let error = error.to_string();
    assert!(
        error.starts_with("MS-6006: ") && error.contains("--long=27"),
        "{error}"
    );
}
