//! A file without permission is up to `source.file.bad`. A job that watches its directory passes it over, tells and counts it once, goes
//! on with the others, and reads it once it may; with quarantine it is moved away, and read when it comes back; with fail the job fails
//! and names it. Each record comes once.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put};

/// What says so of the file `b.csv`.
const DENIED: &str = "in/b.csv may not be read: permission denied";

/// The rows of these ids.
fn rows(ids: &[u32]) -> Vec<String> {
    ids.iter()
        .map(|id| format!("{{\"id\":\"{id}\"}}"))
        .collect()
}

/// Gives a file these permissions.
fn permit(file: &Path, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("changed");
}

/// Puts the file `b.csv` into `in`, which nobody may read.
fn put_denied(directory: &Path) {
    put(directory, "_new/b.csv", "id\n2\n");
    let new = directory.join("_new/b.csv");
    permit(&new, 0);
    fs::rename(new, directory.join("in/b.csv")).expect("renamed");
}

/// The job with more parameters. To root no file is denied, so that it runs without what makes that so.
fn job(directory: &Path, parameters: &[&str]) -> Command {
    let mut job = ingest(directory, &[], &CSV_TO_FILES);
    job.args(parameters);
    let owner = fs::metadata(directory).expect("its owner").uid();
    if owner != 0 {
        return job;
    }
    let without = "-dac_override,-dac_read_search";
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--inh-caps={without}"))
        .arg(format!("--bounding-set={without}"))
        .arg("--")
        .arg(job.get_program())
        .args(job.get_args())
        .current_dir(directory);
    for (name, value) in job.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// A job that has read `a.csv`, has met `b.csv`, which it may not read, and has read `c.csv` behind that.
fn met(directory: &Path, parameters: &[&str]) -> Running {
    put(directory, "in/a.csv", "id\n1\n");
    let out = directory.join("out");
    let mut job = Running::start(job(directory, parameters));
    job.await_that("the first file", || lines(&out).len() == 1);
    put_denied(directory);
    let told = job.await_log(DENIED);
    assert!(told.contains("WARN"), "{told}");
    put(directory, "in/c.csv", "id\n3\n");
    job.await_that("the other file", || lines(&out).len() == 2);
    job.await_checkpoint();
    assert_eq!(lines(&out), rows(&[1, 3]));
    job
}

/// Waits for what is in `b.csv`, and ends the job.
#[track_caller]
fn is_read_once(directory: &Path, mut job: Running) {
    let out = directory.join("out");
    job.await_that("the file", || lines(&out).len() == 3);
    job.await_checkpoint();
    let said = job.suspend();
    assert_eq!(lines(&out), rows(&[1, 2, 3]));
    let warned = said.err.lines().filter(|line| line.contains(DENIED));
    assert_eq!(warned.count(), 1, "{}", said.err);
    let counted =
        "1 file could not be read, or changed after it had been read, and was passed over";
    assert!(said.err.contains(counted), "{}", said.err);
}

#[test]
fn where_it_is_passed_over() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let job = met(directory, &[]);
    permit(&directory.join("in/b.csv"), 0o644);
    is_read_once(directory, job);
}

#[test]
fn where_it_is_moved_away() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let quarantine = ["--source.file.bad=quarantine", "--source.file.bad.path=bad"];
    let mut job = met(directory, &quarantine);
    let bad = directory.join("bad/b.csv");
    job.await_that("the file to be moved", || bad.exists());
    let here = directory.join("in/b.csv");
    assert!(!here.exists());
    permit(&bad, 0o644);
    fs::rename(bad, here).expect("renamed");
    is_read_once(directory, job);
}

#[test]
fn where_it_fails_the_job() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id\n1\n");
    put_denied(directory);
    // What is read once fails unless it is told otherwise.
    for parameter in [ONCE, "--source.file.bad=fail"] {
        let said = Running::start(job(directory, &[parameter])).end();
        assert_eq!(said.code, Some(1), "{parameter}: {}", said.err);
        let error = said.error();
        assert!(
            error.contains(DENIED) && error.contains("(MS-6001)"),
            "{parameter}: {error}"
        );
    }
    assert_eq!(lines(&directory.join("out")), Vec::<String>::new());
    permit(&directory.join("in/b.csv"), 0o644);
    let said = Running::start(job(directory, &[ONCE])).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.join("out")), rows(&[1, 2]));
}
