//! SIGTERM to a local job that waits for its restart ends the process at once, and it says what to go on from.

use crate::common;

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::{CSV_TO_FILES, Running, Said, ingest, lines, put};

/// A job that waits for an hour after its first failure.
const PATIENT: [&str; 2] = [
    "--job.retry.maxNumberRestartAttempts=1",
    "--job.retry.backoffTimeMS=3600000",
];

/// Puts a link to itself in the place of the sink's directory, and waits until the job is down for that.
fn fail(job: &mut Running, directory: &std::path::Path) {
    fs::rename(directory.join("out"), directory.join("away")).expect("moved");
    symlink("out", directory.join("out")).expect("linked");
    put(directory, "in/2.csv", "id,name\n2,Bob\n");
    job.await_log("switched from state FAILING to RESTARTING");
}

fn stopped(job: Running) -> Said {
    job.signal("TERM");
    let said = job.end();
    assert_eq!(said.code, Some(143), "{}{}", said.out, said.err);
    said
}

#[test]
fn and_going_on_from_what_it_says_loses_and_doubles_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let parameters = [&CSV_TO_FILES[..], &PATIENT].concat();
    let mut job = Running::start(ingest(path, &[], &parameters));
    job.await_that("output", || lines(&path.join("out")).len() == 1);
    fail(&mut job, path);
    let said = stopped(job);
    let newest = said
        .out
        .lines()
        .find_map(|line| line.split_once("Newest snapshot: "));
    let (told, newest) = newest.expect(&said.out);
    assert!(told.contains("was RESTARTING"), "{}", said.out);
    assert!(said.out.contains(&format!("add -s latest, or -s {newest}")));
    fs::remove_file(path.join("out")).expect("removed");
    fs::rename(path.join("away"), path.join("out")).expect("moved back");
    let job = ingest(
        path,
        &["-s", "latest"],
        &[&parameters[..], &[common::ONCE]].concat(),
    );
    let said = common::running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = ["Ann", "Bob"].map(|name| name.to_owned());
    let names: Vec<String> = lines(&path.join("out"))
        .iter()
        .filter_map(|line| line.split('"').nth_back(1).map(str::to_owned))
        .collect();
    assert_eq!(names, expected, "{:?}", lines(&path.join("out")));
}

#[test]
fn also_before_it_has_a_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    symlink("out", path.join("out")).expect("linked");
    let parameters = [&CSV_TO_FILES[..], &PATIENT].concat();
    let mut job = Running::start(ingest(path, &[], &parameters));
    job.await_log("switched from state FAILING to RESTARTING");
    let said = stopped(job);
    assert!(
        said.out.contains("It has completed no snapshot"),
        "{}",
        said.out
    );
}
