//! The ledger of files is shared between checkpoints: one at which nothing is new writes next to nothing, one with a few
//! new files writes those; and every one of them can be restored, at any parallelism.

use std::rc::Rc;
use std::time::Duration;

use crate::files_source_support::{Attempt, Found, State, directory, source, write};
use millstream_connectors::files_source::{FileSource, Watch};

const FILES: usize = 3_000;

fn watching(path: &std::path::Path) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.settle = Some(Duration::ZERO);
    })
}

#[test]
fn what_is_written_is_what_has_changed() {
    let directory = directory(&[]);
    for number in 0..FILES {
        std::fs::write(directory.path().join(format!("{number}.csv")), "x\n").expect("is written");
    }
    let source = watching(directory.path());
    let mut attempt = Attempt::start(&source, 4);
    attempt
        .read_until(|found| found.len() >= FILES)
        .expect("can be read");
    let first = attempt.checkpoint();
    assert!(first.taken.written > 40 * FILES as u64);
    let second = attempt.checkpoint();
    assert!(
        second.taken.written < 8_000,
        "{} bytes",
        second.taken.written
    );
    let mut states: Vec<(State, usize)> = vec![(first, 0), (second, 0)];
    for number in 0..20 {
        write(directory.path(), &format!("later {number}.csv"), b"y\n", 5);
        attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        let state = attempt.checkpoint();
        states.push((state, number + 1));
    }
    let small = states
        .iter()
        .skip(1)
        .filter(|(state, _)| state.taken.written < 12_000)
        .count();
    assert!(small >= 18, "most are small: {small}");
    // A file that is complete in itself.
    let taken = attempt
        .attempt
        .snapshot(&attempt.job, true)
        .expect("a snapshot");
    assert!(taken.written > 40 * FILES as u64);
    let job = Rc::clone(&attempt.job);
    states.push((State { job, taken }, 20));
    drop(attempt);
    for (number, (state, known)) in states.into_iter().enumerate() {
        let once = source_once(directory.path());
        let mut attempt =
            Attempt::restore(&once, 1 + number % 5, Some(state)).expect("the readers open");
        let found = attempt.read_to_end().expect("can be read");
        assert_eq!(Found::of(found).rows.len(), 20 - known, "snapshot {number}");
    }
}

fn source_once(path: &std::path::Path) -> FileSource {
    source(path, |_| ())
}
