//! A file that was seen, waits until it has stood still for `source.file.settle`, and is taken away by somebody meanwhile: nothing
//! of it was read, and a warning says so.

use std::fs;

use crate::common::{CSV_TO_FILES, Running, ingest, put};

#[test]
fn in_a_warning() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let parameters = [&CSV_TO_FILES[..], &["--source.file.settle=3600000"]].concat();
    put(path, "in/a.csv", "id\n1\n");
    let mut job = Running::start(ingest(path, &[], &parameters));
    // A directory is told of at once: the look behind the one that found the first holds the file.
    for odd in ["first", "second"] {
        fs::create_dir(path.join("in").join(odd)).expect("made");
        job.await_log(&format!("in/{odd}"));
    }
    // Another name is no other file.
    fs::rename(path.join("in/a.csv"), path.join("in/b.csv")).expect("renamed");
    for odd in ["third", "fourth"] {
        fs::create_dir(path.join("in").join(odd)).expect("made");
        job.await_log(&format!("in/{odd}"));
    }
    fs::remove_file(path.join("in/b.csv")).expect("removed");
    let told = job.await_log("is gone before it had stood still");
    assert!(told.contains("WARN") && told.contains("b.csv"), "{told}");
    let said = job.suspend();
    assert!(!said.err.contains("a.csv is gone"), "{}", said.err);
}
