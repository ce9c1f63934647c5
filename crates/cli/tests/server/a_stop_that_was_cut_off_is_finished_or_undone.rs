//! The process of a job and its server die while the job is being stopped. Before the savepoint is there the stop has failed, and the job
//! goes on; behind it, with nothing committed yet, the stop is finished. No record is lost or doubled.

use crate::common;

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::processes::{kill, processes_of};
use crate::common::server::{Server, endless};
use crate::common::{put, shim};
use serde_json::{Value, json};

const ROWS: u64 = 1_000;

/// Starts a job, and answers it once it has read all.
fn started(server: &Server, path: &Path) -> String {
    let rows: String = (0..ROWS).map(|id| format!("{id},Ann\n")).collect();
    put(path, "in/1.csv", format!("id,name\n{rows}"));
    let body = json!({
        "programArgsList": endless(path),
        "flinkConfiguration": { "execution.checkpointing.interval": "1 h" },
    });
    let job = server.run_job("ingest", &body);
    has_read(server, &job);
    job
}

fn has_read(server: &Server, job: &str) {
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let read = body.pointer("/vertices/0/metrics/read-records")?.as_u64()?;
        (read == ROWS).then_some(())
    });
}

fn stop(server: &Server, path: &Path, job: &str, id: &str) {
    let body = json!({ "targetDirectory": path.join("sp"), "triggerId": id });
    let (status, answer) = server.call("POST", &format!("/jobs/{job}/stop"), Some(&body));
    assert_eq!(status, 202, "{answer}");
}

/// Kills everything, and starts the server once `held` holds nothing up any more.
fn cut_off(server: &mut Server, held: &Path) {
    let processes = processes_of(&server.data);
    server.kill();
    processes.into_iter().for_each(kill);
    fs::remove_file(held).expect("removed");
    server.start();
}

fn operation(server: &Server, id: &str) -> Value {
    server.await_answer(&format!("/operations/{id}"), |_, body| {
        (body.get("status")? != "IN_PROGRESS").then(|| body.clone())
    })
}

#[track_caller]
fn each_record_is_there_once(path: &Path) {
    let mut lines = common::lines(&path.join("out"));
    let all = lines.len();
    lines.dedup();
    assert_eq!((all, lines.len() as u64), (lines.len(), ROWS));
}

/// The savepoints that are there, or are about to be.
fn savepoints(path: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(path.join("sp")).into_iter().flatten();
    let files = entries.flatten().map(|entry| entry.path().join(name));
    files.filter(|file| file.exists()).collect()
}

#[test]
fn before_its_savepoint_was_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = shim::serve_over_metadata(path);
    let job = started(&server, path);
    let held = path.join("waits");
    put(path, "waits", "");
    let (first, second) = ("1".repeat(32), "2".repeat(32));
    stop(&server, path, &job, &first);
    server.await_that("a savepoint on its way", || {
        !savepoints(path, "_metadata.inprogress").is_empty()
    });
    cut_off(&mut server, &held);
    server.await_status(&job, "RUNNING");
    let told = operation(&server, &first);
    assert_eq!(told.get("status"), Some(&json!("FAILED")), "{told}");
    assert_eq!(savepoints(path, "_metadata"), Vec::<PathBuf>::new());
    assert_eq!(common::lines(&path.join("out")).len(), 0);
    has_read(&server, &job);
    stop(&server, path, &job, &second);
    server.await_status(&job, "FINISHED");
    each_record_is_there_once(path);
    server.end();
}

#[test]
fn behind_its_savepoint_with_nothing_committed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = shim::serve_over_metadata(path);
    let job = started(&server, path);
    let held = path.join("reached");
    put(path, "reached", "");
    let id = "1".repeat(32);
    stop(&server, path, &job, &id);
    let noted = server.data.join("jobs").join(&job).join("stop.json");
    server.await_that("the note of the savepoint", || {
        let note = fs::read_to_string(&noted).unwrap_or_default();
        serde_json::from_str(&note)
            .is_ok_and(|note: Value| note.get("written") == Some(&json!(true)))
    });
    assert_eq!(common::lines(&path.join("out")).len(), 0);
    cut_off(&mut server, &held);
    server.await_status(&job, "FINISHED");
    let told = operation(&server, &id);
    assert_eq!(told.get("status"), Some(&json!("COMPLETED")), "{told}");
    assert_eq!(savepoints(path, "_metadata").len(), 1);
    each_record_is_there_once(path);
    server.end();
}
