//! What becomes of files that change or go away, while they are read, afterwards, and between two runs.

use std::path::Path;
use std::time::Duration;

use crate::files_source_support::{Attempt, Found, State, directory, source, write};
use millstream_connectors::files_source::{Changed, FileSource, ReadSizes, Watch};
use millstream_connectors::rows::Parsed;

/// One record in a block and in a batch, so that reading can stop behind any.
const TINY: ReadSizes = ReadSizes {
    split: 1 << 20,
    block: 1,
    record: 1 << 20,
    rows: 1,
};

/// Every choice.
const ALL: [Changed; 4] = [
    Changed::Ignore,
    Changed::Reread,
    Changed::Append,
    Changed::Fail,
];

fn watching(path: &Path, changed: Changed, sizes: ReadSizes) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(2),
        };
        options.intake.changed = changed;
        options.intake.settle = Some(Duration::ZERO);
        options.sizes = sizes;
    })
}

fn once(path: &Path, changed: Changed, sizes: ReadSizes) -> FileSource {
    source(path, |options| {
        options.intake.changed = changed;
        options.sizes = sizes;
    })
}

/// Reads until there are `count` batches and returns all rows.
fn rows(attempt: &mut Attempt<Parsed>, count: usize) -> Vec<String> {
    let found = attempt
        .read_until(|found| found.len() >= count)
        .expect("can be read");
    Found::of(found).rows
}

/// Reads the first `count` records of a file `a.csv` and stops.
fn stopped_after(count: usize, directory: &Path, splits: ReadSizes) -> State {
    let source = once(directory, Changed::Ignore, splits);
    let mut attempt = Attempt::start(&source, 1);
    assert_eq!(rows(&mut attempt, count).len(), count);
    attempt.snapshot()
}

#[test]
fn a_file_that_changed_after_it_was_read_is_ignored_reread_read_on_or_an_error() {
    for changed in ALL {
        let directory = directory(&[("a.csv", b"1\n2\n")]);
        let source = watching(directory.path(), changed, ReadSizes::default());
        let mut attempt = Attempt::start(&source, 2);
        assert_eq!(rows(&mut attempt, 1), ["1", "2"]);
        write(directory.path(), "a.csv", b"1\n2\n3\n", 9);
        match changed {
            Changed::Ignore => {
                // What comes later is read, so the change has been met.
                write(directory.path(), "b.csv", b"new\n", 10);
                assert_eq!(rows(&mut attempt, 1), ["new"]);
            }
            Changed::Reread => assert_eq!(rows(&mut attempt, 1), ["1", "2", "3"]),
            Changed::Append => assert_eq!(rows(&mut attempt, 1), ["3"]),
            Changed::Fail => {
                let error = attempt.fails();
                assert_eq!(error.code(), "MS-6003");
                assert!(error.message().contains("a.csv"), "{error}");
            }
        }
    }
}

#[test]
fn a_file_that_changed_between_two_runs_is_ignored_reread_read_on_or_an_error() {
    for changed in ALL {
        let directory = directory(&[("a.csv", b"1\n2\n")]);
        let first = once(directory.path(), changed, ReadSizes::default());
        let mut attempt = Attempt::start(&first, 1);
        attempt.read_to_end().expect("can be read");
        let state = attempt.snapshot();
        write(directory.path(), "a.csv", b"1\n2\n3\n", 9);
        let second = once(directory.path(), changed, ReadSizes::default());
        let mut attempt = Attempt::restore(&second, 2, Some(state)).expect("the readers open");
        match changed {
            Changed::Ignore => {
                assert!(attempt.read_to_end().expect("can be read").is_empty());
                let state = attempt.snapshot();
                let mut again = Attempt::restore(&second, 1, Some(state)).expect("opens");
                assert!(
                    again.read_to_end().expect("can be read").is_empty(),
                    "and stays so"
                );
            }
            Changed::Reread => assert_eq!(rows(&mut attempt, 1), ["1", "2", "3"]),
            Changed::Append => assert_eq!(rows(&mut attempt, 1), ["3"]),
            Changed::Fail => assert_eq!(attempt.fails().code(), "MS-6003"),
        }
    }
}

#[test]
fn what_was_appended_to_a_file_that_was_read_in_part_is_not_read() {
    let directory = directory(&[("a.csv", b"1\n2\n3\n")]);
    let state = stopped_after(2, directory.path(), TINY);
    write(directory.path(), "a.csv", b"1\n2\n3\n4\n5\n", 9);
    let source = once(directory.path(), Changed::Ignore, TINY);
    let mut attempt = Attempt::restore(&source, 1, Some(state)).expect("the reader opens");
    assert_eq!(
        Found::of(attempt.read_to_end().expect("can be read")).rows,
        ["3"]
    );
}

#[test]
fn a_file_that_was_read_in_part_and_rewritten_fails_or_is_reread() {
    let content = "12345\n".repeat(2_000);
    let directory = directory(&[("a.csv", content.as_bytes())]);
    let state = stopped_after(2, directory.path(), TINY);
    write(directory.path(), "a.csv", b"x\ny\n", 9);
    for changed in [Changed::Ignore, Changed::Fail] {
        let source = once(directory.path(), changed, TINY);
        let mut attempt = Attempt::restore(&source, 1, Some(state.clone())).expect("opens");
        assert_eq!(attempt.fails().code(), "MS-6003");
    }
    let source = once(directory.path(), Changed::Reread, TINY);
    let mut attempt = Attempt::restore(&source, 3, Some(state)).expect("the readers open");
    assert_eq!(
        Found::of(attempt.read_to_end().expect("can be read")).rows,
        ["x", "y"]
    );
}

#[test]
fn a_file_that_is_rewritten_while_it_is_read_fails_or_is_reread() {
    let content = "12345\n".repeat(2_000);
    for changed in [Changed::Ignore, Changed::Reread] {
        let directory = directory(&[("a.csv", content.as_bytes())]);
        let source = once(directory.path(), changed, TINY);
        let mut attempt = Attempt::start(&source, 1);
        assert_eq!(rows(&mut attempt, 2).len(), 2);
        // In place: the reader has the file open and meets the new content.
        std::fs::write(directory.path().join("a.csv"), "x\ny\n").expect("is written");
        if changed == Changed::Ignore {
            assert_eq!(attempt.fails().code(), "MS-6003");
        } else {
            let found = Found::of(attempt.read_to_end().expect("can be read")).rows;
            assert_eq!(found[found.len() - 2..], ["x", "y"]);
            // The next attempt of the same job looks anew, and finds what was read.
            let state = attempt.snapshot();
            drop(attempt);
            let mut next = Attempt::restore(&source, 1, Some(state)).expect("the reader opens");
            assert!(next.read_to_end().expect("can be read").is_empty());
        }
    }
}

#[test]
fn a_file_that_was_read_in_part_and_is_gone_is_an_error() {
    let directory = directory(&[("a.csv", b"1\n2\n3\n"), ("b.csv", b"4\n")]);
    let state = stopped_after(2, directory.path(), TINY);
    std::fs::remove_file(directory.path().join("a.csv")).expect("was there");
    let source = once(directory.path(), Changed::Ignore, TINY);
    let error = Attempt::restore(&source, 1, Some(state))
        .expect("the reader opens")
        .fails();
    assert_eq!(error.code(), "MS-6010");
    assert!(error.message().contains("a.csv is gone"), "{error}");
}

#[test]
fn a_large_file_that_is_gone_before_every_reader_began_is_an_error() {
    let content = "12345\n".repeat(2_000);
    let directory = directory(&[("a.csv", content.as_bytes())]);
    let sizes = ReadSizes {
        split: 1_000,
        ..TINY
    };
    let source = once(directory.path(), Changed::Ignore, sizes);
    let mut attempt = Attempt::start(&source, 2);
    // One reader hands records out; the other one has not been asked yet and finds the file gone.
    let mut found = Vec::new();
    while found.is_empty() {
        found = attempt.poll(0, 1).expect("can be read");
        std::thread::yield_now();
    }
    std::fs::remove_file(directory.path().join("a.csv")).expect("was there");
    let error = attempt.fails();
    assert_eq!(error.code(), "MS-6010");
    assert!(error.message().contains("a.csv is gone"), "{error}");
}

#[test]
fn a_snapshot_before_the_first_look_at_the_directory_keeps_every_position() {
    let content: String = (0..300).map(|row| format!("{row}\n")).collect();
    let directory = directory(&[("a.csv", content.as_bytes()), ("b.csv", b"b\n")]);
    let sizes = ReadSizes {
        split: 64,
        rows: 1,
        ..ReadSizes::default()
    };
    let source = once(directory.path(), Changed::Ignore, sizes);
    let mut attempt = Attempt::start(&source, 3);
    let mut found = attempt
        .read_until(|found| found.len() > 100)
        .expect("can be read");
    let state = attempt.snapshot();
    // Two readers have not been polled yet when the next snapshot is taken, one has moved on.
    let mut early = Attempt::restore(&source, 2, Some(state)).expect("the readers open");
    while found.len() < 150 {
        found.extend(early.poll(1, 1).expect("can be read"));
        std::thread::yield_now();
    }
    let state = early.snapshot();
    let entries = &state.taken.entries;
    let mut keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), entries.len(), "keys are unique");
    let mut last = Attempt::restore(&source, 1, Some(state)).expect("the reader opens");
    found.extend(last.read_to_end().expect("can be read"));
    let mut rows = Found::of(found).rows;
    rows.sort_by_key(|row| row.parse::<u32>().unwrap_or(u32::MAX));
    let expected: Vec<String> = (0..300)
        .map(|row| row.to_string())
        .chain(["b".to_owned()])
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn a_record_that_is_too_long_is_a_bad_one_wherever_blocks_end() {
    let long = "x".repeat(3_000);
    let content: String = (0..50)
        .map(|row| match row {
            20 => format!("{row},{long}\n"),
            40 => format!("{row},\"{long}\"\n"),
            _ => format!("{row},short\n"),
        })
        .collect();
    let directory = directory(&[("a.csv", content.as_bytes())]);
    for block in [16, 100, 5_000, 1 << 20] {
        let sizes = ReadSizes {
            block,
            record: 2_000,
            ..ReadSizes::default()
        };
        let source = once(directory.path(), Changed::Ignore, sizes);
        let read = Attempt::start(&source, 1).read_to_end();
        let found = Found::of(read.expect("can be read"));
        assert_eq!(found.rows.len(), 48, "blocks of {block}");
        let errors: Vec<&str> = found.bad.iter().map(|bad| bad.error.as_str()).collect();
        assert_eq!(
            errors,
            [
                "3003 bytes, more than the 2000 of source.record.max.size",
                "3005 bytes, more than the 2000 of source.record.max.size"
            ]
        );
        assert_eq!(found.bad.first().and_then(|bad| bad.line), Some(21));
    }
}

#[test]
fn a_record_without_end_fails_the_job_with_its_place() {
    let content = format!("a,b\n1,{}", "x".repeat(10_000));
    let directory = directory(&[("a.csv", content.as_bytes())]);
    let sizes = ReadSizes {
        block: 100,
        record: 2_000,
        ..ReadSizes::default()
    };
    let source = once(directory.path(), Changed::Ignore, sizes);
    let error = Attempt::start(&source, 1).fails();
    assert_eq!(error.code(), "MS-6004");
    assert!(
        error
            .message()
            .contains("the record at offset 4 is far longer than 2000 bytes"),
        "{error}"
    );
}
