//! A job that goes on from an older snapshot is told what became of it since (output that will be written again, files that were taken
//! away, another job that reads the same input) also where its own checkpoints go into another directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{
    CSV_TO_FILES, ONCE, Running, directories_of_jobs, ingest, lines, put, running,
};

const ELSEWHERE: &str = "-Dexecution.checkpointing.dir=elsewhere";
const DELETE: &str = "--source.after.commit=delete";

fn count(path: &Path) -> usize {
    lines(&path.join("out")).len()
}

fn file(path: &Path, id: usize) {
    put(
        path,
        &format!("in/{id}.csv"),
        format!("id,name\n{id},Ann\n"),
    );
}

fn job(path: &Path, options: &[&str], parameters: &[&str]) -> Command {
    ingest(path, options, &[&CSV_TO_FILES, parameters].concat())
}

/// A job that has committed so many records in all, and has a checkpoint behind them; and the directory of its checkpoints.
fn run(path: &Path, options: &[&str], parameters: &[&str], records: usize) -> (Running, PathBuf) {
    let checkpoints = path.join("data/checkpoints");
    let known = directories_of_jobs(&checkpoints);
    let mut job = Running::start(job(path, options, parameters));
    job.await_that("output", || count(path) == records);
    job.await_checkpoint();
    let mut jobs = directories_of_jobs(&checkpoints).into_iter();
    let own = jobs.find(|job| !known.contains(job));
    (job, own.expect("a directory of its own"))
}

/// The text of a checkpoint's path in the directory of a job.
fn checkpoint(directory: &Path) -> String {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let mut paths = entries.map(|entry| entry.path());
    let complete = paths.find(|path| path.join("_metadata").exists());
    complete.expect("a checkpoint").display().to_string()
}

/// Has the job go on from `older`, and read what is there: it is said that what was committed since is written again, up to what holds
/// the name of the job `last`.
#[track_caller]
fn doubles(path: &Path, options: &[&str], older: &str, last: &str) {
    let options = [options, &["-s", older]].concat();
    let said = running::run(job(path, &options, &[ONCE]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let line = |part: &str| {
        let line = said.err.lines().find(|line| line.contains(part));
        line.unwrap_or(&said.err)
    };
    let warning = line("will be written again");
    for part in [" WARN ", older, last] {
        assert!(warning.contains(part), "{part}: {warning}");
    }
    let end = line("Committed since the job began");
    for part in ["without what was committed behind", older] {
        assert!(end.contains(part), "{part}: {end}");
    }
}

#[test]
fn of_what_will_be_written_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    file(path, 1);
    let (first, of_first) = run(path, &[], &[], 1);
    first.kill();
    // A copy says where it was made, and knows nothing of what comes.
    let copies = path.join("copies");
    fs::create_dir(&copies).expect("made");
    let mut copied = Command::new("cp");
    let copied = copied.arg("-a").args([&of_first, &copies]).status();
    assert!(copied.expect("cp").success());
    let copy = copies.join(of_first.file_name().expect("an id"));

    file(path, 2);
    let (second, _) = run(path, &["-slatest"], &[], 2);
    let savepoint = second.suspend().savepoint().to_owned();
    file(path, 3);
    let (third, of_third) = run(path, &["-s", &savepoint], &[], 3);
    third.kill();

    let last = of_third.file_name().and_then(|name| name.to_str());
    let last = last.expect("an id");
    doubles(path, &[ELSEWHERE], &checkpoint(&of_first), last);
    assert_eq!(count(path), 5, "the second and the third record once more");
    let another = "-Dexecution.checkpointing.dir=another";
    doubles(path, &[another], &checkpoint(&copy), last);
    assert_eq!(count(path), 7, "of a copy the same");
    let own = "-Dexecution.checkpointing.dir=own";
    doubles(path, &[own], &savepoint, last);
    assert_eq!(count(path), 8, "the third record once more");
}

#[test]
fn of_files_that_were_taken_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    file(path, 1);
    let (first, _) = run(path, &[], &[DELETE], 1);
    let savepoint = first.suspend().savepoint().to_owned();
    let mut second = Running::start(job(path, &["-s", &savepoint], &[DELETE]));
    file(path, 2);
    second.await_that("the file to go", || {
        count(path) == 2 && !path.join("in/2.csv").exists()
    });
    second.kill();
    let said = running::run(job(path, &[ELSEWHERE, "-s", &savepoint], &[]));
    assert_ne!(said.code, Some(0), "{}", said.err);
    for part in ["MS-6010", "in/2.csv", "source.file.lost"] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    assert_eq!(count(path), 2, "nothing was done");
}

#[test]
fn of_a_job_that_reads_the_same_input() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    file(path, 1);
    let (first, _) = run(path, &[], &[], 1);
    let savepoint = first.suspend().savepoint().to_owned();
    let mut parent = Running::start(job(path, &["-slatest"], &[]));
    parent.await_checkpoint();
    let fork = [DELETE, "--job.name=fork", "--sink.path=fork"];
    let said = running::run(job(path, &[ELSEWHERE, "-s", &savepoint], &fork));
    assert_ne!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("MS-6014"), "{}", said.err);
    assert!(path.join("in/1.csv").exists(), "nothing was taken away");
    parent.suspend();
}
