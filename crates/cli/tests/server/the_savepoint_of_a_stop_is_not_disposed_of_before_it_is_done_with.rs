//! The savepoint of a stop is not disposed of while the job would go back to it: before all of its output is committed, whether or not
//! the job has a process then, and where the stop failed behind it, until the job has a newer checkpoint.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::running::Said;
use crate::common::server::{Server, endless};
use crate::common::{lines, put, shim};
use serde_json::{Value, json};

const ID: &str = "00112233445566778899aabbccddeeff";

/// Options of a job whose checkpoints lie where none of the server's other rules looks for what a job would go back to.
fn apart(path: &Path, more: &[(&str, &str)]) -> Value {
    let mut options = json!({
        "execution.checkpointing.interval": "1 h",
        "execution.checkpointing.dir": path.join("elsewhere"),
    });
    let map = options.as_object_mut().expect("an object");
    for (key, value) in more {
        map.insert((*key).to_owned(), (*value).into());
    }
    options
}

/// A job that is being stopped, and its savepoint, which is written and noted as that. As long as the file `reached` is there nothing
/// of its output is committed.
fn half_stopped(server: &Server, path: &Path, options: &Value) -> (String, PathBuf) {
    let body = json!({ "programArgsList": endless(path), "flinkConfiguration": options });
    let job = server.run_job("ingest", &body);
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let read = body.pointer("/vertices/0/metrics/read-records")?.as_u64()?;
        (read == 1).then_some(())
    });
    put(path, "reached", "");
    let body = json!({ "targetDirectory": path.join("sp"), "triggerId": ID });
    let (status, answer) = server.call("POST", &format!("/jobs/{job}/stop"), Some(&body));
    assert_eq!(status, 202, "{answer}");
    let noted = server.data.join("jobs").join(&job).join("stop.json");
    server.await_that("the note of the savepoint", || {
        let note = fs::read_to_string(&noted).unwrap_or_default();
        serde_json::from_str(&note)
            .is_ok_and(|note: Value| note.get("written") == Some(&json!(true)))
    });
    let mut savepoints = fs::read_dir(path.join("sp")).expect("savepoints");
    let savepoint = savepoints.next().expect("one").expect("readable");
    (job, savepoint.path())
}

fn dispose(server: &Server, savepoint: &Path) -> Said {
    server.run(&["savepoint", "-d", savepoint.to_str().expect("text")])
}

#[track_caller]
fn is_refused(server: &Server, savepoint: &Path, job: &str) {
    let said = dispose(server, savepoint);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let told = said.error();
    let why = format!("is the savepoint of a stop of job {job}");
    assert!(told.starts_with("MS-2004: "), "{told}");
    assert!(told.contains(&why), "{told}");
}

#[track_caller]
fn is_disposed_of(server: &Server, savepoint: &Path) {
    let said = dispose(server, savepoint);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(!savepoint.exists());
}

/// The names of what lies in a savepoint, sorted.
fn names(savepoint: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(savepoint).expect("listed").flatten();
    let mut names: Vec<OsString> = entries.map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

/// Asks for a checkpoint, and answers whether it has come about: a job whose tasks do not run yet takes none.
fn has_completed_one(server: &Server, job: &str) -> bool {
    let body = json!({ "checkpointType": "CONFIGURED" });
    let path = format!("/jobs/{job}/checkpoints");
    let (_, answer) = server.call("POST", &path, Some(&body));
    let Some(id) = answer.get("request-id").and_then(Value::as_str) else {
        return false;
    };
    let status = server.await_answer(&format!("/operations/{id}"), |_, body| {
        let status = body.get("status")?;
        (status != "IN_PROGRESS").then(|| status.clone())
    });
    status == "COMPLETED"
}

#[test]
fn while_the_stop_is_half_done() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = shim::serve_over_metadata(path);
    let (job, savepoint) = half_stopped(&server, path, &apart(path, &[]));
    let written = names(&savepoint);
    assert!(written.len() > 1, "{written:?}");
    is_refused(&server, &savepoint, &job);
    // Nor is it once nobody is there to say how far the stop is.
    let processes = processes_of(&server.data);
    server.kill();
    kill_and_await(&processes);
    server.start();
    is_refused(&server, &savepoint, &job);
    assert_eq!(names(&savepoint), written);
    assert_eq!(lines(&path.join("out")), Vec::<String>::new());

    fs::remove_file(path.join("reached")).expect("removed");
    server.await_status(&job, "FINISHED");
    assert_eq!(lines(&path.join("out")).len(), 1);
    is_disposed_of(&server, &savepoint);
    server.end();
}

#[test]
fn where_the_stop_failed_until_there_is_a_newer_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = shim::serve_over_metadata(path);
    let more = [
        // So long a commit may take.
        ("execution.checkpointing.timeout", "5 s"),
        ("restart-strategy.type", "fixed-delay"),
        ("restart-strategy.fixed-delay.attempts", "1000"),
        ("restart-strategy.fixed-delay.delay", "10 ms"),
    ];
    let (job, savepoint) = half_stopped(&server, path, &apart(path, &more));
    let (out, away) = (path.join("out"), path.join("away"));
    fs::rename(&out, &away).expect("renamed");
    fs::remove_file(path.join("reached")).expect("removed");
    let told = server.await_answer(&format!("/operations/{ID}"), |_, body| {
        (body.get("status")? != "IN_PROGRESS").then(|| body.clone())
    });
    assert_eq!(told.get("status"), Some(&json!("FAILED")), "{told}");
    is_refused(&server, &savepoint, &job);

    // The job goes on from there, which commits its output.
    fs::rename(&away, &out).expect("renamed");
    server.await_that("the output", || lines(&out).len() == 1);
    is_refused(&server, &savepoint, &job);
    server.await_that("a newer checkpoint", || has_completed_one(&server, &job));
    is_disposed_of(&server, &savepoint);
    assert_eq!(lines(&out).len(), 1);
    server.end();
}
