//! A pipe in the place of a file that a job's process reads before it begins is refused by name and waited for without restarts, where
//! opening it would hold the process up until `millstream.job-start-timeout`.

use std::fs;
use std::process::Command;

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;
use serde_json::json;

#[test]
fn it_is_refused_by_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&json!({"restart-strategy.type": "none"}));
    let processes = processes_of(&server.data);
    server.kill();
    kill_and_await(&processes);
    let restored = server.data.join(format!("jobs/{job}/restored.json"));
    if restored.exists() {
        fs::remove_file(&restored).expect("taken away");
    }
    let made = Command::new("mkfifo").arg(&restored).status();
    assert!(made.expect("mkfifo").success());
    server.start();
    server.await_that("its name is told", || {
        let waits = server.get(&format!("/jobs/{job}")).to_string();
        waits.contains("restored.json can't be read")
    });
    fs::remove_file(&restored).expect("the pipe is taken away");
    server.await_status(&job, "RUNNING");
    server.end();
}
