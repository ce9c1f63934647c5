//! Whoever is answered that a job is to be cancelled sees that it is being cancelled from then on, before its process has heard of it.

use crate::common::processes::{processes_of, signal, signal_if_there};
use crate::common::server::Server;
use serde_json::{Value, json};

/// Cancels the only job, whose process stands still, looks at it at once, and answers the process.
fn cancelled(server: &Server, job: &str) -> Vec<u32> {
    let processes = processes_of(&server.data);
    assert_eq!(processes.len(), 1, "{processes:?}");
    for pid in &processes {
        signal("STOP", *pid);
    }
    let (status, answer) = server.call("PATCH", &format!("/jobs/{job}?mode=cancel"), None);
    assert_eq!(status, 202, "{answer}");
    is_cancelling(server, job);
    processes
}

#[track_caller]
fn is_cancelling(server: &Server, job: &str) {
    let told = server.get(&format!("/jobs/{job}"));
    let state = told.get("state").and_then(Value::as_str);
    assert_eq!(state, Some("CANCELLING"), "{told}");
    let told = server.get(&format!("/jobs/{job}/status"));
    let status = told.get("status").and_then(Value::as_str);
    assert_eq!(status, Some("CANCELLING"), "{told}");
}

#[test]
fn whatever_its_process_does() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&json!({}));
    let processes = cancelled(&server, &job);
    // Asked once more it is the same.
    let (status, answer) = server.call("PATCH", &format!("/jobs/{job}"), None);
    assert_eq!(status, 202, "{answer}");
    is_cancelling(&server, &job);
    processes.into_iter().for_each(|pid| signal("CONT", pid));
    server.await_status(&job, "CANCELED");
}

#[test]
fn also_where_the_next_server_looks_after_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&json!({}));
    let processes = cancelled(&server, &job);
    server.kill();
    server.start();
    server.await_answer(&format!("/jobs/{job}/status"), |_, body| {
        for pid in &processes {
            signal_if_there("CONT", *pid);
        }
        let status = body.get("status")?.as_str()?;
        assert_ne!(status, "RUNNING");
        (status == "CANCELED").then_some(())
    });
    let operations = server.get(&format!("/jobs/{job}/operations"));
    let end = operations.pointer("/operations/0/status");
    assert_eq!(end, Some(&json!("COMPLETED")), "{operations}");
}
