//! A job that has read all there is ends when the files it is done with are taken away: the next one finds none of them again.

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, ingest, lines, put, running};

/// So many that they are not taken away in a moment.
const FILES: usize = 5_000;

fn count(directory: &Path) -> usize {
    fs::read_dir(directory).map_or(0, Iterator::count)
}

fn finished(directory: &Path, after_commit: &[&str]) {
    let parameters = [&CSV_TO_FILES, &[ONCE][..], after_commit].concat();
    let said = running::run(ingest(directory, &["-p", "2"], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
}

fn is_read_once(after_commit: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::create_dir(path.join("in")).expect("made");
    for number in 0..FILES {
        let file = path.join(format!("in/{number}.csv"));
        fs::write(file, format!("id,name\n{number},Ann\n")).expect("written");
    }
    finished(path, after_commit);
    assert_eq!(count(&path.join("in")), 0, "all are done with");
    finished(path, after_commit);
    assert_eq!(lines(&path.join("out")).len(), FILES);
    directory
}

#[test]
fn for_good() {
    is_read_once(&["--source.after.commit=delete"]);
}

#[test]
fn into_another_directory() {
    let directory = is_read_once(&[
        "--source.after.commit=move",
        "--source.after.commit.path=done",
    ]);
    assert_eq!(count(&directory.path().join("done")), FILES);
}

#[test]
fn what_can_not_be_is_told_and_counts_as_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let name = format!("in/{}.csv", "x".repeat(234));
    put(path, &name, "id,name\n1,Ann\n");
    put(path, "in/short.csv", "id,name\n2,Bob\n");
    let delete = ["--source.after.commit=delete", ONCE];
    let said = running::run(ingest(path, &[], &[&CSV_TO_FILES[..], &delete].concat()));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(count(&path.join("in")), 1);
    let told = "can't be taken away after its commit: its name is longer than 237 bytes";
    assert!(said.err.contains(told), "{}", said.err);
    assert!(!said.err.contains("could not be read"), "{}", said.err);
    assert_eq!(lines(&path.join("out")).len(), 2);
}
