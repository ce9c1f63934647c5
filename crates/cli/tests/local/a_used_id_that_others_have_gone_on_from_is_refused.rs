//! A job that is given the id of one from which a run in a process of its own has gone on is refused, whether it begins anew or goes on
//! from a snapshot: who has gone on would take what it writes for what the one before has left.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::{Server, endless};
use crate::common::{ONCE, command, lines, put, running};

const JOB: &str = "0123456789abcdef0123456789abcdef";

/// What is asked for to have the job of that id run.
fn body(path: &Path) -> Value {
    json!({
        "entryClass": "ingest",
        "programArgsList": endless(path),
        "jobId": JOB,
        "flinkConfiguration": {
            "execution.checkpointing.interval": "20 ms",
            "execution.checkpointing.dir": path.join("checkpoints"),
        },
    })
}

fn count(path: &Path) -> usize {
    lines(&path.join("out")).len()
}

/// Has the job run, and killed with its server, and another one go on from it to its end. Answers a savepoint of the first one.
fn gone_on_from(path: &Path) -> String {
    let mut server = Server::started(path, &[]);
    server.run_job("ingest", &body(path));
    server.await_that("output", || count(path) == 1);
    let said = server.succeed(&["savepoint", JOB]);
    let mut words = said.lines();
    let savepoint = words.find_map(|line| line.strip_prefix("Savepoint completed. Path: "));
    let savepoint = savepoint.expect(&said).to_owned();
    let processes = processes_of(&server.data);
    server.kill();
    kill_and_await(&processes);

    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let checkpoints = path.join("checkpoints");
    let mut other = command(path);
    other
        .args(["run", "--target", "local", "-s", "latest"])
        .arg("-Dmillstream.data-dir=data")
        .arg(format!(
            "-Dexecution.checkpointing.dir={}",
            checkpoints.display()
        ))
        .arg("-Dexecution.checkpointing.interval=20 ms")
        .arg("ingest")
        .args(endless(path))
        .arg(ONCE);
    let said = running::run(other);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(count(path), 2);
    savepoint
}

/// Asks a server that knows nothing of the job to run it; answers why it refuses to.
fn refused(path: &Path, body: &Value) -> String {
    let mut server = Server::new(path);
    server.data = path.join("another");
    server.start();
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(body));
    server.end();
    assert_eq!(status, 400, "{answer}");
    let why = answer.to_string();
    assert!(
        why.contains("MS-3011") && why.contains("has gone on from"),
        "{why}"
    );
    assert_eq!(count(path), 2, "nothing is written again");
    why
}

#[test]
fn where_it_begins_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    gone_on_from(path);
    let why = refused(path, &body(path));
    assert!(why.contains("-s latest"), "{why}");
}

#[test]
fn where_it_goes_on_from_a_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let savepoint = gone_on_from(path);
    let mut body = body(path);
    body["savepointPath"] = json!(savepoint);
    let why = refused(path, &body);
    assert!(why.contains("an id of its own"), "{why}");
}
