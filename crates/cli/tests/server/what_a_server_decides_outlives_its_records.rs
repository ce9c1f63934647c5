//! Where the server itself has decided how a job ends, since no process was there to say so, that lies in the job's directory: when the
//! server's records are lost, the next server lists the job as it had ended, with the reason and the times, and runs it no more.

use std::fs;

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;
use serde_json::{Value, json};

/// Kills the server, loses its records, and starts the next one.
fn lose_records(server: &mut Server) {
    server.kill();
    for file in ["millstream.db", "millstream.db-wal", "millstream.db-shm"] {
        // Beside the first there need not be the others.
        drop(fs::remove_file(server.data.join(file)));
    }
    server.start();
}

/// What is shown of a job that has ended, as far as it does not depend on the server.
fn shown(server: &Server, job: &str) -> Vec<Value> {
    let about = server.get(&format!("/jobs/{job}"));
    let fields = ["name", "state", "end-time", "status-counts"];
    let mut shown: Vec<Value> = fields.map(|field| json!(about.get(field))).into();
    shown.push(server.get(&format!("/jobs/{job}/exceptions")));
    let checkpoints = server.get(&format!("/jobs/{job}/checkpoints"));
    shown.push(json!(checkpoints.pointer("/latest/completed")));
    shown
}

fn options(strategy: &str) -> Value {
    json!({
        "execution.checkpointing.interval": "50 ms",
        "restart-strategy.type": strategy,
        "restart-strategy.fixed-delay.attempts": "3",
        "restart-strategy.fixed-delay.delay": "10 min",
    })
}

#[test]
fn a_job_that_died_with_its_process_and_one_that_was_cancelled_without_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let failed = server.submit_running(&options("none"));
    kill_and_await(&processes_of(&server.data));
    server.await_status(&failed, "FAILED");
    let cancelled = server.submit_running(&options("fixed-delay"));
    kill_and_await(&processes_of(&server.data));
    server.await_status(&cancelled, "RESTARTING");
    server.cancel(&cancelled);
    let before = [&failed, &cancelled].map(|job| shown(&server, job));
    let why = before[0][4].to_string();
    assert!(why.contains("MS-2011: process "), "{why}");

    lose_records(&mut server);
    server.await_status(&failed, "FAILED");
    server.await_status(&cancelled, "CANCELED");
    let after = [&failed, &cancelled].map(|job| shown(&server, job));
    assert_eq!(after, before);
    assert_eq!(processes_of(&server.data), Vec::<u32>::new());
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    let line = format!("({failed}) switched from state RECONCILING to FAILED.");
    assert!(log.contains(&line), "{log}");
    assert!(!log.contains("to RECONCILING"), "{log}");
    server.end();
}

#[test]
fn a_job_that_could_not_be_taken_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&options("fixed-delay"));
    let processes = processes_of(&server.data);
    server.kill();
    kill_and_await(&processes);
    let submission = server.data.join("jobs").join(&job).join("job.json");
    fs::write(submission, "{\"job\":").expect("written");
    server.start();
    server.await_status(&job, "FAILED");
    let before = shown(&server, &job);
    assert_eq!(before[0], "endless");

    lose_records(&mut server);
    server.await_status(&job, "FAILED");
    let after = shown(&server, &job);
    assert_eq!(after, before);
    let why = after[4].to_string();
    assert!(why.contains("job.json"), "{why}");
    server.end();
}
