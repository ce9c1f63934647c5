//! A server that is killed while a command waits for an operation is waited for: the next one on its data goes on with the
//! operation, and the command tells its end.

use std::path::Path;

use crate::common::Running;
use crate::common::processes::signal_if_there;
use crate::common::server::{Server, first_file};

/// A server, its job, and the job's process, which stands still: it does not stop, so that there is something to wait for.
fn with_job_that_stands_still(directory: &Path) -> (Server, String, u32) {
    first_file(directory);
    let server = Server::started(directory, &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let process = server.job_process();
    signal_if_there("STOP", process);
    (server, job, process)
}

#[test]
fn a_stop_is_seen_to_its_end() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (mut server, job, process) = with_job_that_stands_still(directory.path());
    let mut stop = Running::start(server.command(&["stop", "-Dclient.timeout=10 min", &job]));
    stop.await_printed(|line| line == "Waiting for response...");
    let port = server.port();
    let mut ask = server.command(&["operations", &job]);
    server.await_that("the operation", || {
        let said = ask.output().expect("an answer").stdout;
        String::from_utf8_lossy(&said).contains("IN_PROGRESS")
    });
    // What is shown of a wait that takes its time.
    stop.await_log(&format!(
        "The stop takes more than 10 s: job {job} is RUNNING"
    ));
    server.kill();
    stop.await_log("Waiting for the server to come back: MS-1019: no server at ");
    server.options.push(format!("-Drest.port={port}"));
    server.start();
    stop.await_log("The server is back.");
    signal_if_there("CONT", process);
    let said = stop.end();
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(!said.savepoint().is_empty());
    server.await_status(&job, "FINISHED");
    server.end();
}

#[test]
fn one_that_does_not_come_back_is_told_with_how_to_follow_the_operation() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (mut server, job, process) = with_job_that_stands_still(directory.path());
    let mut stop = Running::start(server.command(&["stop", "-Dclient.timeout=8 s", &job]));
    stop.await_printed(|line| line == "Waiting for response...");
    let mut ask = server.command(&["operations", "--json", &job]);
    let mut operation = String::new();
    server.await_that("the operation", || {
        let said = ask.output().expect("an answer").stdout;
        let said: serde_json::Value = serde_json::from_slice(&said).unwrap_or_default();
        operation = said[0]["id"].as_str().unwrap_or_default().to_owned();
        !operation.is_empty()
    });
    server.kill();
    let said = stop.end();
    signal_if_there("KILL", process);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(
        said.error().contains(&format!(
            "; follow it with `millstream operations {operation}` (millstream "
        )),
        "{}",
        said.err
    );
}
