//! SIGTERM to a local job that waits for something before it begins ends the process at once, and it says what to go on from:
//! nothing has run that a savepoint could hold.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, Said, ingest, lines, put, shim};

/// Whether output waits in a directory to be committed.
fn holds_prepared(directory: &Path) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().ends_with(".prepared"))
}

/// Has a job die when a checkpoint is complete and its output not committed, and another directory stand where that output is.
fn robbed(path: &Path) {
    let library = shim::build(shim::METADATA, path);
    let out = path.join("out");
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut command = ingest(path, &[], &CSV_TO_FILES);
    shim::over_metadata(&mut command, &library, path);
    command.env("REACHED_WAITS_WHILE", path.join("reached"));
    let mut job = Running::start(command);
    job.await_that("output", || lines(&out).len() == 1);
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    job.await_that("a checkpoint with output", || {
        shim::is_held_up(path, |_| holds_prepared(&out))
    });
    let held = shim::on_its_way(path).expect("it is held up");
    put(path, "reached", "");
    fs::remove_file(path.join("waits")).expect("removed");
    job.await_that("it to be complete", || {
        held.with_file_name("_metadata").exists()
    });
    job.kill();
    fs::rename(&out, path.join("away")).expect("moved");
    fs::create_dir(&out).expect("made");
}

/// Puts back what was taken.
fn bring_back(path: &Path) {
    fs::remove_dir_all(path.join("out")).expect("removed");
    fs::rename(path.join("away"), path.join("out")).expect("moved back");
}

/// Goes on from the newest snapshot, and looks at the output.
#[track_caller]
fn goes_on(path: &Path) {
    put(path, "in/3.csv", "id,name\n3,Cy\n");
    let parameters = [&CSV_TO_FILES[..], &[common::ONCE]].concat();
    let said = common::running::run(ingest(path, &["-s", "latest"], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let rows = [("1", "Ann"), ("2", "Bob"), ("3", "Cy")];
    let rows = rows.map(|(id, name)| format!(r#"{{"id":"{id}","name":"{name}"}}"#));
    assert_eq!(lines(&path.join("out")), rows);
}

/// Starts the job by `options`; it waits for the output that it has to commit first.
#[track_caller]
fn waiting(path: &Path, options: &[&str]) -> Running {
    let mut job = Running::start(ingest(path, options, &CSV_TO_FILES));
    job.await_log("can't be committed yet");
    job
}

/// Stops a job that waits; answers what it says, and the snapshot that it names.
#[track_caller]
fn stopped(job: Running) -> (Said, String) {
    job.signal("TERM");
    let said = job.end();
    assert_eq!(said.code, Some(143), "{}{}", said.out, said.err);
    assert!(!said.err.contains("Suspending job"), "{}", said.err);
    let mut lines = said.out.lines();
    let told = lines.find_map(|line| line.split_once("Newest snapshot: "));
    let (did, newest) = told.expect(&said.out);
    assert!(did.contains("\"job\" had not begun to run"), "{did}");
    let newest = newest.to_owned();
    (said, newest)
}

#[test]
fn as_the_output_of_its_snapshot_can_not_be_committed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    robbed(path);
    // However often it is started again.
    for _ in 0..2 {
        let (said, newest) = stopped(waiting(path, &["-s", "latest"]));
        let how = format!("add -s latest, or -s {newest}\n");
        assert!(said.out.contains(&how), "{}", said.out);
        let why = "It waited: output Sink: file can't be committed yet: MS-7001: ";
        assert!(said.out.contains(why), "{}", said.out);
    }
    bring_back(path);
    goes_on(path);
}

#[test]
fn and_names_that_snapshot_alone_that_was_given() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    robbed(path);
    let (_, newest) = stopped(waiting(path, &["-s", "latest"]));
    let (said, again) = stopped(waiting(path, &["-s", &newest]));
    assert_eq!(again, newest);
    let how = format!("add -s {newest}\n");
    assert!(said.out.contains(&how), "{}", said.out);
}

#[test]
fn and_one_that_is_cancelled_instead_says_so_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    robbed(path);
    let job = waiting(path, &["-s", "latest"]);
    job.signal("INT");
    let said = job.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    let how = "it had not begun: start it again with -s latest, or -s ";
    assert!(
        error.starts_with("MS-2007: ") && error.contains(how),
        "{error}"
    );
    bring_back(path);
    goes_on(path);
}

#[test]
fn as_its_input_is_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let mut job = Running::start(ingest(path, &[], &CSV_TO_FILES));
    job.await_that("output", || lines(&path.join("out")).len() == 2);
    job.suspend();
    let (input, away) = (path.join("in"), path.join("elsewhere"));
    fs::rename(&input, &away).expect("moved away");
    let mut job = Running::start(ingest(path, &["-s", "latest"], &CSV_TO_FILES));
    job.await_log("its input is waited for: MS-6001");
    let (said, newest) = stopped(job);
    let how = format!("add -s latest, or -s {newest}\nIt waited: MS-6001: ");
    assert!(said.out.contains(&how), "{}", said.out);
    fs::rename(&away, &input).expect("it is back");
    goes_on(path);
}
