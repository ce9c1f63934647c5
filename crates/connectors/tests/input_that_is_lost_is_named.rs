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

#[test]
fn a_file_that_was_read_behind_the_checkpoint_and_replaced_is_told() {
    for content in ["9\n8\n", "9\n", "7\n"] {
        let directory = directory(&[("a.csv", b"1\n")]);
        let strict = watching(directory.path(), Lost::Fail);
        let mut attempt = Attempt::start(&strict, 2);
        attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        let state = attempt.checkpoint();
        write(directory.path(), "x.csv", b"2\n", 2);
        attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        let job = Rc::clone(&attempt.job);
        drop(attempt);
        write(directory.path(), "x.csv", content.as_bytes(), 3);
        let again = |source: &FileSource| {
            Attempt::start_in(Rc::clone(&job), source, 1, Some(&state.taken))
                .expect("the readers open")
        };
        let error = again(&strict).fails();
        assert_eq!(error.code(), "MS-6010");
        assert!(
            error
                .message()
                .contains("x.csv (in whose place another file lies)"),
            "{error}"
        );
        let mut attempt = again(&watching(directory.path(), Lost::Skip));
        let found = attempt.read_until(|found| !found.is_empty());
        let expected: Vec<&str> = content.lines().collect();
        assert_eq!(Found::of(found.expect("can be read")).rows, expected);
        assert_eq!(attempt.progress[0].lost_files.get(), 1);
    }
}

#[test]
fn what_holds_all_that_was_announced_is_not_lost() {
    // Untouched, touched, and appended to.
    for (content, time) in [(&b"2\n"[..], 2), (b"2\n", 3), (b"2\n3\n", 3)] {
        let directory = directory(&[("a.csv", b"1\n")]);
        let source = watching(directory.path(), Lost::Fail);
        let mut attempt = Attempt::start(&source, 2);
        attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        let state = attempt.checkpoint();
        write(directory.path(), "x.csv", b"2\n", 2);
        attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        let job = Rc::clone(&attempt.job);
        drop(attempt);
        write(directory.path(), "x.csv", content, time);
        let taken = Some(&state.taken);
        let mut attempt = Attempt::start_in(job, &source, 1, taken).expect("the readers open");
        let found = attempt.read_until(|found| !found.is_empty());
        let text = String::from_utf8_lossy(content);
        let expected: Vec<&str> = text.lines().collect();
        assert_eq!(Found::of(found.expect("can be read")).rows, expected);
    }
}
