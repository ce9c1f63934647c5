//! On a data directory whose disk is full a job can still be cancelled, and stopped into a savepoint elsewhere; what would begin
//! anew is refused.
//!
//! The disk is a small one of its own, where this user may mount one.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::server::{Server, endless};
use serde_json::{Value, json};

/// A server whose data directory is a disk of its own; `None`: this user may not mount one, which is told.
fn start(directory: &Path) -> Option<Server> {
    let may_mount = Command::new("unshare").args(["-rm", "true"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        eprintln!("NOT TRIED: this user may not mount disks (unshare -rm)");
        return None;
    }
    let mut server = Server::new(directory);
    std::fs::create_dir(&server.data).expect("made");
    server.script = Some(
        "exec unshare -rm sh -c 'mount -t tmpfs -o size=32m none server && exec \"$@\"' sh \"$@\""
            .to_owned(),
    );
    server.options = vec!["-Dexecution.checkpointing.dir=checkpoints".to_owned()];
    server.start();
    Some(server)
}

/// Fills the disk to its last byte.
fn fill(data: &Path) {
    let mut ballast = File::create(data.join("ballast")).expect("there is space yet");
    for size in [1 << 20, 1 << 12, 1] {
        let piece = vec![0; size];
        while ballast.write_all(&piece).is_ok() {}
    }
}

fn submit(server: &Server, directory: &Path, name: &str) -> (u16, Value) {
    let mut arguments = endless(directory);
    arguments.retain(|argument| {
        !argument.starts_with("--job.name") && !argument.starts_with("--sink.path")
    });
    let output = directory.join(format!("out-{name}"));
    arguments.push(format!("--job.name={name}"));
    arguments.push(format!("--sink.path={}", output.display()));
    let body = json!({
        "entryClass": "ingest",
        "programArgsList": arguments,
        "flinkConfiguration": {"execution.checkpointing.interval": "50 ms"},
    });
    server.call("POST", "/jars/ingest/run", Some(&body))
}

#[test]
fn what_ends_a_job_is_done_and_what_begins_one_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let Some(mut server) = start(directory) else {
        return;
    };
    let id = |(status, answer): (u16, Value)| {
        assert_eq!(status, 200, "{answer}");
        answer["jobid"].as_str().expect("an id").to_owned()
    };
    let cancelled = id(submit(&server, directory, "cancelled"));
    let stopped = id(submit(&server, directory, "stopped"));
    for job in [&cancelled, &stopped] {
        server.await_status(job, "RUNNING");
    }
    let root = PathBuf::from(format!("/proc/{}/root", server.pid()));
    let data = root.join(server.data.strip_prefix("/").expect("absolute"));
    fill(&data);

    let (status, answer) = submit(&server, directory, "refused");
    assert_eq!(status, 503, "{answer}");
    server.cancel(&cancelled);
    let into = json!({"targetDirectory": directory.join("savepoints")});
    let answer = server.post(&format!("/jobs/{stopped}/stop"), &into);
    let operation = answer["request-id"].as_str().expect("an id").to_owned();
    server.await_status(&stopped, "FINISHED");
    let operation = server.get(&format!("/jobs/{stopped}/savepoints/{operation}"));
    let place = operation
        .pointer("/operation/location")
        .and_then(Value::as_str);
    assert!(
        place.is_some_and(|place| place.contains("savepoints/")),
        "{operation}"
    );

    std::fs::remove_file(data.join("ballast")).expect("removed");
    let again = id(submit(&server, directory, "again"));
    server.cancel(&again);
    server.suspend();
}
