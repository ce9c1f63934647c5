//! Half a compressed file, a directory, a link to nothing, a socket: a watching source passes over them, a source that
//! reads once fails by name, and a quarantine takes them away. Names need not be UTF-8.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::files_source_support::{Attempt, Found, directory, source, write};
use millstream_connectors::files_source::{Bad, FileSource, FileSourceOptions, Watch};

/// The first half of a compressed file of many records.
fn half() -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for number in 0..50_000_u64 {
        let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        writeln!(packed, "{scattered}").expect("memory");
    }
    let mut packed = packed.finish().expect("memory");
    packed.truncate(packed.len() / 2);
    packed
}

fn watching(path: &Path, bad: Option<Bad>) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.settle = Some(Duration::ZERO);
        options.intake.bad = bad;
    })
}

/// Everything odd that a directory can hold.
fn odd(path: &Path) -> UnixListener {
    write(path, "half.csv.gz", &half(), 2);
    fs::create_dir(path.join("inner")).expect("is made");
    std::os::unix::fs::symlink("/nowhere/at/all", path.join("link")).expect("is made");
    UnixListener::bind(path.join("socket")).expect("is made")
}

#[test]
fn a_watching_source_reads_on_and_counts() {
    let directory = directory(&[("a.csv", b"1\n")]);
    let _socket = odd(directory.path());
    let name = directory.path().join(OsStr::from_bytes(b"\xff.csv"));
    fs::write(name, "odd name\n").expect("is written");
    let source = watching(directory.path(), None);
    let mut attempt = Attempt::start(&source, 2);
    let has = |found: &[_]| {
        let rows = Found::of(found.to_vec()).rows;
        rows.iter().any(|row| row == "odd name") && rows.iter().any(|row| row == "1")
    };
    attempt.read_until(has).expect("can be read");
    let count = |attempt: &Attempt<_>| -> u64 {
        attempt
            .progress
            .iter()
            .map(|progress| progress.bad_files.get())
            .sum()
    };
    while count(&attempt) < 4 {
        attempt.attempt.wait(Some(Duration::from_millis(20)));
        attempt.poll(0, 10_000).expect("can be read");
        attempt.poll(1, 10_000).expect("can be read");
    }
    let state = attempt.checkpoint();
    drop(attempt);
    write(directory.path(), "b.csv", b"2\n", 9);
    let mut attempt = Attempt::restore(&source, 1, Some(state)).expect("the readers open");
    let found = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(found).rows, ["2"], "nothing of them comes again");
}

#[test]
fn a_source_that_reads_once_fails_by_name() {
    for name in ["inner", "link", "socket"] {
        let directory = directory(&[("a.csv", b"1\n")]);
        let kept = odd(directory.path());
        for other in ["inner", "link", "socket"]
            .into_iter()
            .filter(|other| *other != name)
        {
            let path = directory.path().join(other);
            fs::remove_dir(&path)
                .or_else(|_| fs::remove_file(&path))
                .expect("was there");
        }
        let error =
            FileSource::new(FileSourceOptions::new(directory.path())).expect_err("is refused");
        assert!(error.message().contains(name), "{error}");
        drop(kept);
    }
}

#[test]
fn a_quarantine_takes_them_away_and_a_crash_changes_nothing() {
    let directory = directory(&[("a.csv", b"1\n")]);
    let away = directory.path().join("_away");
    let source = watching(directory.path(), Some(Bad::Quarantine(away.clone())));
    let mut attempt = Attempt::start(&source, 1);
    attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    let state = attempt.checkpoint();
    let _socket = odd(directory.path());
    let names = || {
        let entries = fs::read_dir(&away).expect("is there");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("is there")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        names.sort();
        names
    };
    let expected = ["half.csv.gz", "inner", "socket"];
    let mut rows = Vec::new();
    while names() != expected {
        rows.extend(Found::of(attempt.poll(0, 10_000).expect("can be read")).rows);
        attempt.attempt.wait(Some(Duration::from_millis(20)));
    }
    let job = Rc::clone(&attempt.job);
    drop(attempt);
    // What was read of the damaged file comes again from where it lies now.
    let mut again =
        Attempt::start_in(job, &source, 2, Some(&state.taken)).expect("the readers open");
    let wanted = rows.len();
    let enough = |found: &[_]| Found::of(found.to_vec()).rows.len() >= wanted;
    let found = again.read_until(enough).expect("can be read");
    assert_eq!(Found::of(found).rows, rows);
}

#[test]
fn a_link_whose_disk_is_away_stays_and_is_read_when_it_comes_back() {
    let directory = directory(&[("a.csv", b"1\n")]);
    let away = directory.path().join("_away");
    let disk = tempfile::tempdir().expect("a directory");
    let target = disk.path().join("far.csv");
    std::os::unix::fs::symlink(&target, directory.path().join("far.csv")).expect("is made");
    let source = watching(directory.path(), Some(Bad::Quarantine(away.clone())));
    let mut attempt = Attempt::start(&source, 1);
    let mut found = Vec::new();
    while attempt.progress.iter().all(|one| one.bad_files.get() == 0) {
        found.extend(attempt.poll(0, 10_000).expect("can be read"));
        attempt.attempt.wait(Some(Duration::from_millis(20)));
    }
    // A name that was looked at behind the link.
    fs::create_dir(directory.path().join("later")).expect("is made");
    while !away.join("later").exists() {
        found.extend(attempt.poll(0, 10_000).expect("can be read"));
        attempt.attempt.wait(Some(Duration::from_millis(20)));
    }
    assert!(directory.path().join("far.csv").is_symlink());
    fs::write(&target, "2\n").expect("is written");
    while Found::of(found.clone()).rows.len() < 2 {
        found.extend(attempt.poll(0, 10_000).expect("can be read"));
        attempt.attempt.wait(Some(Duration::from_millis(20)));
    }
    assert_eq!(Found::of(found).rows, ["1", "2"]);
}
