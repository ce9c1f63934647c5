//! A watched directory that is away, or empty for a moment, is waited for: nothing fails, nothing is forgotten, nothing
//! is read twice.

use std::time::Duration;

use crate::files_source_support::{Attempt, Found, directory, source, write};
use millstream_connectors::files_source::{FileSource, Watch};

fn watching(path: &std::path::Path, forget: Duration) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.settle = Some(Duration::ZERO);
        options.intake.forget = forget;
    })
}

#[test]
fn a_directory_that_is_gone_empty_and_back_is_read_once() {
    let directory = directory(&[("a.csv", b"1\n2\n")]);
    let path = directory.path().join("in");
    std::fs::create_dir(&path).expect("is made");
    write(&path, "a.csv", b"1\n2\n", 1);
    let source = watching(&path, Duration::from_secs(60));
    let mut attempt = Attempt::start(&source, 2);
    let found = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(found).rows, ["1", "2"]);
    let held_up = |word: &'static str| {
        move |attempt: &mut Attempt<_>| {
            let why = attempt.attempt.held_up().unwrap_or_default();
            why.contains(word)
        }
    };
    let aside = directory.path().join("aside");
    std::fs::rename(&path, &aside).expect("is moved away");
    attempt.idle_until("it is away", held_up("can't be looked at"));
    // As an unmounted mount point is.
    std::fs::create_dir(&path).expect("is made");
    attempt.idle_until("it is empty", held_up("is empty, and is another directory"));
    let state = attempt.snapshot();
    drop(attempt);
    let mut attempt = Attempt::restore(&source, 3, Some(state)).expect("the readers open");
    attempt.idle_until("it is empty", held_up("is empty, and is another directory"));
    std::fs::remove_dir(&path).expect("is empty");
    std::fs::rename(&aside, &path).expect("is moved back");
    attempt.idle_until("it is back", |attempt| attempt.attempt.held_up().is_none());
    write(&path, "b.csv", b"3\n", 2);
    let found = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(found).rows, ["3"]);
}

#[test]
fn a_file_that_has_left_is_forgotten_and_one_of_its_name_is_new() {
    let directory = directory(&[("a.csv", b"1\n"), ("b.csv", b"2\n")]);
    let source = watching(directory.path(), Duration::ZERO);
    let mut attempt = Attempt::start(&source, 1);
    attempt
        .read_until(|found| found.len() >= 2)
        .expect("can be read");
    std::fs::remove_file(directory.path().join("a.csv")).expect("was there");
    // What comes later is found by looks that come later.
    for number in 0..3 {
        write(directory.path(), &format!("c{number}.csv"), b"3\n", 5);
        attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
    }
    write(directory.path(), "a.csv", b"1\n", 0);
    let found = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(found).rows, ["1"]);
}
