//! No row of a file of columns is lost or doubled, whatever the groups, the sizes of splits, the parallelism and the
//! moments at which it changes are; and the sources keep the promises of a source whose position is state.

use std::path::Path;

use crate::columns_support::{lines, numbers, source, write};
use crate::files_source_support::{Attempt, State};
use millstream_connectors::conformance::SourceSuite;
use millstream_connectors::files_source::{AfterCommit, ColumnFileSource, ColumnFormat, ReadSizes};
use millstream_connectors::rows::Parsed;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const FORMATS: [ColumnFormat; 2] = [ColumnFormat::Parquet, ColumnFormat::Orc];

fn sizes(random: &mut StdRng) -> ReadSizes {
    ReadSizes {
        split: random.random_range(1..3_000),
        rows: random.random_range(1..60),
        ..ReadSizes::default()
    }
}

fn open(directory: &Path, format: ColumnFormat, sizes: ReadSizes) -> ColumnFileSource {
    source(directory, format, |options| options.sizes = sizes)
}

/// Reads with stops and restores at random.
fn read_in_pieces(random: &mut StdRng, directory: &Path, format: ColumnFormat) -> Vec<Parsed> {
    let mut found = Vec::new();
    let mut state: Option<State> = None;
    for _ in 0..random.random_range(0..5) {
        let parallelism = random.random_range(1..=5);
        let source = open(directory, format, sizes(random));
        let mut attempt =
            Attempt::restore(&source, parallelism, state.take()).expect("the readers open");
        for _ in 0..random.random_range(0..200) {
            let subtask = random.random_range(0..parallelism);
            let more = attempt.poll(subtask, random.random_range(1..40));
            let more = more.expect("can be read");
            if more.is_empty() {
                std::thread::yield_now();
            }
            found.extend(more);
        }
        state = Some(attempt.snapshot());
    }
    let source = open(directory, format, sizes(random));
    let parallelism = random.random_range(1..=5);
    let mut last = Attempt::restore(&source, parallelism, state).expect("the readers open");
    found.extend(last.read_to_end().expect("can be read"));
    found
}

#[test]
fn rows_come_once() {
    let seed = 20_261_128;
    for round in 0..60 {
        let mut random = StdRng::seed_from_u64(seed + round);
        let format = FORMATS[usize::from(round % 2 == 1)];
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["a", "b", "c"] {
            let first = random.random_range(0..1_000);
            let rows = numbers(first..first + random.random_range(0..400));
            let group = random.random_range(1..150);
            write(&directory.path().join(name), format, &rows, group);
        }
        let whole = open(directory.path(), format, ReadSizes::default());
        let truth = Attempt::start(&whole, 1).read_to_end().expect("is read");
        let mut truth = lines(&truth, true);
        let mut found = lines(&read_in_pieces(&mut random, directory.path(), format), true);
        truth.sort();
        found.sort();
        assert_eq!(found, truth, "seed {}", seed + round);
    }
}

#[test]
fn positions_are_state() {
    for format in FORMATS {
        for after in [AfterCommit::Keep, AfterCommit::Delete] {
            let directory = tempfile::tempdir().expect("a directory");
            let put = || {
                for file in 0..3 {
                    let rows = numbers(file * 1_000..file * 1_000 + 300);
                    write(&directory.path().join(file.to_string()), format, &rows, 70);
                }
            };
            put();
            let truth = (0..3).map(|file| lines(&[rows_of(file)], false));
            let truth: Vec<String> = truth.flatten().collect();
            let make = || {
                let made = source(directory.path(), format, |options| {
                    options.sizes.split = 1_000;
                    options.sizes.rows = 50;
                    options.intake.after_commit = after.clone();
                });
                Box::new(made) as _
            };
            let records = |parsed: Parsed| lines(&[parsed], false);
            SourceSuite::new(&make, &records, truth)
                .before_each_life(&put)
                .rounds(8)
                .run();
        }
    }
}

fn rows_of(file: i64) -> Parsed {
    use millstream_connectors::rows::{Origin, Rows};
    let origin = Origin {
        file: "f".into(),
        offsets: Vec::new(),
        lines: Vec::new(),
        times: Vec::new(),
        raws: None,
    };
    Parsed::Rows(Rows {
        batch: numbers(file * 1_000..file * 1_000 + 300),
        origin: origin.into(),
    })
}
