//! A file that was found, read behind the last checkpoint and taken away is missing after a crash: that is an error with
//! its name, or accepted by name.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::files_source_support::{Attempt, Found, State, directory, source, write};
use millstream_connectors::conformance::{SourceJob, TakenSnapshot};
use millstream_connectors::files_source::{FileSource, Lost, Watch};
use millstream_connectors::rows::Parsed;
use tempfile::TempDir;

fn watching(path: &Path, lost: Lost) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.settle = Some(Duration::ZERO);
        options.intake.lost = lost;
    })
}

/// Reads until there is something.
fn read_more(attempt: &mut Attempt<Parsed>) -> Vec<String> {
    let found = attempt.read_until(|found| !found.is_empty());
    Found::of(found.expect("can be read")).rows
}

/// A directory of which `a.csv` was read, and behind the checkpoint the file `name`; the attempt goes on.
fn read_behind_checkpoint(name: &str) -> (TempDir, Attempt<Parsed>, State) {
    let directory = directory(&[("a.csv", b"1\n")]);
    let mut attempt = Attempt::start(&watching(directory.path(), Lost::Fail), 2);
    read_more(&mut attempt);
    let state = attempt.checkpoint();
    write(directory.path(), name, b"2\n", 2);
    read_more(&mut attempt);
    (directory, attempt, state)
}

/// Another attempt of the job, with one reader.
fn again(
    job: &Rc<SourceJob>,
    directory: &Path,
    lost: Lost,
    taken: Option<&TakenSnapshot>,
) -> Attempt<Parsed> {
    Attempt::start_in(Rc::clone(job), &watching(directory, lost), 1, taken)
        .expect("the readers open")
}

#[test]
fn a_file_that_was_read_behind_the_checkpoint_and_deleted_is_told() {
    for has_checkpoint in [true, false] {
        let directory = directory(&[("a.csv", b"1\n")]);
        let mut attempt = Attempt::start(&watching(directory.path(), Lost::Fail), 2);
        read_more(&mut attempt);
        let state = has_checkpoint.then(|| attempt.checkpoint());
        write(directory.path(), "b.csv", b"2\n", 2);
        read_more(&mut attempt);
        std::fs::remove_file(directory.path().join("b.csv")).expect("was there");
        let job = Rc::clone(&attempt.job);
        drop(attempt);
        let path = directory.path();
        let taken = state.as_ref().map(|state| &state.taken);
        for _ in 0..2 {
            let error = again(&job, path, Lost::Fail, taken).fails();
            assert_eq!(error.code(), "MS-6010");
            assert!(error.message().contains("b.csv is gone"), "{error}");
            assert!(!error.message().contains("a.csv"), "{error}");
        }
        let mut attempt = again(&job, path, Lost::Skip, taken);
        write(directory.path(), "c.csv", b"3\n", 3);
        let expected: &[&str] = if has_checkpoint { &["3"] } else { &["1", "3"] };
        let found = attempt.read_until(|found| found.len() >= expected.len());
        assert_eq!(Found::of(found.expect("can be read")).rows, expected);
        assert_eq!(attempt.progress[0].lost_files.get(), 1);
    }
}

#[test]
fn what_a_checkpoint_covers_may_be_taken_away() {
    let (directory, mut attempt, _) = read_behind_checkpoint("b.csv");
    let path = directory.path();
    let state = attempt.checkpoint();
    drop(attempt);
    std::fs::remove_file(path.join("b.csv")).expect("was there");
    let mut attempt =
        Attempt::restore(&watching(path, Lost::Fail), 3, Some(state)).expect("the readers open");
    write(path, "c.csv", b"3\n", 3);
    assert_eq!(read_more(&mut attempt), ["3"]);
}

#[test]
fn a_file_that_was_read_behind_the_checkpoint_and_replaced_is_told() {
    for content in ["9\n8\n", "9\n", "7\n"] {
        let (directory, attempt, state) = read_behind_checkpoint("x.csv");
        let (path, taken) = (directory.path(), Some(&state.taken));
        drop(attempt);
        write(path, "x.csv", content.as_bytes(), 3);
        let error = again(&state.job, path, Lost::Fail, taken).fails();
        assert_eq!(error.code(), "MS-6010");
        let told = "x.csv (in whose place another file lies)";
        assert!(error.message().contains(told), "{error}");
        let mut attempt = again(&state.job, path, Lost::Skip, taken);
        let expected: Vec<&str> = content.lines().collect();
        assert_eq!(read_more(&mut attempt), expected);
        assert_eq!(attempt.progress[0].lost_files.get(), 1);
    }
}

#[test]
fn what_holds_all_that_was_announced_is_not_lost() {
    // Untouched, touched, and appended to.
    for (content, time) in [("2\n", 2), ("2\n", 3), ("2\n3\n", 3)] {
        let (directory, attempt, state) = read_behind_checkpoint("x.csv");
        let path = directory.path();
        drop(attempt);
        write(path, "x.csv", content.as_bytes(), time);
        let mut attempt = again(&state.job, path, Lost::Fail, Some(&state.taken));
        let expected: Vec<&str> = content.lines().collect();
        assert_eq!(read_more(&mut attempt), expected);
    }
}
