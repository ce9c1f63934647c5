//! On a data directory whose disk is full a job can still be cancelled, and stopped into a savepoint elsewhere; what would begin
//! anew is refused.
//!
//! The disk is a small one of its own, where this user may mount one.

mod common;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Running, command, put, rest};
use serde_json::{Value, json};

/// Starts a server whose data directory is a disk of its own; `None`: this user may not mount one.
fn start(directory: &Path) -> Option<Running> {
    let may_mount = Command::new("unshare").args(["-rm", "true"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        return None;
    }
    std::fs::create_dir(directory.join("server")).expect("made");
    let server = command(directory);
    let mut mounted = Command::new("unshare");
    mounted
        .args(["-rm", "sh", "-c"])
        .arg("mount -t tmpfs -o size=32m none server && exec \"$@\"")
        .arg("sh")
        .arg(server.get_program())
        .args(["server", "-Drest.port=0", "-Dmillstream.data-dir=server"])
        .arg("-Dexecution.checkpointing.dir=checkpoints")
        .current_dir(directory);
    for (name, value) in server.get_envs() {
        match value {
            Some(value) => mounted.env(name, value),
            None => mounted.env_remove(name),
        };
    }
    Some(Running::start(mounted))
}

/// Fills the disk to its last byte.
fn fill(data: &Path) {
    let mut ballast = File::create(data.join("ballast")).expect("there is space yet");
    for size in [1 << 20, 1 << 12, 1] {
        let piece = vec![0; size];
        while ballast.write_all(&piece).is_ok() {}
    }
}

fn submit(port: u16, directory: &Path, name: &str) -> (u16, Value) {
    let place = |below: &str| directory.join(below).display().to_string();
    let body = json!({
        "entryClass": "ingest",
        "programArgsList": [
            format!("--job.name={name}"), "--source.type=csv", "--source.firstLine.schema=true",
            "--source.watch.interval=20", "--source.file.settle=0", "--sink.type=file",
            format!("--source.path={}", place("in")), format!("--sink.path={}", place(&format!("out-{name}"))),
        ],
        "flinkConfiguration": {"execution.checkpointing.interval": "50 ms"},
    });
    let headers = [("content-type", "application/json")];
    let (status, answer) = rest::send(
        port,
        "POST",
        "/jars/ingest/run",
        &headers,
        body.to_string().as_bytes(),
    );
    (status, serde_json::from_str(&answer).expect("JSON"))
}

#[test]
fn what_ends_a_job_is_done_and_what_begins_one_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    put(directory, "in/1.csv", "id,name\n1,Ann\n");
    let Some(mut server) = start(directory) else {
        return;
    };
    let line = server.await_print();
    let port = line
        .split_once("http://127.0.0.1:")
        .and_then(|(_, rest)| rest.split(' ').next());
    let port: u16 = port.and_then(|port| port.parse().ok()).expect(&line);
    let id = |(status, answer): (u16, Value)| {
        assert_eq!(status, 200, "{answer}");
        answer["jobid"].as_str().expect("an id").to_owned()
    };
    let cancelled = id(submit(port, directory, "cancelled"));
    let stopped = id(submit(port, directory, "stopped"));
    let state = |job: &str| rest::get(port, &format!("/jobs/{job}"))["state"].clone();
    for job in [&cancelled, &stopped] {
        server.await_that("it to run", || state(job) == "RUNNING");
    }
    let seen = PathBuf::from(format!("/proc/{}/root{}", server.id(), directory.display()));
    let data = seen.join("server");
    fill(&data);

    let (status, answer) = submit(port, directory, "refused");
    assert_eq!(status, 503, "{answer}");
    let (status, answer) = rest::send(port, "PATCH", &format!("/jobs/{cancelled}"), &[], b"");
    assert_eq!(status, 202, "{answer}");
    server.await_that("it to be cancelled", || state(&cancelled) == "CANCELED");
    let into = json!({"targetDirectory": directory.join("savepoints")});
    let answer = rest::post(port, &format!("/jobs/{stopped}/stop"), &into);
    let operation = answer["request-id"].as_str().expect("an id").to_owned();
    server.await_that("it to be stopped", || state(&stopped) == "FINISHED");
    let operation = rest::get(port, &format!("/jobs/{stopped}/savepoints/{operation}"));
    let place = operation
        .pointer("/operation/location")
        .and_then(Value::as_str);
    assert!(
        place.is_some_and(|place| place.contains("savepoints/")),
        "{operation}"
    );

    std::fs::remove_file(data.join("ballast")).expect("removed");
    let again = id(submit(port, directory, "again"));
    rest::send(port, "PATCH", &format!("/jobs/{again}"), &[], b"");
    server.await_that("it to be cancelled", || state(&again) == "CANCELED");
    server.suspend();
}
