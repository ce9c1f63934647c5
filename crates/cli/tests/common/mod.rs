//! Running the command as a user does.

#![allow(dead_code, unused_imports, reason = "each test uses a part of it")]

pub(crate) mod columns;
pub(crate) mod documents;
pub(crate) mod environment;
pub(crate) mod hdfs;
pub(crate) mod kafka;
pub(crate) mod letters;
pub(crate) mod objects;
pub(crate) mod processes;
pub(crate) mod realm;
pub(crate) mod relay;
pub(crate) mod remote;
pub(crate) mod rest;
pub(crate) mod rounds;
pub(crate) mod running;
pub(crate) mod server;
pub(crate) mod shim;
pub(crate) mod snapshots;
pub(crate) mod topics;
pub(crate) mod unread;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use running::{Running, Said};

/// The command in `directory`.
pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millstream"));
    environment::without_settings(&mut command);
    command.current_dir(directory);
    command
}

/// Runs the command in an empty directory.
pub(crate) fn millstream<A: AsRef<OsStr>>(arguments: &[A]) -> Said {
    let directory = tempfile::tempdir().expect("temporary directory");
    millstream_in(directory.path(), &[], arguments)
}

/// Runs the command, which must fail with one line that begins so.
#[track_caller]
pub(crate) fn refused(arguments: &[&str], beginning: &str) {
    let said = millstream(arguments);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(1), ""),
        "{arguments:?}"
    );
    assert!(
        said.err.starts_with(beginning),
        "{arguments:?}: {}",
        said.err
    );
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
}

/// Runs the command in `directory` with more environment variables.
pub(crate) fn millstream_in<A: AsRef<OsStr>>(
    directory: &Path,
    environment: &[(&str, &str)],
    arguments: &[A],
) -> Said {
    let mut command = command(directory);
    command.args(arguments).envs(environment.iter().copied());
    running::run(command)
}

/// The command that runs the ingestion job `name`, with all of its files in `directory`. It checkpoints at an `interval`, without a
/// pause. `options` are those of `millstream run`; the parameters of the job are still to be added.
pub(crate) fn ingest_named(
    directory: &Path,
    name: &str,
    interval: &str,
    options: &[&str],
) -> Command {
    let mut command = command(directory);
    command
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .arg(format!("-Dexecution.checkpointing.interval={interval}"))
        .arg("-Dexecution.checkpointing.min-pause=0 ms")
        .args(options)
        .arg("ingest")
        .arg(format!("--job.name={name}"));
    command
}

/// The command that runs the ingestion job `job` on `in`, with all of its files in `directory`. It checkpoints each
/// 20 ms and looks for new files as often, and fails for good with the first failure.
///
/// `options` are those of `millstream run`, `parameters` those of the job.
pub(crate) fn ingest(directory: &Path, options: &[&str], parameters: &[&str]) -> Command {
    let mut command = ingest_named(directory, "job", "20 ms", options);
    command
        .arg("--source.path=in")
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        // Files of the tests appear whole, so they need not be watched for a while first.
        .args(["--source.watch.interval=20", "--source.file.settle=0"])
        .args(parameters);
    command
}

/// Parameters: read what is there, then finish.
pub(crate) const ONCE: &str = "--source.watch.type=PROCESS_ONCE";

/// Parameters: CSV with a line of names, into JSON lines in `out`.
pub(crate) const CSV_TO_FILES: [&str; 4] = [
    "--source.type=csv",
    "--source.firstLine.schema=true",
    "--sink.type=file",
    "--sink.path=out",
];

/// Writes the file `name` below `directory`; it appears at once and whole, as the source asks for.
pub(crate) fn put(directory: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = directory.join(name);
    let parent = path.parent().expect("a directory");
    let hidden = parent.join(".being-written");
    fs::create_dir_all(parent).expect("created");
    fs::write(&hidden, content).expect("written");
    fs::rename(&hidden, &path).expect("renamed");
}

/// The directories of jobs below that of checkpoints, sorted.
pub(crate) fn directories_of_jobs(checkpoints: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(checkpoints).into_iter().flatten().flatten();
    let ids = entries.filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.len() == 32)
    });
    let mut found: Vec<PathBuf> = ids.map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// The lines of all visible files of a directory, sorted.
pub(crate) fn lines(directory: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let text = fs::read_to_string(entry.path()).expect("text");
        lines.extend(text.lines().map(str::to_owned));
    }
    lines.sort();
    lines
}

/// Compares lines, which are sorted, with those that there must be: how many they are, and the first one that differs.
#[track_caller]
pub(crate) fn assert_lines(found: &[String], truth: impl Iterator<Item = String>) {
    let mut truth: Vec<String> = truth.collect();
    truth.sort();
    let differs = truth
        .iter()
        .zip(found)
        .find(|(right, found)| right != found);
    assert_eq!((found.len(), differs), (truth.len(), None));
}

/// How many records a job has read since it began, by the last line of what it says; as many must have been written, left out or bad.
#[track_caller]
pub(crate) fn read_and_accounted_for(said: &str) -> u64 {
    let begins = "Committed since the job began: ";
    let line = said.lines().rev().find_map(|line| line.split_once(begins));
    let (_, numbers) = line.expect("its numbers");
    let (read, became) = numbers.split_once(" read = ").expect("an equation");
    let read: u64 = read.parse().expect("a number");
    let parts = became.split(" + ").map(|part| {
        let number = part.split_whitespace().next();
        number.and_then(|number| number.parse::<u64>().ok())
    });
    let sum: Option<u64> = parts.sum();
    assert_eq!(sum, Some(read), "{numbers}");
    read
}

/// For how many seconds a process has run.
pub(crate) fn age(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let started: f64 = behind_name
        .split_whitespace()
        .nth(19)
        .and_then(|ticks| ticks.parse().ok())
        .unwrap_or(f64::MAX);
    let up = fs::read_to_string("/proc/uptime").expect("the time since the machine started");
    let up: f64 = up
        .split(' ')
        .next()
        .and_then(|s| s.parse().ok())
        .expect("seconds");
    // A tick is a hundredth of a second wherever this runs.
    up - started / 100.0
}
