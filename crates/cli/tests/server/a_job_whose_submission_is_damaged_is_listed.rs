//! A job whose `job.json` can't be read any more is not forgotten: where its process runs it goes on, and where it does not
//! the job is FAILED with the reason. Nor is it tried for ever where something else is damaged that its process reads first.

use std::fs;

use crate::common::processes::kill_and_await;
use crate::common::processes::processes_of;
use crate::common::server::Server;
use serde_json::json;

#[test]
fn it_goes_on_or_says_why_it_can_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::started(directory, &[]);
    let job = server.submit_running(&json!({}));
    let processes = processes_of(&server.data);
    server.kill();
    let submission = server.data.join(format!("jobs/{job}/job.json"));
    fs::write(submission, "{\"job\":").expect("written");
    server.start();
    server.await_status(&job, "RUNNING");
    assert_eq!(processes_of(&server.data), processes);

    server.kill();
    kill_and_await(&processes);
    for _ in 0..2 {
        server.start();
        server.await_status(&job, "FAILED");
        let why = server.get(&format!("/jobs/{job}/exceptions")).to_string();
        assert!(why.contains("job.json"), "{why}");
        server.kill();
    }
}

#[test]
fn what_can_not_be_understood_is_not_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&json!({"restart-strategy.type": "none"}));
    let processes = processes_of(&server.data);
    server.kill();
    kill_and_await(&processes);
    let restored = server.data.join(format!("jobs/{job}/restored.json"));
    fs::write(restored, "\"/sp/savepo").expect("written");
    server.start();
    server.await_status(&job, "FAILED");
    let why = server.get(&format!("/jobs/{job}/exceptions")).to_string();
    assert!(why.contains("restored.json"), "{why}");
    server.end();
}
