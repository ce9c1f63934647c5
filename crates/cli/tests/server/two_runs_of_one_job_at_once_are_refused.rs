//! While a job runs, nobody goes on from where it is by its name; from a savepoint that is named another job may start.

use crate::common;

use std::path::{Path, PathBuf};

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;
use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, running};
use serde_json::{Value, json};

#[test]
fn and_the_one_that_runs_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    // So many that the second finds the one that it has chosen, however slow the machine is.
    let retained = ["-Dexecution.checkpointing.num-retained=100"];
    let mut first = Running::start(ingest(path, &retained, &CSV_TO_FILES));
    first.await_that("output", || lines(&path.join("out")).len() == 1);
    let second = running::run(ingest(path, &["-s", "latest"], &CSV_TO_FILES));
    assert_eq!(second.code, Some(1), "{}{}", second.out, second.err);
    let error = second.error();
    assert!(error.starts_with("MS-3011: "), "{error}");
    assert!(error.contains(&format!("pid {}", first.id())), "{error}");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    first.await_that("more output", || lines(&path.join("out")).len() == 2);
    let savepoint = first.suspend();
    // It has ended, so there is one to go on from.
    let job = ingest(
        path,
        &["-s", "latest"],
        &[&CSV_TO_FILES[..], &[common::ONCE]].concat(),
    );
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&path.join("out")).len(), 2);
    drop(savepoint);
}

#[test]
fn a_job_from_a_named_savepoint_runs_beside_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut first = Running::start(ingest(path, &[], &CSV_TO_FILES));
    first.await_that("output", || lines(&path.join("out")).len() == 1);
    let said = first.suspend();
    let savepoint = said.savepoint().to_owned();
    let mut first = Running::start(ingest(path, &["-s", "latest"], &CSV_TO_FILES));
    first.await_checkpoint();
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let copy = [
        &CSV_TO_FILES[..3],
        &["--sink.path=copy", "--job.name=copy", common::ONCE],
    ]
    .concat();
    let said = running::run(ingest(path, &["-s", &savepoint], &copy));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&path.join("copy")).len(), 1);
    first.await_that("its output", || lines(&path.join("out")).len() == 2);
    first.suspend();
    assert_eq!(lines(&path.join("out")).len(), 2);
}

/// A server and the process of its job, which were killed behind output; where the checkpoints lie, and the job.
fn killed(path: &Path) -> (Server, PathBuf, String) {
    let checkpoints = path.join("checkpoints");
    let mut server = Server::started(path, &[]);
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.dir": checkpoints,
    });
    let job = server.submit_running(&options);
    server.await_that("output", || lines(&path.join("out")).len() == 1);
    let processes = processes_of(&server.data);
    server.kill();
    kill_and_await(&processes);
    (server, checkpoints, job)
}

#[test]
fn a_server_does_not_take_up_what_somebody_else_goes_on_from() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (mut server, checkpoints, job) = killed(path);
    let place = format!("execution.checkpointing.dir={}", checkpoints.display());
    let named = [&CSV_TO_FILES[..], &["--job.name=endless"]].concat();
    let mut other = ingest(path, &["-s", "latest", "-D", &place], &named);
    // Where a file lies is part of what it is.
    other.arg(format!("--source.path={}", path.join("in").display()));
    let mut other = Running::start(other);
    other.await_checkpoint();
    server.start();
    server.await_status(&job, "FAILED");
    let exceptions = server.get(&format!("/jobs/{job}/exceptions"));
    let told = exceptions.pointer("/exceptionHistory/entries/0/stacktrace");
    let told = told.and_then(Value::as_str);
    let told = told.expect("a cause");
    assert!(told.contains("MS-3011"), "{told}");
    assert!(told.contains(&format!("pid {}", other.id())), "{told}");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    other.await_that("its output", || lines(&path.join("out")).len() == 2);
    other.suspend();
    assert_eq!(lines(&path.join("out")).len(), 2);
}

#[test]
fn a_server_waits_for_an_earlier_process_of_the_same_job() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (mut server, checkpoints, job) = killed(path);
    // As a process on a machine that nobody sees from here would hold it.
    let owner = checkpoints.join(&job).join("_owner");
    let held = std::fs::File::options().write(true).open(owner);
    let held = held.expect("there");
    // The threads of a process that was killed end one after the other.
    held.lock().expect("nobody has it any more");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    server.start();
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let why = body.get("held-up").and_then(Value::as_str)?;
        why.contains("MS-3013").then_some(())
    });
    assert_eq!(lines(&path.join("out")).len(), 1);
    drop(held);
    server.await_status(&job, "RUNNING");
    server.await_that("all output", || lines(&path.join("out")).len() == 2);
}
