//! A process that is killed may have completed a checkpoint, and deleted the one before, without having had the time to tell.
//! Its server shows what really lies there.

use std::fs;

use crate::common::processes::{kill, processes_of, signal};
use crate::common::server::Server;
use serde_json::{Value, json};

/// The number of the newest checkpoint that the server shows.
fn shown(server: &Server, job: &str) -> Option<u64> {
    let checkpoints = server.get(&format!("/jobs/{job}/checkpoints"));
    checkpoints.pointer("/latest/completed/id")?.as_u64()
}

/// The number of the newest checkpoint that lies there.
fn there(server: &Server, job: &str) -> Option<u64> {
    let own = server.data.join("checkpoints").join(job);
    let entries = fs::read_dir(own).into_iter().flatten().flatten();
    let complete = entries.filter(|entry| entry.path().join("_metadata").exists());
    let numbers = complete.filter_map(|entry| {
        let name = entry.file_name();
        name.to_str()?.strip_prefix("chk-")?.parse().ok()
    });
    numbers.max()
}

/// Brings the job's process to a stand where it has completed a checkpoint that it has not told, and answers the process.
fn stopped_before_it_tells(server: &Server, job: &str) -> u32 {
    /// What was on its way when the process stopped is read in between.
    const LOOKS: usize = 10;
    server.await_answer(&format!("/jobs/{job}/checkpoints"), |_, body| {
        (body.pointer("/counts/completed")?.as_u64()? > 0).then_some(())
    });
    let [process] = processes_of(&server.data)[..] else {
        unreachable!("one process");
    };
    server.await_that("a checkpoint that is not told", || {
        signal("STOP", process);
        let newest = there(server, job);
        let is_untold = newest.is_some() && (0..LOOKS).all(|_| shown(server, job) < newest);
        if !is_untold {
            signal("CONT", process);
        }
        is_untold
    });
    process
}

#[track_caller]
fn is_shown_as_it_is(server: &Server, job: &str) {
    let checkpoints = server.get(&format!("/jobs/{job}/checkpoints"));
    let newest = checkpoints.pointer("/latest/completed").expect("one");
    assert_eq!(newest["id"].as_u64(), there(server, job), "{checkpoints}");
    assert_eq!(newest["discarded"], json!(false), "{checkpoints}");
    // Its end is known, too: an alert for old checkpoints goes by that.
    assert!(
        newest["end_to_end_duration"].as_i64() >= Some(0),
        "{checkpoints}"
    );
    let path = newest["external_path"].as_str().expect("a path");
    let path = path.strip_prefix("file:").unwrap_or(path);
    assert!(
        fs::exists(format!("{path}/_metadata")).expect("looked at"),
        "{path}"
    );
    let history = checkpoints.pointer("/history").and_then(Value::as_array);
    let history = history.expect("an array");
    let is_completed = |checkpoint: &&Value| checkpoint["status"] == "COMPLETED";
    for checkpoint in history.iter().filter(is_completed) {
        let path = checkpoint["external_path"].as_str().expect("a path");
        let path = path.strip_prefix("file:").unwrap_or(path);
        let is_there = fs::exists(format!("{path}/_metadata")).expect("looked at");
        assert_eq!(checkpoint["discarded"], json!(!is_there), "{checkpoint}");
    }
}

fn options(strategy: &str) -> Value {
    json!({
        "execution.checkpointing.interval": "20 ms",
        "task.cancellation.timeout": "100 ms",
        "restart-strategy.type": strategy,
        "restart-strategy.fixed-delay.attempts": "1000",
        "restart-strategy.fixed-delay.delay": "0 ms",
    })
}

#[test]
fn the_newest_checkpoint_of_a_process_that_was_killed_is_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    // One is a child of the server that cancels it, the other is not.
    for restarts_server in [false, true] {
        let job = server.submit_running(&options("fixed-delay"));
        if restarts_server {
            server.kill();
            server.start();
            server.await_status(&job, "RUNNING");
        }
        stopped_before_it_tells(&server, &job);
        server.cancel(&job);
        server.await_status(&job, "CANCELED");
        is_shown_as_it_is(&server, &job);
        server.kill();
        server.start();
        is_shown_as_it_is(&server, &job);
    }
}

#[test]
fn the_newest_checkpoint_of_a_job_that_failed_with_its_process_is_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&options("none"));
    kill(stopped_before_it_tells(&server, &job));
    server.await_status(&job, "FAILED");
    is_shown_as_it_is(&server, &job);
}

#[test]
fn a_process_that_was_killed_is_followed_by_one_that_knows_its_newest_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&options("fixed-delay"));
    let process = stopped_before_it_tells(&server, &job);
    let newest = there(&server, &job);
    kill(process);
    let path = format!("/jobs/{job}/checkpoints");
    let restored = server.await_answer(&path, |_, body| {
        body.pointer("/latest/restored/id").and_then(Value::as_u64)
    });
    assert_eq!(Some(restored), newest);
}
