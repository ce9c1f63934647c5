//! A directory of checkpoints that is not mounted yet when a job is taken up is waited for, however long that takes: the job
//! is shown as held up, it neither fails nor begins anew, and it goes on once the directory is there.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;
use crate::common::{CSV_TO_FILES, Running, ingest};
use serde_json::{Value, json};

fn held_up(server: &Server, job: &str) -> String {
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        body.get("held-up")
            .and_then(Value::as_str)
            .map(str::to_owned)
    })
}

fn output(directory: &Path) -> Vec<String> {
    common::lines(&directory.join("out"))
}

#[test]
fn and_its_process_is_not_killed_meanwhile() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mount = path.join("mount");
    fs::create_dir_all(mount.join("checkpoints")).expect("made");
    let mut server = Server::started(path, &["-Dmillstream.job-start-timeout=1 s"]);
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.dir": mount.join("checkpoints"),
        // Waiting uses none of them up.
        "restart-strategy.type": "none",
    });
    let job = server.submit_running(&options);
    server.await_that("output", || output(path).len() == 1);
    let process = processes_of(&server.data);
    server.kill();
    kill_and_await(&process);
    // The power comes back, and the mount later than the server.
    fs::rename(&mount, path.join("later")).expect("moved");
    fs::create_dir(&mount).expect("made");
    common::put(path, "in/2.csv", "id,name\n2,Bob\n");
    server.start();
    let why = held_up(&server, &job);
    assert!(
        why.contains("MS-3010") && why.contains("checkpoints"),
        "{why}"
    );
    let process = server.outlives(3.0);
    assert_eq!(
        server.get(&format!("/jobs/{job}/status"))["status"],
        "RESTARTING"
    );
    assert_eq!(
        fs::read_dir(&mount).expect("there").count(),
        0,
        "nothing is made where the mount belongs"
    );
    assert_eq!(output(path).len(), 1);
    fs::remove_dir(&mount).expect("removed");
    fs::rename(path.join("later"), &mount).expect("moved back");
    server.await_status(&job, "RUNNING");
    server.await_that("all output", || output(path).len() == 2);
    assert_eq!(processes_of(&server.data), process);
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let held_up = body
            .get("held-up")
            .and_then(Value::as_str)
            .unwrap_or_default();
        (!held_up.contains("MS-3010")).then_some(())
    });
}

/// A job whose server and process were killed while its checkpoints lay in `checkpoints`, and which they were taken from.
fn killed_and_robbed(path: &Path) -> (Server, String) {
    let checkpoints = path.join("checkpoints");
    let mut server = Server::started(path, &[]);
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.dir": checkpoints,
    });
    let job = server.submit_running(&options);
    server.await_that("output", || output(path).len() == 1);
    let process = processes_of(&server.data);
    server.kill();
    kill_and_await(&process);
    fs::rename(&checkpoints, path.join("later")).expect("moved");
    (server, job)
}

#[test]
fn an_empty_one_of_its_name_is_not_taken_for_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (mut server, job) = killed_and_robbed(path);
    let checkpoints = path.join("checkpoints");
    fs::create_dir_all(checkpoints.join(&job)).expect("made");
    common::put(path, "in/2.csv", "id,name\n2,Bob\n");
    server.start();
    held_up(&server, &job);
    assert_eq!(output(path).len(), 1);
    fs::remove_dir_all(&checkpoints).expect("removed");
    fs::rename(path.join("later"), &checkpoints).expect("moved back");
    server.await_status(&job, "RUNNING");
    server.await_that("all output", || output(path).len() == 2);
    server.await_answer(&format!("/jobs/{job}/checkpoints"), |_, body| {
        (body.pointer("/counts/completed")?.as_u64()? > 0).then_some(())
    });
}

#[test]
fn and_not_where_somebody_else_has_taken_it_when_it_is_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (mut server, job) = killed_and_robbed(path);
    server.start();
    held_up(&server, &job);
    let place = format!(
        "execution.checkpointing.dir={}",
        path.join("later").display()
    );
    let named = [&CSV_TO_FILES[..], &["--job.name=endless"]].concat();
    let mut other = ingest(path, &["-s", "latest", "-D", &place], &named);
    other.arg(format!("--source.path={}", path.join("in").display()));
    let mut other = Running::start(other);
    other.await_checkpoint();
    fs::rename(path.join("later"), path.join("checkpoints")).expect("moved back");
    server.await_status(&job, "FAILED");
    let why = server.succeed(&["exceptions", &job]);
    assert_eq!(why.matches("MS-3011").count(), 1, "{why}");
    assert_eq!(output(path).len(), 1, "nothing is written again");
}

#[test]
fn it_can_be_cancelled_meanwhile() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut server, job) = killed_and_robbed(directory.path());
    server.start();
    held_up(&server, &job);
    server.cancel(&job);
}
