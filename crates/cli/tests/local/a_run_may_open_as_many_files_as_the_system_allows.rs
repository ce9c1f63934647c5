//! A job that runs in the command's own process may have as many files open as the system allows at all, whatever the limit is that is
//! in force where it is started.

use std::fs;
use std::process::Command;

use crate::common::{CSV_TO_FILES, Running, environment, ingest, lines, put};

/// How many may be open where the job is started.
const SOFT: u64 = 128;
/// How many at all.
const HARD: u64 = 997;

/// The limits of open files of a process: the one in force, and the one up to which it may be raised.
fn limits(process: u32) -> Option<(u64, u64)> {
    let all = fs::read_to_string(format!("/proc/{process}/limits")).ok()?;
    let mut lines = all.lines();
    let line = lines.find_map(|line| line.strip_prefix("Max open files"))?;
    let mut numbers = line.split_whitespace().map(str::parse::<u64>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[test]
fn at_all() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id\n1\n");
    let job = ingest(path, &[], &CSV_TO_FILES);
    let script =
        format!("ulimit -S -n {SOFT} && ulimit -H -n {HARD} && ulimit -S -n && exec \"$@\"");
    let mut limited = Command::new("sh");
    environment::without_settings(&mut limited);
    limited
        .args(["-c", &script, "sh"])
        .arg(job.get_program())
        .args(job.get_args())
        .current_dir(path);
    let mut job = Running::start(limited);
    assert_eq!(job.await_print(), SOFT.to_string());
    job.await_that("output", || lines(&path.join("out")).len() == 1);
    assert_eq!(limits(job.id()), Some((HARD, HARD)));
    job.suspend();
}
