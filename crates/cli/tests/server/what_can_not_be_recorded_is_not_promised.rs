//! A server that can't write its records: a submission is refused rather than forgotten later, and the end of a job is told
//! once it is on record.

use std::process::Command;

use crate::common::processes::{kill, processes_of};
use crate::common::server::Server;
use serde_json::{Value, json};

/// A server whose writes can be made to fail: whatever is too large for it is an error to it.
fn server(directory: &std::path::Path) -> Server {
    let mut server = Server::new(directory);
    server.script = Some("trap '' XFSZ; exec \"$@\"".to_owned());
    server
}

fn limit_files(pid: u32, limit: &str) {
    let limit = format!("--fsize={limit}");
    let mut command = Command::new("prlimit");
    let set = command.args([&limit, "--pid", &pid.to_string()]).status();
    assert!(set.expect("prlimit runs").success());
}

#[test]
fn a_submission_that_can_not_be_recorded_is_refused_and_its_process_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = server(directory);
    server.start();
    let pid = server.pid();
    // From the start of the job's process on the server can write no more.
    let program = env!("CARGO_BIN_EXE_millstream");
    let package = format!(
        "#!/bin/sh\n[ \"$1\" = --millstream-job ] && prlimit --fsize=100: --pid {pid}\nexec {program} \"$@\"\n"
    );
    let package = server.upload("full", &package);
    let (status, answer) = server.run_package(&package, &json!({}));
    assert_eq!(status, 503, "{answer}");
    let line = answer.pointer("/errors/0").and_then(Value::as_str);
    assert!(
        line.is_some_and(|line| line.starts_with("MS-1013: ")),
        "{answer}"
    );
    assert_eq!(processes_of(&server.data), Vec::<u32>::new());
    assert_eq!(server.get("/jobs"), json!({"jobs": []}));
    limit_files(pid, "unlimited:");
    server.kill();
    server.start();
    assert_eq!(server.get("/jobs"), json!({"jobs": []}));
    server.submit_running(&json!({}));
}

#[test]
fn the_end_of_a_job_is_recorded_when_there_is_space_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = server(directory);
    server.start();
    let options = json!({"restart-strategy.type": "none"});
    let job = server.submit_running(&options);
    let (path, pid) = (format!("/jobs/{job}"), server.pid());
    limit_files(pid, "100:");
    for process in processes_of(&server.data) {
        kill(process);
    }
    // Until it knows of the end it can't take the cancellation on record.
    server.await_call("PATCH", &path, |status, _| (status == 409).then_some(()));
    let shown = server.get(&path);
    assert_eq!(shown.get("state"), Some(&json!("RUNNING")), "not on record");
    limit_files(pid, "unlimited:");
    server.await_status(&job, "FAILED");
    server.kill();
    server.start();
    let shown = server.get(&path);
    assert_eq!(shown.get("state"), Some(&json!("FAILED")), "on record");
}
