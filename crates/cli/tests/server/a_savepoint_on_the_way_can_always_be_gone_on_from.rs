//! A savepoint that was taken while a job ran can be gone on from, whatever the job and those who take its files have done
//! since: its output is committed.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::processes::{kill, processes_of};
use crate::common::server::{Server, endless};
use serde_json::{Value, json};

fn count(directory: &Path, name: &str) -> usize {
    common::lines(&directory.join(name)).len()
}

fn savepoint(server: &Server, job: &str, directory: &Path) -> String {
    let body = json!({ "target-directory": directory.join("sp") });
    let (status, answer) = server.call("POST", &format!("/jobs/{job}/savepoints"), Some(&body));
    assert_eq!(status, 202, "{answer}");
    let id = answer
        .get("request-id")
        .and_then(Value::as_str)
        .expect("an id");
    let ended = server.await_answer(&format!("/operations/{id}"), |_, body| {
        (body.get("status")? != "IN_PROGRESS").then(|| body.clone())
    });
    let path = ended.get("path").and_then(Value::as_str);
    path.unwrap_or_else(|| unreachable!("{ended}")).to_owned()
}

/// Starts the job `name` from `savepoint`, with output in `out` of `directory`.
fn go_on(server: &Server, directory: &Path, (name, out): (&str, &str), savepoint: &str) -> String {
    let mut arguments = endless(directory);
    arguments.retain(|a| !a.starts_with("--job.name") && !a.starts_with("--sink.path"));
    arguments.push(format!("--job.name={name}"));
    arguments.push(format!("--sink.path={}", directory.join(out).display()));
    let body = json!({
        "programArgsList": arguments,
        "savepointPath": savepoint,
        "flinkConfiguration": { "execution.checkpointing.interval": "20 ms" },
    });
    let id = server.run_job("ingest", &body);
    id.to_owned()
}

/// A job that takes no checkpoint by itself any more, with a savepoint behind its second file.
fn saved(server: &Server, directory: &Path) -> (String, String) {
    let options = json!({
        "execution.checkpointing.interval": "1 h",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "10",
        "restart-strategy.fixed-delay.delay": "10 ms",
    });
    let job = server.submit_running(&options);
    common::put(directory, "in/2.csv", "id,name\n2,Bob\n");
    let source = format!("/jobs/{job}");
    server.await_answer(&source, |_, body| {
        let read = body.pointer("/vertices/0/metrics/read-records")?.as_u64()?;
        (read >= 2).then_some(())
    });
    let savepoint = savepoint(server, &job, directory);
    (job, savepoint)
}

/// A consumer takes the files; the directory stays.
fn take_away(from: &Path, to: &Path) {
    fs::create_dir(to).expect("made");
    for entry in fs::read_dir(from).expect("listed").flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("part-") {
            fs::rename(entry.path(), to.join(name)).expect("moved");
        }
    }
}

#[test]
fn after_the_job_has_failed_and_gone_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let (job, savepoint) = saved(&server, path);
    server.await_that("its commit", || count(path, "out") == 2);
    let before = processes_of(&server.data);
    before.iter().copied().for_each(kill);
    server.await_that("the next process", || {
        let now = processes_of(&server.data);
        !now.is_empty() && now != before
    });
    server.await_status(&job, "RUNNING");
    server.cancel(&job);
    go_on(&server, path, ("endless", "out"), &savepoint);
    common::put(path, "in/3.csv", "id,name\n3,Cid\n");
    server.await_that("all output", || count(path, "out") >= 3);
    assert_eq!(count(path, "out"), 3);
}

#[test]
fn after_its_output_was_taken_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let (job, savepoint) = saved(&server, path);
    server.await_that("its commit", || count(path, "out") == 2);
    server.cancel(&job);
    take_away(&path.join("out"), &path.join("loaded"));
    go_on(&server, path, ("endless", "out"), &savepoint);
    common::put(path, "in/3.csv", "id,name\n3,Cid\n");
    server.await_that("new output", || count(path, "out") >= 1);
    assert_eq!((count(path, "loaded"), count(path, "out")), (2, 1));
}

#[test]
fn after_a_copy_ran_from_an_older_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let options = json!({ "execution.checkpointing.interval": "1 h" });
    let job = server.submit_running(&options);
    let older = savepoint(&server, &job, path);
    common::put(path, "in/2.csv", "id,name\n2,Bob\n");
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let read = body.pointer("/vertices/0/metrics/read-records")?.as_u64()?;
        (read >= 2).then_some(())
    });
    let newer = savepoint(&server, &job, path);
    server.cancel(&job);
    let copy = go_on(&server, path, ("copy", "copied"), &older);
    server.await_that("its output", || count(path, "copied") >= 1);
    server.cancel(&copy);
    go_on(&server, path, ("endless", "out"), &newer);
    common::put(path, "in/3.csv", "id,name\n3,Cid\n");
    server.await_that("all output", || count(path, "out") >= 3);
    assert_eq!(count(path, "out"), 3);
}
