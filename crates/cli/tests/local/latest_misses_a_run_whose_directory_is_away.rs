//! `-s latest` refuses to go back behind output of a run whose directory was taken away, or put back from an older copy; and a start from
//! an older snapshot by its path says that output will be written again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{
    CSV_TO_FILES, ONCE, Running, directories_of_jobs, ingest, lines, put, running,
};

fn count(path: &Path) -> usize {
    lines(&path.join("out")).len()
}

/// Runs the job until there are so many records of output and a checkpoint behind them; answers its process and the directory of it.
fn run(path: &Path, options: &[&str], records: usize) -> (Running, PathBuf) {
    let checkpoints = path.join("data/checkpoints");
    let known = directories_of_jobs(&checkpoints);
    let mut job = Running::start(ingest(path, options, &CSV_TO_FILES));
    job.await_that("output", || count(path) == records);
    job.await_checkpoint();
    let mut jobs = directories_of_jobs(&checkpoints).into_iter();
    let own = jobs.find(|job| !known.contains(job));
    (job, own.expect("a directory of its own"))
}

/// Has a start from the newest snapshot refused with this code; answers what was said.
#[track_caller]
fn refused(path: &Path, code: &str) -> String {
    let said = running::run(ingest(path, &["-s", "latest"], &CSV_TO_FILES));
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.error().starts_with(code), "{}", said.err);
    said.error().to_owned()
}

fn id(directory: &Path) -> &str {
    let name = directory.file_name().and_then(|name| name.to_str());
    name.expect("an id")
}

/// The newest checkpoint in the directory of a job.
fn newest(directory: &Path) -> PathBuf {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let complete = entries.filter(|entry| entry.path().join("_metadata").exists());
    let number = |path: &PathBuf| -> u64 {
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_prefix("chk-"));
        number
            .and_then(|number| number.parse().ok())
            .expect("a number")
    };
    let newest = complete.map(|entry| entry.path()).max_by_key(number);
    newest.expect("a checkpoint")
}

fn once(path: &Path, options: &[&str]) -> Command {
    ingest(path, options, &[&CSV_TO_FILES[..], &[ONCE]].concat())
}

#[test]
fn of_a_run_that_went_on_from_another() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let (first, of_first) = run(path, &[], 1);
    first.kill();
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let (second, of_second) = run(path, &["-s", "latest"], 2);
    second.kill();

    let away = path.join("away");
    fs::rename(&of_second, &away).expect("moved");
    let error = refused(path, "MS-3015: ");
    for part in [id(&of_second), "_reached", "-s PATH"] {
        assert!(error.contains(part), "{error}");
    }
    fs::rename(&away, &of_second).expect("moved back");
    put(path, "in/3.csv", "id,name\n3,Cy\n");
    let (third, of_third) = run(path, &["-s", "latest"], 3);
    third.kill();

    // On purpose it can be had: by the path of a snapshot, with a word on what comes of it.
    fs::remove_dir_all(&of_third).expect("removed");
    let older = newest(&of_first);
    let older = older.to_str().expect("text");
    let said = running::run(once(path, &["-s", older]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut lines = said.err.lines();
    let warning = lines.find(|line| line.contains("will be written again"));
    let warning = warning.expect(&said.err);
    assert!(
        warning.contains(" WARN ") && warning.contains(id(&of_third)) && warning.contains(older),
        "{warning}"
    );
    let end = said
        .err
        .lines()
        .find(|line| line.contains("Committed since the job began"));
    let end = end.expect(&said.err);
    assert!(
        end.contains("without what was committed behind") && end.contains(older),
        "{end}"
    );
    assert_eq!(count(path), 5, "the second and the third record once more");
}

#[test]
fn of_a_run_that_went_on_from_a_savepoint_by_its_path() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let (first, _) = run(path, &[], 1);
    let said = first.suspend();
    let savepoint = said.savepoint().to_owned();
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let (second, of_second) = run(path, &["-s", &savepoint], 2);
    let said = second.kill();
    assert!(!said.err.contains("written again"), "{}", said.err);
    fs::remove_dir_all(&of_second).expect("removed");
    let error = refused(path, "MS-3015: ");
    assert!(error.contains(id(&of_second)), "{error}");
    // Where that run is not missed its output is found.
    let note = path.join("data/checkpoints/_reached").join(id(&of_second));
    fs::remove_file(note).expect("removed");
    let said = running::run(once(path, &["-s", "latest"]));
    assert!(said.error().contains("(MS-3017)"), "{}", said.err);
    let files = fs::read_dir(path.join("out")).expect("listed").flatten();
    for file in files.map(|file| file.path()) {
        if fs::read_to_string(&file).is_ok_and(|text| text.contains("Bob")) {
            fs::remove_file(file).expect("taken away");
        }
    }
    let said = running::run(once(path, &["-s", "latest"]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(count(path), 2, "what it had written comes again");
}

/// Copies a directory with all in it.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.expect("cp").success());
}

#[test]
fn of_a_run_that_is_there_as_it_was_before() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let (mut job, own) = run(path, &[], 1);
    job.signal("STOP");
    let before = path.join("before");
    copy(&own, &before);
    job.signal("CONT");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    job.await_that("more output", || count(path) == 2);
    job.await_checkpoint();
    job.kill();
    fs::remove_dir_all(&own).expect("removed");
    fs::rename(&before, &own).expect("put back");
    let error = refused(path, "MS-3001: ");
    assert!(error.contains(id(&own)), "{error}");
    assert_eq!(count(path), 2);
}

#[test]
fn of_all_runs_whose_disk_is_not_mounted() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let (job, own) = run(path, &[], 1);
    job.kill();
    let checkpoints = path.join("data/checkpoints");
    let away = path.join("away");
    fs::rename(&checkpoints, &away).expect("moved");
    // Nothing is there, or the empty directory that it is mounted on.
    for is_mount_point in [false, true] {
        if is_mount_point {
            fs::create_dir_all(&checkpoints).expect("made");
        }
        let error = refused(path, "MS-3001: no completed snapshot of job `job` lies in ");
        let (before, _) = error.split_once("start without -s").expect(&error);
        assert!(before.contains("is mounted"), "{error}");
    }
    // Something of another job is there.
    fs::create_dir(checkpoints.join(id(&own))).expect("made");
    let error = refused(path, "MS-3001: ");
    assert!(error.contains("start without -s to begin anew"), "{error}");
    assert_eq!(count(path), 1);
}
