//! Files that a job has committed can be moved away at once, before its next checkpoint: a job that dies then goes on, and
//! nothing is missed, lost or written again.

use std::fs;
use std::path::Path;

use crate::common::processes::kill;
use crate::common::server::Server;
use serde_json::json;

/// The committed lines of a directory.
fn lines(directory: &Path) -> Vec<String> {
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    let visible = files.filter(|file| !file.file_name().to_string_lossy().starts_with('.'));
    let texts = visible.map(|file| fs::read_to_string(file.path()).expect("text"));
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.collect()
}

/// Takes a checkpoint, which commits; whether there was one.
fn checkpoint(server: &Server, job: &str) -> bool {
    let path = format!("/jobs/{job}/checkpoints");
    let (status, answer) = server.call("POST", &path, Some(&json!({})));
    let Some(id) = answer.get("request-id").and_then(|id| id.as_str()) else {
        return status == 202;
    };
    server.await_answer(&format!("{path}/{id}"), |_, answer| {
        (answer.pointer("/status/id")? == "COMPLETED").then_some(())
    });
    true
}

/// Moves the files of a directory, as a consumer does.
fn take_away(from: &Path, to: &Path) {
    fs::create_dir(to).expect("made");
    for file in fs::read_dir(from).expect("files").flatten() {
        if !file.file_name().to_string_lossy().starts_with('.') {
            fs::rename(file.path(), to.join(file.file_name())).expect("moved away");
        }
    }
}

#[test]
fn before_a_crash() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let (out, taken) = (directory.join("out"), directory.join("taken"));
    let server = Server::started(directory, &[]);
    // Checkpoints are taken when they are asked for: the one that commits stays the newest.
    let options = json!({
        "execution.checkpointing.interval": "1 h",
        "execution.checkpointing.min-pause": "0 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "3",
        "restart-strategy.fixed-delay.delay": "10 ms",
    });
    let job = server.submit_running(&options);
    server.await_that("the first file", || {
        checkpoint(&server, &job) && !lines(&out).is_empty()
    });
    let first = lines(&out);
    assert_eq!(first.len(), 1);
    take_away(&out, &taken);

    let before = server.job_processes();
    before.iter().copied().for_each(kill);
    server.await_that("another process", || {
        let now = server.job_processes();
        !now.is_empty() && now != before
    });
    let hidden = directory.join("in/.second");
    fs::write(&hidden, "id,name\n101,later\n").expect("written");
    fs::rename(&hidden, directory.join("in/second.csv")).expect("renamed");
    server.await_status(&job, "RUNNING");
    server.await_that("the second file", || {
        checkpoint(&server, &job) && !lines(&out).is_empty()
    });
    let second = lines(&out);
    assert!(
        second.len() == 1 && second != first,
        "nothing is written twice: {second:?}"
    );
    assert_eq!(lines(&taken), first);
}
