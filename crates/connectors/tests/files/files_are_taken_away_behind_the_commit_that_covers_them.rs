//! `source.after.commit`: a file is moved or deleted when a committed checkpoint covers all of its records, never before,
//! and once more after a crash; what was not read, or could not be taken away, is neither lost nor read again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files_source_support::{Attempt, Found, directory, source, write};
use millstream_connectors::files_source::{AfterCommit, FileSource, ReadSizes, Watch};

fn watching(path: &Path, after_commit: AfterCommit) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.settle = Some(Duration::ZERO);
        options.intake.after_commit = after_commit;
        options.sizes = ReadSizes {
            split: 4,
            block: 1,
            rows: 1,
            ..ReadSizes::default()
        };
    })
}

#[test]
fn a_file_goes_when_every_reader_has_finished_it_before_a_committed_boundary() {
    for delete in [false, true] {
        let directory = directory(&[("a.csv", b"1\n2\n3\n4\n5\n6\n")]);
        let done: PathBuf = directory.path().join("_done");
        let after = if delete {
            AfterCommit::Delete
        } else {
            AfterCommit::Move(done.clone())
        };
        let source = watching(directory.path(), after);
        let there = directory.path().join("a.csv");
        let mut attempt = Attempt::start(&source, 3);
        let mut found = attempt
            .read_until(|found| found.len() >= 3)
            .expect("can be read");
        attempt.checkpoint();
        let before = found.len();
        let rest = attempt.read_until(|more| before + more.len() >= 6);
        found.extend(rest.expect("can be read"));
        // Covered, but not committed.
        let state = attempt.snapshot();
        attempt
            .attempt
            .ended(state.taken.checkpoint, false)
            .expect("is taken note of");
        write(directory.path(), "b.csv", b"7\n", 2);
        found.extend(
            attempt
                .read_until(|more| !more.is_empty())
                .expect("can be read"),
        );
        assert!(there.exists(), "it is not committed");
        // A crash between the commit and the deletion: the next attempt does it.
        let state = attempt.snapshot();
        drop(attempt);
        let mut attempt = Attempt::restore(&source, 2, Some(state)).expect("the readers open");
        attempt.idle_until("both are taken away", |attempt| {
            attempt.checkpoint();
            !there.exists() && !directory.path().join("b.csv").exists()
        });
        if !delete {
            assert!(done.join("a.csv").exists() && done.join("b.csv").exists());
        }
        assert_eq!(Found::of(found).rows.len(), 7);
        // A file of that name is a new one, and nothing is held up meanwhile.
        assert_eq!(attempt.attempt.held_up(), None);
        write(directory.path(), "a.csv", b"8\n", 3);
        let more = attempt
            .read_until(|more| !more.is_empty())
            .expect("can be read");
        assert_eq!(Found::of(more).rows, ["8"]);
        attempt.idle_until("it is taken away", |attempt| {
            attempt.checkpoint();
            !there.exists()
        });
    }
}

/// A compressed file without its end, and one that is none.
const DAMAGED: [(&str, &[u8]); 2] = [
    ("half.csv.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x33]),
    ("none.csv.gz", b"no gzip at all\n"),
];

#[test]
fn a_file_that_was_passed_over_is_left_where_it_is() {
    for goes_on in [false, true] {
        let directory = directory(&[("a.csv", b"1\n")]);
        for (name, content) in DAMAGED {
            write(directory.path(), name, content, 9);
        }
        let source = watching(directory.path(), AfterCommit::Delete);
        let mut attempt = Attempt::start(&source, 2);
        let bad = |attempt: &Attempt<_>| -> u64 {
            let counts = attempt
                .progress
                .iter()
                .map(|progress| progress.bad_files.get());
            counts.sum()
        };
        let found = attempt.read_until(|found| !found.is_empty());
        assert_eq!(Found::of(found.expect("can be read")).rows, ["1"]);
        attempt.idle_until("both are passed over", |attempt| bad(attempt) >= 2);
        if goes_on {
            let state = attempt.snapshot();
            drop(attempt);
            attempt = Attempt::restore(&source, 3, Some(state)).expect("the readers open");
        }
        for round in 0..3 {
            let name = format!("b{round}.csv");
            write(directory.path(), &name, b"2\n", 20 + round);
            let found = attempt.read_until(|found| !found.is_empty());
            assert_eq!(Found::of(found.expect("can be read")).rows, ["2"]);
            attempt.idle_until("what was read is taken away", |attempt| {
                attempt.checkpoint();
                !directory.path().join(&name).exists()
            });
        }
        assert!(!directory.path().join("a.csv").exists(), "it was read");
        for (name, content) in DAMAGED {
            let there = std::fs::read(directory.path().join(name));
            assert_eq!(there.expect("is left"), content, "{name}");
        }
    }
}

#[test]
fn a_file_that_can_not_be_taken_away_and_is_missed_once_is_not_read_again() {
    let directory = directory(&[("a.csv", b"1\n")]);
    let done = directory.path().join("_done");
    let source = watching(directory.path(), AfterCommit::Move(done.clone()));
    // Nothing can be moved there.
    std::fs::remove_dir(&done).expect("was made");
    let mut attempt = Attempt::start(&source, 2);
    let read = |attempt: &mut Attempt<_>, name: &str, content: &[u8], time| {
        write(directory.path(), name, content, time);
        let found = attempt.read_until(|found| !found.is_empty());
        Found::of(found.expect("can be read")).rows
    };
    let found = attempt.read_until(|found| !found.is_empty());
    assert_eq!(Found::of(found.expect("can be read")).rows, ["1"]);
    assert_eq!(read(&mut attempt, "b.csv", b"2\n", 2), ["2"]);
    // A look that finds a file behind a checkpoint has tried to take away what that covers.
    for round in 10..13 {
        attempt.checkpoint();
        let rows = read(&mut attempt, &format!("{round}.csv"), b"5\n", round);
        assert_eq!(rows, ["5"]);
    }
    assert_eq!(attempt.progress[0].bad_files.get(), 0, "it was read");
    let (there, aside) = (
        directory.path().join("a.csv"),
        directory.path().join("_aside"),
    );
    attempt.idle_until("no look is just taking it", |_| {
        std::fs::rename(&there, &aside).is_ok()
    });
    // Looks find these, and not the file.
    for round in 3..6 {
        assert_eq!(
            read(&mut attempt, &format!("{round}.csv"), b"3\n", round),
            ["3"]
        );
        attempt.checkpoint();
    }
    std::fs::rename(&aside, &there).expect("was there");
    for round in 6..9 {
        let rows = read(&mut attempt, &format!("{round}.csv"), b"4\n", round);
        assert_eq!(rows, ["4"], "the file that came back is known");
        attempt.checkpoint();
    }
    // And when it can be, it is.
    std::fs::create_dir(&done).expect("is made");
    attempt.idle_until("all are taken away", |attempt| {
        attempt.checkpoint();
        std::fs::read_dir(&done).expect("is there").count() == 11
    });
}

#[test]
fn what_a_crash_left_hidden_is_read_or_taken_away() {
    let directory = directory(&[("a.csv", b"1\n"), ("b.csv", b"2\n")]);
    let source = watching(directory.path(), AfterCommit::Delete);
    let mut attempt = Attempt::start(&source, 2);
    let found = attempt.read_until(|found| found.len() >= 2);
    assert_eq!(found.expect("can be read").len(), 2);
    let state = attempt.snapshot();
    drop(attempt);
    let hide = |name: &str| {
        let hidden = format!(".ms-away-00c0ffee.{name}");
        let there = directory.path().join(name);
        std::fs::rename(there, directory.path().join(hidden)).expect("was there");
    };
    // One was read, and of the other nobody knows.
    hide("a.csv");
    write(directory.path(), "c.csv", b"3\n", 9);
    hide("c.csv");
    let mut attempt = Attempt::restore(&source, 2, Some(state)).expect("the readers open");
    let found = attempt.read_until(|found| !found.is_empty());
    assert_eq!(Found::of(found.expect("can be read")).rows, ["3"]);
    attempt.idle_until("nothing is left", |attempt| {
        attempt.checkpoint();
        std::fs::read_dir(directory.path())
            .expect("is there")
            .count()
            == 0
    });
}
