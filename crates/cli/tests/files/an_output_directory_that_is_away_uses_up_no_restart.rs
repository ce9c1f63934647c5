//! An output directory that is away while its job runs is waited for: the job says so, uses up no restart, and every record is there
//! once when the directory is back. It is not made anew, and who cancels the job meanwhile is not kept waiting.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::common::{CSV_TO_FILES, ONCE, Running, assert_lines, ingest, lines, put, running};

/// What is said while nothing can be written.
const WAITS: &str = " now: the directory is away (";
/// Records of a file that is written before it is prepared: more than a buffer holds.
const MANY: u32 = 200_000;

/// The output directory, and where it is moved to.
struct Places {
    out: PathBuf,
    away: PathBuf,
}

impl Places {
    fn of(directory: &Path) -> Self {
        let (out, away) = (directory.join("out"), directory.join("away"));
        Self { out, away }
    }

    fn take_away(&self) {
        fs::rename(&self.out, &self.away).expect("taken away");
    }

    fn bring_back(&self) {
        assert!(!self.out.exists(), "it is made anew");
        fs::rename(&self.away, &self.out).expect("brought back");
    }

    fn assert_holds(&self, records: u32) {
        let rows = (0..records).map(|id| format!("{{\"id\":\"{id}\"}}"));
        assert_lines(&lines(&self.out), rows);
    }
}

fn put_records(directory: &Path, name: &str, ids: Range<u32>) {
    let rows: String = ids.map(|id| format!("{id}\n")).collect();
    put(directory, name, format!("id\n{rows}"));
}

/// A job that fails with its first failure, and has committed record 0.
fn started(directory: &Path, out: &Path) -> Running {
    put_records(directory, "in/0.csv", 0..1);
    let mut job = Running::start(ingest(directory, &[], &CSV_TO_FILES));
    job.await_that("record 0", || lines(out).len() == 1);
    job.await_checkpoint();
    job
}

#[test]
fn where_a_file_begins() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let places = Places::of(directory);
    let mut job = started(directory, &places.out);

    places.take_away();
    put_records(directory, "in/1.csv", 1..5_000);
    let told = job.await_log(WAITS);
    assert!(
        told.contains("if it is gone for good, make an empty one"),
        "{told}"
    );
    put_records(directory, "in/2.csv", 5_000..6_000);
    places.bring_back();
    job.await_that("all records", || lines(&places.out).len() >= 6_000);
    let said = job.suspend();
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);
    let told = said.err.lines().filter(|line| line.contains(WAITS));
    assert_eq!(told.count(), 1, "{}", said.err);
    places.assert_holds(6_000);
}

#[test]
fn where_files_are_prepared_for_a_stop() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let places = Places::of(directory);
    put_records(directory, "in/0.csv", 0..MANY);
    // Nothing is prepared before the stop.
    let rarely = "-Dexecution.checkpointing.interval=1 h";
    let mut job = Running::start(ingest(directory, &[rarely], &CSV_TO_FILES));
    job.await_that("a file that is being written", || {
        let entries = fs::read_dir(&places.out).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name());
        names.any(|name| name.to_string_lossy().ends_with(".inprogress"))
    });

    places.take_away();
    job.signal("TERM");
    job.await_log(WAITS);
    places.bring_back();
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);

    let parameters = [&CSV_TO_FILES[..], &[ONCE]].concat();
    let said = running::run(ingest(directory, &["-s", "latest"], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    places.assert_holds(MANY);
}

/// A job of another process goes on only when the directory is back.
fn assert_another_process_waits(directory: &Path, places: &Places) {
    started(directory, &places.out).kill();

    places.take_away();
    put_records(directory, "in/1.csv", 1..10);
    let mut job = Running::start(ingest(directory, &["-s", "latest"], &CSV_TO_FILES));
    let told = job.await_log("can't open the directory");
    assert!(told.contains("mount it or bring it back"), "{told}");
    places.bring_back();
    job.await_that("all records", || lines(&places.out).len() >= 10);
    let said = job.suspend();
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);
    places.assert_holds(10);
}

#[test]
fn before_an_attempt_begins() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    assert_another_process_waits(directory, &Places::of(directory));
}

#[test]
fn before_an_attempt_begins_where_its_path_is_a_link() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let places = Places::of(&directory.join("disk"));
    fs::create_dir_all(&places.out).expect("made");
    symlink(&places.out, directory.join("out")).expect("linked");
    assert_another_process_waits(directory, &places);
}

#[test]
fn and_a_job_that_is_cancelled_meanwhile_ends() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let places = Places::of(directory);
    let mut job = started(directory, &places.out);

    places.take_away();
    put_records(directory, "in/1.csv", 1..5_000);
    job.await_log(WAITS);
    job.signal("INT");
    let said = job.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().starts_with("MS-2007: "), "{}", said.err);
    places.bring_back();
    places.assert_holds(1);
}
