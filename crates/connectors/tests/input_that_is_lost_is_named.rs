//! A file that was found, read behind the last checkpoint and taken away is missing after a crash: that is an error with
//! its name, or accepted by name.

mod files_source_support;

use std::rc::Rc;
use std::time::Duration;

use files_source_support::{Attempt, Found, directory, source, write};
use millstream_connectors::files_source::{FileSource, Lost, Watch};

fn watching(path: &std::path::Path, lost: Lost) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.settle = Some(Duration::ZERO);
        options.intake.lost = lost;
    })
}

#[test]
fn a_file_that_was_read_behind_the_checkpoint_and_deleted_is_told() {
    for has_checkpoint in [true, false] {
        let directory = directory(&[("a.csv", b"1\n")]);
        let strict = watching(directory.path(), Lost::Fail);
        let mut attempt = Attempt::start(&strict, 2);
        attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        let state = has_checkpoint.then(|| attempt.checkpoint());
        write(directory.path(), "b.csv", b"2\n", 2);
        attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        std::fs::remove_file(directory.path().join("b.csv")).expect("was there");
        let job = Rc::clone(&attempt.job);
        drop(attempt);
        let again = |source: &FileSource| {
            let taken = state.as_ref().map(|state| &state.taken);
            Attempt::start_in(Rc::clone(&job), source, 1, taken).expect("the readers open")
        };
        for _ in 0..2 {
            let error = again(&strict).fails();
            assert_eq!(error.code(), "MS-6010");
            assert!(error.message().contains("b.csv is gone"), "{error}");
            assert!(!error.message().contains("a.csv"), "{error}");
        }
        let mut attempt = again(&watching(directory.path(), Lost::Skip));
        write(directory.path(), "c.csv", b"3\n", 3);
        let wanted = if has_checkpoint { 1 } else { 2 };
        let found = attempt
            .read_until(|found| found.len() >= wanted)
            .expect("can be read");
        let expected: &[&str] = if has_checkpoint { &["3"] } else { &["1", "3"] };
        assert_eq!(Found::of(found).rows, expected);
        assert_eq!(attempt.progress[0].lost_files.get(), 1);
    }
}

#[test]
fn what_a_checkpoint_covers_may_be_taken_away() {
    let directory = directory(&[("a.csv", b"1\n")]);
    let source = watching(directory.path(), Lost::Fail);
    let mut attempt = Attempt::start(&source, 2);
    attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    write(directory.path(), "b.csv", b"2\n", 2);
    attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    let state = attempt.checkpoint();
    drop(attempt);
    std::fs::remove_file(directory.path().join("b.csv")).expect("was there");
    let mut attempt = Attempt::restore(&source, 3, Some(state)).expect("the readers open");
    write(directory.path(), "c.csv", b"3\n", 3);
    let found = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(found).rows, ["3"]);
}
