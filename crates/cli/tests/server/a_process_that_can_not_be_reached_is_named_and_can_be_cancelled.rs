//! A job whose process runs and can't be connected to is named in the log, with the process and what ends it; a cancel is one by signal then.
//! So it is where nothing tells whether a process runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;
use serde_json::json;

#[test]
fn one_whose_socket_is_gone() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&json!({}));
    let processes = processes_of(&server.data);
    server.kill();
    let socket = server.data.join("jobs").join(&job).join("job.sock");
    fs::remove_file(&socket).expect("it was there");
    server.start();
    let told = || {
        let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
        let lines = log.lines().filter(|line| {
            line.contains(" WARN ") && line.contains(&job) && line.contains("can't be connected to")
        });
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    server.await_that("a warning", || !told().is_empty());
    let pid = processes.first().expect("a process");
    let line = told().concat();
    assert!(line.contains(&format!("process {pid} ")), "{line}");
    assert!(line.contains(&format!("`kill {pid}`")), "{line}");
    assert_eq!(server.status(&job), "RECONCILING");
    server.cancel(&job);
    assert_eq!(server.status(&job), "CANCELED");
    assert_eq!(processes_of(&server.data), Vec::<u32>::new());
    assert_eq!(told().len(), 1, "once");
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    assert!(
        log.contains("could not be told of its cancellation, and was killed"),
        "before the time of a cancellation is over: {log}"
    );
}

/// Puts a pipe in the place of the job's lock, so that it can't be told who holds it: for whom nothing is forbidden, too.
fn without_lock(server: &Server, job: &str, aside: &Path) {
    let lock = server.data.join("jobs").join(job).join("lock");
    fs::rename(&lock, aside).expect("it was there");
    let made = Command::new("mkfifo").arg(&lock).status();
    assert!(made.expect("mkfifo").success());
}

#[test]
fn one_that_may_run_when_its_server_starts() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    let job = server.submit_running(&json!({}));
    server.kill();
    without_lock(&server, &job, &path.join("aside"));
    server.start();
    server.await_that("the trouble to be told", || {
        server.log().contains("/lock can't be opened")
    });
    assert_eq!(server.status(&job), "RECONCILING");
    server.cancel(&job);
    server.await_that("the end of the process", || {
        processes_of(&server.data).is_empty()
    });
    server.end();
}

/// A job whose process has ended while nobody can tell who holds its lock, once that is shown.
fn ended_without_lock(server: &Server, aside: &Path) -> String {
    let job = server.submit_running(&json!({"restart-strategy.type": "none"}));
    without_lock(server, &job, aside);
    kill_and_await(&processes_of(&server.data));
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let why = body.pointer("/next-attempt/why")?.as_str()?;
        why.contains("/lock can't be opened").then_some(())
    });
    assert_eq!(server.status(&job), "RESTARTING");
    job
}

#[test]
fn one_whose_process_has_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let job = ended_without_lock(&server, &path.join("aside"));
    server.cancel(&job);
    server.end();
}

#[test]
fn one_whose_process_has_ended_is_decided_about_once_that_can_be_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let aside = path.join("aside");
    let job = ended_without_lock(&server, &aside);
    let lock = server.data.join("jobs").join(&job).join("lock");
    fs::rename(aside, lock).expect("put back");
    server.await_status(&job, "FAILED");
    let why = server.get(&format!("/jobs/{job}/exceptions")).to_string();
    assert!(why.contains("was killed by signal 9"), "{why}");
    server.end();
}
