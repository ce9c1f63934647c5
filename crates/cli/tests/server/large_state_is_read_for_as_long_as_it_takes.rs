//! A job whose state takes longer to read than a process may take to report has reported before: what it waits for is
//! shown, and how far it is; it can be cancelled, and nobody takes it for one that hangs.

use crate::common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::processes::{kill, processes_of};
use crate::common::server::Server;
use serde_json::{Value, json};

/// Longer than any disk reads within this test; none of it is on the disk.
const BYTES: u64 = 4_000_000_000_000;
/// What stands between the content of `_metadata` and its checksum.
const CHECKSUM: &str = ",\n  \"checksum\": \"";

/// The only file below `directory` whose name ends so.
fn only(directory: &Path, end: &str) -> std::path::PathBuf {
    let entries = fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found = paths.filter(|path| path.to_string_lossy().ends_with(end));
    let path = found.next().expect("a file");
    assert!(found.next().is_none(), "one of {end}");
    path
}

/// Has a file of state be so large, which was as long as this answers.
fn lengthen(file: &Path) -> u64 {
    let bytes = fs::metadata(file).expect("there").len();
    let opened = fs::File::options().write(true).open(file);
    let enlarged = opened.expect("writable").set_len(BYTES);
    enlarged.expect("a file system with holes in files");
    bytes
}

/// Has the `_metadata` at `path` say that files of these lengths are so large.
fn correct(path: &Path, lengths: &BTreeSet<u64>) {
    let text = fs::read_to_string(path).expect("text");
    let (content, _) = text.rsplit_once(CHECKSUM).expect("a checksum");
    let mut content = content.to_owned();
    for bytes in lengths {
        let (old, new) = (
            format!("\"bytes\": {bytes},"),
            format!("\"bytes\": {BYTES},"),
        );
        assert!(content.contains(&old), "{content}");
        content = content.replace(&old, &new);
    }
    let mut checksum = flate2::Crc::new();
    checksum.update(content.as_bytes());
    let text = format!("{content}{CHECKSUM}{:08x}\"\n}}\n", checksum.sum());
    fs::write(path, text).expect("writable");
}

/// Has the ledger of the newest checkpoint be so large, in its file and in `_metadata`.
fn enlarge(checkpoints: &Path, job: &str) {
    let directory = checkpoints.join(job);
    let ledger = only(&directory.join("shared"), ".opaque");
    let lengths = BTreeSet::from([lengthen(&ledger)]);
    let entries = fs::read_dir(&directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path().join("_metadata"));
    for path in paths.filter(|path| path.exists()) {
        correct(&path, &lengths);
    }
}

/// The same for each file of state of a savepoint; answers how many there are.
fn enlarge_savepoint(savepoint: &Path) -> u64 {
    let entries = fs::read_dir(savepoint).expect("a directory");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let is_state = |path: &PathBuf| path.extension().is_some_and(|end| end == "parquet");
    let lengths: Vec<u64> = files.filter(is_state).map(|path| lengthen(&path)).collect();
    let distinct = lengths.iter().copied().collect();
    correct(&savepoint.join("_metadata"), &distinct);
    lengths.len() as u64
}

/// A package whose operator keeps state by key.
fn package(server: &Server) -> String {
    let test = std::env::current_exe().expect("the test's own path");
    let release = test.ancestors().nth(2).expect("target/release");
    let timers = release.join("examples").join("timers");
    assert!(timers.exists(), "the example is built with the tests");
    let script = format!("#!/bin/sh\nexec {} \"$@\"\n", timers.display());
    server.upload("timers", &script)
}

/// How many bytes of how many are verified, as a job says that reads its state.
fn verified(body: &Value) -> Option<(u64, u64)> {
    let told = body.get("held-up")?.as_str()?;
    let numbers = told.strip_prefix("tasks read their state: ")?;
    let numbers = numbers.strip_suffix(" bytes are verified")?;
    let (bytes, of) = numbers.split_once(" of ")?;
    Some((bytes.parse().ok()?, of.parse().ok()?))
}

#[test]
fn and_its_process_is_not_killed_meanwhile() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let checkpoints = path.join("checkpoints");
    let mut server = Server::started(path, &["-Dmillstream.job-start-timeout=1 s"]);
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.dir": checkpoints,
        // What is read when the job is cancelled is read no further.
        "task.cancellation.timeout": "1 h",
    });
    let job = server.submit_running(&options);
    server.await_that("output", || common::lines(&path.join("out")).len() == 1);
    server.await_that("a checkpoint of it", || {
        fs::read_dir(checkpoints.join(&job).join("shared"))
            .is_ok_and(|mut all| all.next().is_some())
    });
    let process = processes_of(&server.data);
    server.kill();
    process.into_iter().for_each(kill);
    enlarge(&checkpoints, &job);
    server.start();
    let path = format!("/jobs/{job}");
    let reads = |body: &Value| {
        let told = body.get("held-up").and_then(Value::as_str);
        told.is_some_and(|told| told.contains("waits for Source: csv"))
    };
    server.await_answer(&path, |_, body| reads(body).then_some(()));
    server.outlives(3.0);
    let shown = server.get(&path);
    assert!(reads(&shown), "{shown}");
    let (status, answer) = server.call("PATCH", &path, None);
    assert_eq!(status, 202, "{answer}");
    server.await_status(&job, "CANCELED");
}

#[test]
fn and_how_far_its_tasks_are_is_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let package = package(&server);
    let arguments = json!(["--output", path.join("out"), "--count", "1000000000000"]);
    let options = json!({
        "execution.checkpointing.interval": "1 h",
        "parallelism.default": "1",
    });
    let body = json!({ "programArgsList": arguments, "flinkConfiguration": options });
    let job = server.run_job(&package, &body);
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let read = body.pointer("/vertices/0/metrics/read-records")?.as_u64()?;
        (read > 0).then_some(())
    });
    let stop = json!({ "targetDirectory": path.join("sp") });
    server.post(&format!("/jobs/{job}/stop"), &stop);
    server.await_status(&job, "FINISHED");
    let savepoint = only(&path.join("sp"), "");
    let files = enlarge_savepoint(&savepoint);
    assert!(files > 0);

    let options = json!({
        "execution.state-recovery.path": savepoint,
        "parallelism.default": "1",
        // What is read when the job is cancelled is read no further.
        "task.cancellation.timeout": "1 h",
    });
    let body = json!({ "programArgsList": arguments, "flinkConfiguration": options });
    let job = server.run_job(&package, &body);
    let path = format!("/jobs/{job}");
    let (first, of) = server.await_answer(&path, |_, body| verified(body));
    assert_eq!(of, files * BYTES);
    let goes_on = |bytes: u64| (first < bytes && bytes < of).then_some(());
    server.await_answer(&path, |_, body| goes_on(verified(body)?.0));
    server.cancel(&job);
}
