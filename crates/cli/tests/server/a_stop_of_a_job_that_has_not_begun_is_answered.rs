//! A job whose process is started again may have output to commit before it begins. As long as that can't be done it says so, and
//! who asks for a savepoint or a stop is told with the next try: nothing runs that a savepoint could hold.

use std::fs;
use std::path::Path;

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;
use crate::common::{lines, shim};
use serde_json::{Value, json};

/// Whether a savepoint is complete.
fn is_written(path: &Path) -> bool {
    let savepoints = fs::read_dir(path.join("sp")).into_iter().flatten();
    let mut savepoints = savepoints.flatten().map(|entry| entry.path());
    savepoints.any(|savepoint| savepoint.join("_metadata").exists())
}

/// A job whose process died when its savepoint was complete and its output not committed, and which was started again while another
/// directory stands where that output is.
fn robbed(server: &mut Server, path: &Path) -> String {
    let job = server.submit_running(&json!({"execution.checkpointing.interval": "1 h"}));
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let read = body.pointer("/vertices/0/metrics/read-records")?.as_u64()?;
        (read == 1).then_some(())
    });
    fs::write(path.join("reached"), "").expect("written");
    let body = json!({ "target-directory": path.join("sp") });
    server.post(&format!("/jobs/{job}/savepoints"), &body);
    server.await_that("a savepoint", || is_written(path));
    let processes = processes_of(&server.data);
    server.kill();
    kill_and_await(&processes);
    fs::rename(path.join("out"), path.join("away")).expect("moved");
    fs::create_dir(path.join("out")).expect("made");
    fs::remove_file(path.join("reached")).expect("removed");
    server.start();
    job
}

/// Asks for something; answers why it has failed.
#[track_caller]
fn refused(server: &Server, job: &str, verb: &str) -> String {
    let answer = server.post(&format!("/jobs/{job}/{verb}"), &json!({}));
    let id = answer.get("request-id").and_then(Value::as_str);
    let path = format!("/operations/{}", id.expect("an id"));
    server.await_answer(&path, |_, body| {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let why = format!("{}: {}", text("code")?, text("message")?);
        (text("status")? == "FAILED").then_some(why)
    })
}

#[test]
fn by_the_next_try_to_commit_its_output() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = shim::serve_over_metadata(path);
    let job = robbed(&mut server, path);
    let held_up = server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let why = body.get("held-up")?.as_str()?;
        why.contains("can't be committed yet")
            .then(|| why.to_owned())
    });
    assert!(held_up.contains("MS-7001"), "{held_up}");
    for verb in ["stop", "savepoints", "stop"] {
        let why = refused(&server, &job, verb);
        assert!(
            why.contains("MS-2004: the job has not begun yet: output ")
                && why.contains("can't be committed yet"),
            "{why}"
        );
    }
    assert_eq!(server.status(&job), "RUNNING", "nothing has changed");
    let said = server.run(&["stop", &job]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.err.contains("has not begun yet"), "{}", said.err);

    fs::remove_dir_all(path.join("out")).expect("removed");
    fs::rename(path.join("away"), path.join("out")).expect("moved back");
    server.await_that("its output", || lines(&path.join("out")).len() == 1);
    server.succeed(&["stop", &job]);
    assert_eq!(lines(&path.join("out")), [r#"{"id":"1","name":"Ann"}"#]);
    server.end();
}
