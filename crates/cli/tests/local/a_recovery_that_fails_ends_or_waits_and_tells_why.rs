//! A restart within the process that can't open its snapshot does not hang: damage ends the job, with that as its cause, and
//! what is only away is waited for.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

/// A job with output, which waits some seconds for its restart because its sink's directory is a link to itself.
fn down(directory: &Path) -> Running {
    put(directory, "in/1.csv", "id,name\n1,Ann\n");
    let parameters = [
        &CSV_TO_FILES[..],
        &[
            "--job.retry.maxNumberRestartAttempts=100",
            "--job.retry.backoffTimeMS=3000",
        ],
    ]
    .concat();
    let mut job = Running::start(ingest(directory, &[], &parameters));
    job.await_that("output", || lines(&directory.join("out")).len() == 1);
    job.await_checkpoint();
    fs::rename(directory.join("out"), directory.join("away")).expect("moved");
    symlink("out", directory.join("out")).expect("linked");
    put(directory, "in/2.csv", "id,name\n2,Bob\n");
    job.await_log("switched from state FAILING to RESTARTING");
    job
}

fn mend(directory: &Path) {
    fs::remove_file(directory.join("out")).expect("removed");
    fs::rename(directory.join("away"), directory.join("out")).expect("moved back");
}

fn checkpoints(directory: &Path) -> Vec<PathBuf> {
    let jobs = fs::read_dir(directory.join("data/checkpoints")).expect("checkpoints");
    let jobs = jobs
        .flatten()
        .filter_map(|job| fs::read_dir(job.path()).ok());
    let all = jobs.flatten().flatten().map(|entry| entry.path());
    all.filter(|path| path.join("_metadata").exists()).collect()
}

#[test]
fn damage_is_the_cause_of_its_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let job = down(path);
    let newest = checkpoints(path);
    assert!(!newest.is_empty());
    for checkpoint in newest {
        fs::write(checkpoint.join("_metadata"), "garbage").expect("written");
    }
    mend(path);
    let said = job.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-3012") && error.contains("_metadata"),
        "{error}"
    );
}

#[test]
fn what_is_away_is_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut job = down(path);
    let data = path.join("data/checkpoints");
    fs::rename(&data, path.join("later")).expect("moved");
    mend(path);
    job.await_log("MS-3010: ");
    fs::rename(path.join("later"), &data).expect("moved back");
    job.await_that("all output", || lines(&path.join("out")).len() == 2);
    job.suspend();
    assert_eq!(lines(&path.join("out")).len(), 2);
}
