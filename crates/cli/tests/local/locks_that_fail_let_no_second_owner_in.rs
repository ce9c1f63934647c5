//! A file system may have no locks for one process (ENOLCK) and have given them to another one: that one is told by its note, and is
//! waited for or named, never overrun.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, running, shim};
use serde_json::Value;

fn without_locks(path: &Path, library: &Path) -> Command {
    let mut command = ingest(path, &["-s", "latest"], &CSV_TO_FILES);
    command.env("LD_PRELOAD", library);
    command
}

/// Who is refused with this code; answers what is said.
#[track_caller]
fn refused(command: Command, code: &str) -> String {
    let said = running::run(command);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.error().starts_with(code), "{}", said.err);
    said.error().to_owned()
}

/// The notes of owners below the checkpoints.
fn notes(path: &Path) -> Vec<PathBuf> {
    let jobs = fs::read_dir(path.join("data/checkpoints")).expect("a directory");
    let notes = jobs.map(|job| job.expect("an entry").path().join("_owner"));
    notes.filter(|note| note.exists()).collect()
}

/// Has the notes of who holds a lock say that it is on another machine; answers what they said.
fn move_elsewhere(path: &Path) -> Vec<(PathBuf, String)> {
    let change = |note: PathBuf| {
        let text = fs::read_to_string(&note).expect("text");
        let mut value: Value = serde_json::from_str(&text).expect("JSON");
        // Whoever was refused has let go of what it had.
        let process = value.get("process").and_then(Value::as_str)?.to_owned();
        let (_, behind) = process.split_once(' ').expect("behind the machine");
        let process = format!("another-machine {behind}");
        value
            .as_object_mut()
            .expect("an object")
            .insert("process".to_owned(), process.into());
        fs::write(&note, value.to_string()).expect("written");
        Some((note, text))
    };
    notes(path).into_iter().filter_map(change).collect()
}

#[test]
fn beside_one_that_has_the_lock() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(shim::NO_LOCKS, path);
    let count = || lines(&path.join("out")).len();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut first = Running::start(ingest(path, &[], &CSV_TO_FILES));
    first.await_that("output", || count() == 1);
    first.await_checkpoint();
    let error = refused(without_locks(path, &library), "MS-3011: ");
    assert!(error.contains(&format!("pid {}", first.id())), "{error}");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    first.await_that("more output", || count() == 2);
    first.kill();

    // Of a process that can't be seen from here it is not known that it has ended.
    let before = move_elsewhere(path);
    let error = refused(without_locks(path, &library), "MS-3014: ");
    assert!(
        error.contains("_owner") && error.contains("locks"),
        "{error}"
    );
    for (note, text) in before {
        fs::write(note, text).expect("written");
    }

    // One that has ended on this machine holds nothing.
    let mut second = Running::start(without_locks(path, &library));
    put(path, "in/3.csv", "id,name\n3,Cy\n");
    second.await_that("its output", || count() == 3);
    second.await_checkpoint();
    // And the one with the lock finds the lease of the one without.
    let with_locks = ingest(path, &["-s", "latest"], &CSV_TO_FILES);
    let error = refused(with_locks, "MS-3011: ");
    assert!(error.contains(&format!("pid {}", second.id())), "{error}");
    second.suspend();
    assert_eq!(count(), 3, "{:?}", lines(&path.join("out")));
}

#[test]
fn where_locks_work_again_a_note_of_another_machine_is_no_hindrance() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let count = || lines(&path.join("out")).len();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut first = Running::start(ingest(path, &[], &CSV_TO_FILES));
    first.await_that("output", || count() == 1);
    first.await_checkpoint();
    first.kill();
    assert!(!move_elsewhere(path).is_empty());
    let mut second = Running::start(ingest(path, &["-s", "latest"], &CSV_TO_FILES));
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    second.await_that("its output", || count() == 2);
    second.suspend();
    assert_eq!(count(), 2, "{:?}", lines(&path.join("out")));
}
