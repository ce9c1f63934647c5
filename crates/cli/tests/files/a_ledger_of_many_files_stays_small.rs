//! A directory of many files costs little memory and next to nothing in each checkpoint, at any parallelism, also for the run that
//! goes on.

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

const FILES: usize = 40_000;
/// More than that for each file is a copy of the names for each reader, or of the whole ledger in each checkpoint.
const MOST_METADATA: u64 = 200_000;
/// A run that has read one file, and one that has read all, differ by no more than this, in kB: most of it is what the process keeps
/// for reading at all.
const MOST_MEMORY: u64 = 48_000;
/// And one that goes on from there and reads one file, in kB: 300 bytes for each file that it remembers. An entry of the ledger takes
/// about 40; a copy of it with the file's name for each of three readers is more than that.
const MOST_REMEMBERED: u64 = 12_000;

/// The memory that a process holds, in kB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

/// The largest `_metadata` of the checkpoints.
fn metadata(path: &Path) -> u64 {
    let jobs = fs::read_dir(path.join("data/checkpoints")).expect("a directory");
    let checkpoints = jobs
        .flatten()
        .flat_map(|job| fs::read_dir(job.path()).into_iter().flatten());
    let lengths = checkpoints.flatten().filter_map(|checkpoint| {
        let file = fs::metadata(checkpoint.path().join("_metadata")).ok()?;
        Some(file.len())
    });
    lengths.max().expect("a checkpoint")
}

fn make(path: &Path, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let name = format!("in/a-name-of-the-usual-length-{number:08}.csv");
        put(path, &name, format!("id,name\n{number},Ann\n"));
    }
}

#[test]
fn in_memory_and_in_checkpoints() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::create_dir(path.join("in")).expect("made");
    let count = || lines(&path.join("out")).len();
    let interval = "-Dexecution.checkpointing.interval=500 ms";
    make(path, 0..1);
    let options = ["-p8", interval];
    let mut job = Running::start(ingest(path, &options, &CSV_TO_FILES));
    job.await_that("output", || count() == 1);
    job.await_checkpoint();
    let before = resident(job.id());
    make(path, 1..FILES);
    job.await_that("all output", || count() == FILES);
    job.await_checkpoint();
    let after = resident(job.id());
    assert!(metadata(path) < MOST_METADATA, "{} bytes", metadata(path));
    assert!(after < before + MOST_MEMORY, "{before} kB, then {after}");
    job.suspend();

    let options = ["-p3", interval, "-slatest"];
    let mut job = Running::start(ingest(path, &options, &CSV_TO_FILES));
    make(path, FILES..FILES + 1);
    job.await_that("the new file", || count() == FILES + 1);
    job.await_checkpoint();
    assert!(metadata(path) < MOST_METADATA, "{} bytes", metadata(path));
    let again = resident(job.id());
    assert!(
        again < before + MOST_REMEMBERED,
        "{before} kB, then {again}"
    );
    job.suspend();
}
