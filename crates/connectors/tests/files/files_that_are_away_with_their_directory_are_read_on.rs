//! Files that can't be opened because their whole directory is away are not lost: they are waited for, and read on
//! from where reading came to. Only what is missing in the right directory is lost.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::files_source_support::{Attempt, Found, directory, source, write};
use millstream_connectors::files_source::{AfterCommit, FileSource, ReadSizes, Watch};
use millstream_connectors::rows::Parsed;

/// One record in a block and in a batch, so that reading can stop behind any.
const TINY: ReadSizes = ReadSizes {
    split: 1_000,
    block: 1,
    record: 1 << 20,
    rows: 1,
};

const ROWS: usize = 2_000;

fn watching(path: &Path, after_commit: AfterCommit) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.settle = Some(Duration::ZERO);
        options.intake.after_commit = after_commit;
        options.sizes = TINY;
    })
}

/// A directory with files of several splits and a small one, and a place beside it.
fn input() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let outer = directory(&[]);
    let (path, aside) = (outer.path().join("in"), outer.path().join("aside"));
    std::fs::create_dir(&path).expect("is made");
    for (number, name) in ["a.csv", "b.csv"].into_iter().enumerate() {
        write(&path, name, rows(number).join("\n").as_bytes(), 1);
    }
    (outer, path, aside)
}

fn rows(file: usize) -> Vec<String> {
    let first = (file + 1) * 10_000;
    (first..first + ROWS).map(|row| row.to_string()).collect()
}

fn all() -> Vec<String> {
    (0..2).flat_map(rows).collect()
}

/// Polls all readers until nothing comes and the source says that it is held up by something with this word in it.
fn until_held_up(attempt: &mut Attempt<Parsed>, word: &str, found: &mut Vec<String>) {
    for tries in 0.. {
        assert!(tries < 200_000, "{word}: has not come about");
        let mut news = false;
        for subtask in 0..attempt.parallelism() {
            let records = attempt.poll(subtask, 8_192).expect("can be read");
            news |= !records.is_empty();
            found.extend(Found::of(records).rows);
        }
        let why = attempt.attempt.held_up().unwrap_or_default();
        if !news && why.contains(word) {
            return;
        }
        if !news {
            attempt.attempt.wait(Some(Duration::from_millis(5)));
        }
    }
}

fn read_rest(attempt: &mut Attempt<Parsed>, mut found: Vec<String>) -> Vec<String> {
    while found.len() < all().len() {
        let more = attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        found.extend(Found::of(more).rows);
    }
    found.sort();
    found
}

/// Reads some rows with a reader of several, so that there are files that others have not opened yet.
fn begin(attempt: &mut Attempt<Parsed>) -> Vec<String> {
    let mut found = Vec::new();
    while found.is_empty() {
        found = Found::of(attempt.poll(0, 1).expect("can be read")).rows;
        std::thread::yield_now();
    }
    found
}

#[test]
fn a_directory_that_leaves_while_files_are_half_read_is_waited_for() {
    for (stands_in, word) in [
        (None, "can't be looked at"),
        (Some(&[][..]), "is empty, and is another directory"),
        (Some(&["c.csv"][..]), "does not hold"),
    ] {
        let (_outer, path, aside) = input();
        let source = watching(&path, AfterCommit::Keep);
        let mut attempt = Attempt::start(&source, 3);
        let mut found = begin(&mut attempt);
        std::fs::rename(&path, &aside).expect("is moved away");
        for name in stands_in.into_iter().flatten() {
            // Empty, so that nothing of it is read.
            let beside = path.with_file_name("stand-in");
            std::fs::create_dir(&beside).expect("is made");
            write(&beside, name, b"", 1);
            std::fs::rename(&beside, &path).expect("is put there");
        }
        if stands_in.is_some_and(<[_]>::is_empty) {
            std::fs::create_dir(&path).expect("is made");
        }
        until_held_up(&mut attempt, word, &mut found);
        assert!(found.len() < all().len(), "something is left");
        let (state, until_there) = (attempt.snapshot(), found.clone());
        if stands_in.is_some() {
            std::fs::remove_dir_all(&path).expect("is there");
        }
        std::fs::rename(&aside, &path).expect("is moved back");
        assert_eq!(read_rest(&mut attempt, found), all());
        // The same of an attempt that goes on from then.
        drop(attempt);
        let mut attempt = Attempt::restore(&source, 2, Some(state)).expect("the readers open");
        assert_eq!(read_rest(&mut attempt, until_there), all());
    }
}

#[test]
fn what_was_announced_behind_a_checkpoint_is_waited_for_where_the_directory_is_empty() {
    let (_outer, path, aside) = input();
    let source = watching(&path, AfterCommit::Keep);
    let mut attempt = Attempt::start(&source, 2);
    begin(&mut attempt);
    let job = Rc::clone(&attempt.job);
    drop(attempt);
    std::fs::rename(&path, &aside).expect("is moved away");
    std::fs::create_dir(&path).expect("is made");
    let mut attempt = Attempt::start_in(job, &source, 3, None).expect("the readers open");
    until_held_up(&mut attempt, "is empty", &mut Vec::new());
    std::fs::remove_dir(&path).expect("is empty");
    std::fs::rename(&aside, &path).expect("is moved back");
    assert_eq!(read_rest(&mut attempt, Vec::new()), all());
}

#[test]
fn nothing_counts_as_taken_away_while_the_directory_is_away() {
    let (outer, path, aside) = input();
    let target = outer.path().join("done");
    let source = watching(&path, AfterCommit::Move(target.clone()));
    let mut attempt = Attempt::start(&source, 2);
    assert_eq!(read_rest(&mut attempt, Vec::new()), all());
    std::fs::rename(&path, &aside).expect("is moved away");
    attempt.checkpoint();
    until_held_up(&mut attempt, "can't be looked at", &mut Vec::new());
    std::fs::create_dir(&path).expect("is made");
    until_held_up(&mut attempt, "is empty", &mut Vec::new());
    std::fs::remove_dir(&path).expect("is empty");
    std::fs::rename(&aside, &path).expect("is moved back");
    attempt.idle_until("its files are moved", |attempt| {
        attempt.checkpoint();
        std::fs::read_dir(&target).is_ok_and(|moved| moved.count() == 2)
    });
    assert_eq!(std::fs::read_dir(&path).expect("is there").count(), 0);
}
