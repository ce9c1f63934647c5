//! What stands in the place of an output directory and is none is named: a job that begins there fails at once, whatever its restart
//! strategy; one that has written there goes on once the directory is back, with each record once.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::server::Server;
use crate::common::{lines, put};
use serde_json::{Value, json};

/// A job that goes on for ever, were it not for where it is to write.
fn patient() -> Value {
    json!({
        "execution.checkpointing.interval": "50 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "1000000",
        "restart-strategy.fixed-delay.delay": "100 ms",
    })
}

fn make_file(out: &Path) {
    fs::write(out, "").expect("written");
}

fn make_pipe(out: &Path) {
    let made = Command::new("mkfifo").arg(out).status();
    assert!(made.expect("mkfifo").success());
}

#[track_caller]
fn is_named(stands: &str, make: impl Fn(&Path)) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let out = path.join("out");
    let server = Server::started(path, &[]);
    let job = server.submit_running(&patient());
    server.await_that("output", || lines(&out).len() == 1);
    fs::rename(&out, path.join("away")).expect("renamed");
    make(&out);
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let expected = format!("out is {stands} and no directory");
    server.await_that("its name", || {
        let exceptions = server.get(&format!("/jobs/{job}/exceptions"));
        exceptions.to_string().contains(&expected)
    });

    fs::remove_file(&out).expect("removed");
    fs::rename(path.join("away"), &out).expect("brought back");
    server.await_that("both records", || lines(&out).len() == 2);
    server.end();
}

#[test]
fn a_file_in_the_place_of_a_directory() {
    is_named("a file", make_file);
}

#[test]
fn a_pipe_in_the_place_of_a_directory() {
    is_named("a pipe", make_pipe);
}

#[test]
fn a_file_where_a_job_begins() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    make_file(&path.join("out"));
    let (status, answer) = server.run_package("ingest", &patient());
    assert_eq!(status, 200, "{answer}");
    let job = answer.get("jobid").and_then(Value::as_str).expect("an id");
    server.await_status(job, "FAILED");
    let why = server.get(&format!("/jobs/{job}/exceptions")).to_string();
    assert!(
        why.contains("out is a file and no directory") && why.contains("MS-7017"),
        "{why}"
    );
    assert!(!server.log().contains("is restarted in"), "{why}");
    server.end();
}
