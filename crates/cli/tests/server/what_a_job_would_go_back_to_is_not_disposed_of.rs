//! A snapshot that a job would go back to is not disposed of, however its path is written and whether or not the job's
//! process has reported.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use crate::common;

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::processes::{kill, processes_of, signal};
use crate::common::running::Said;
use crate::common::server::Server;
use serde_json::{Value, json};

fn dispose(server: &Server, path: &str) -> Said {
    server.run(&["savepoint", "-d", path])
}

#[track_caller]
fn is_refused(server: &Server, path: &str) {
    let said = dispose(server, path);
    assert_eq!(said.code, Some(1), "{path}: {}{}", said.out, said.err);
    assert!(
        said.error().starts_with("MS-2004: "),
        "{path}: {}",
        said.err
    );
}

/// Stops a job into `directory/sp` and answers the savepoint.
fn stop(server: &Server, job: &str, directory: &Path) -> PathBuf {
    let body = json!({ "targetDirectory": directory.join("sp") });
    let (status, answer) = server.call("POST", &format!("/jobs/{job}/stop"), Some(&body));
    assert_eq!(status, 202, "{answer}");
    server.await_status(job, "FINISHED");
    let mut savepoints = fs::read_dir(directory.join("sp")).expect("savepoints");
    savepoints.next().expect("one").expect("readable").path()
}

/// A server whose job was stopped, and the savepoint of that.
fn stopped(path: &Path) -> (Server, PathBuf) {
    stopped_by(Server::started(path, &[]), path)
}

fn stopped_by(server: Server, path: &Path) -> (Server, PathBuf) {
    let job = server.submit_running(&json!({"execution.checkpointing.interval": "20 ms"}));
    server.await_that("output", || !common::lines(&path.join("out")).is_empty());
    let savepoint = stop(&server, &job, path);
    (server, savepoint)
}

/// The job of such a server as one without a server, which runs.
fn local(path: &Path, options: &[&str]) -> common::Running {
    // With a checkpoint of its own it would go back to that.
    let rarely = ["-D", "execution.checkpointing.interval=1 h"];
    let options = [options, &rarely].concat();
    let parameters = [&common::CSV_TO_FILES[..], &["--job.name=endless"]];
    let mut command = common::ingest(path, &options, &parameters.concat());
    // Where a file lies is part of what it is.
    command.arg(format!("--source.path={}", path.join("in").display()));
    let mut local = common::Running::start(command);
    local.await_log("switched from INITIALIZING to RUNNING");
    local
}

#[test]
fn the_savepoint_that_it_was_started_from() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (server, savepoint) = stopped(path);
    let savepoint = savepoint.to_str().expect("text");
    let options = json!({
        "execution.state-recovery.path": savepoint,
        "execution.checkpointing.interval": "1 h",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "10",
        "restart-strategy.fixed-delay.delay": "10 ms",
    });
    let job = server.submit_running(&options);
    std::os::unix::fs::symlink(savepoint, path.join("link")).expect("linked");
    let name = Path::new(savepoint).file_name().expect("a name");
    let name = name.to_str().expect("text");
    for written in [
        savepoint.to_owned(),
        format!("{savepoint}/"),
        format!("{savepoint}/../../sp/{name}"),
        path.join("link").display().to_string(),
        format!("file:{savepoint}"),
    ] {
        is_refused(&server, &written);
    }
    assert!(Path::new(savepoint).join("_metadata").exists());
    let processes = processes_of(&server.data);
    processes.iter().copied().for_each(kill);
    server.await_that("the next process", || {
        let now = processes_of(&server.data);
        !now.is_empty() && now != processes
    });
    server.await_status(&job, "RUNNING");
    // Once the job has a checkpoint of its own it goes back to that.
    let asked = json!({"checkpointType": "CONFIGURED"});
    let (status, answer) = server.call("POST", &format!("/jobs/{job}/checkpoints"), Some(&asked));
    assert_eq!(status, 202, "{answer}");
    server.await_answer(&format!("/jobs/{job}/checkpoints"), |_, body| {
        (body.pointer("/counts/completed")?.as_u64()? > 0).then_some(())
    });
    let said = dispose(&server, savepoint);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!Path::new(savepoint).exists());
    let newest = newest(&server, &job);
    is_refused(&server, &newest);
}

fn newest(server: &Server, job: &str) -> String {
    let path = server.await_answer(&format!("/jobs/{job}/checkpoints"), |_, body| {
        let path = body.pointer("/latest/completed/external_path")?.as_str()?;
        Some(path.to_owned())
    });
    path.trim_start_matches("file:").to_owned()
}

#[test]
fn a_checkpoint_of_a_job_that_has_not_reported() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    let job = server.submit_running(&json!({"execution.checkpointing.interval": "20 ms"}));
    newest(&server, &job);
    let processes = processes_of(&server.data);
    // First: a group of processes that stand still is woken when its parent dies.
    server.kill();
    processes
        .iter()
        .for_each(|process| signal("STOP", *process));
    server.start();
    assert_eq!(
        server.get(&format!("/jobs/{job}/status"))["status"],
        "RECONCILING"
    );
    // What lies there, whatever the records of the server before say.
    let checkpoints = server.data.join("checkpoints").join(&job);
    let lying: Vec<PathBuf> = fs::read_dir(&checkpoints)
        .expect("checkpoints")
        .flatten()
        .map(|entry| entry.path())
        .filter(|entry| entry.join("_metadata").exists())
        .collect();
    assert!(!lying.is_empty());
    for checkpoint in &lying {
        is_refused(&server, checkpoint.to_str().expect("text"));
        assert!(checkpoint.join("_metadata").exists());
    }
    processes
        .iter()
        .for_each(|process| signal("CONT", *process));
    server.await_status(&job, "RUNNING");
}

#[test]
fn nor_is_what_millstream_has_not_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let foreign = path.join("table");
    for (name, content) in [
        ("_metadata", "PAR1"),
        ("part-0.parquet", "PAR1"),
        ("_committed", "x"),
    ] {
        common::put(&foreign, name, content);
    }
    let said = dispose(&server, foreign.to_str().expect("text"));
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.error().starts_with("MS-3012: "), "{}", said.err);
    let left = fs::read_dir(&foreign).expect("it is there").count();
    assert_eq!(left, 3);
}

#[test]
fn a_dry_run_lists_what_would_be_deleted_and_deletes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let job = server.submit_running(&json!({"execution.checkpointing.interval": "20 ms"}));
    let savepoint = stop(&server, &job, path);
    let given = savepoint.to_str().expect("text");
    let ask = |options: &[&str]| server.run(&[&["savepoint"], options].concat());
    let said = ask(&["--dispose", given, "--dry-run", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let listed: Value = serde_json::from_str(&said.out).expect("JSON");
    let mut bytes = 0;
    let files = listed["files"].as_array().expect("files");
    for file in files {
        let length = file["bytes"].as_u64().expect("a number");
        let found = fs::metadata(file["path"].as_str().expect("a path")).expect("it is there");
        assert_eq!(found.len(), length);
        bytes += length;
    }
    assert_eq!(listed["bytes"], bytes);
    assert_eq!(
        files.len(),
        fs::read_dir(&savepoint).expect("it is there").count()
    );
    let said = ask(&["-d", given, "--dry-run"]);
    assert!(said.out.ends_with("Nothing was deleted.\n"), "{}", said.out);
    assert!(savepoint.join("_metadata").exists());
    let said = ask(&["--dry-run"]);
    assert!(said.error().starts_with("MS-1004: "), "{}", said.err);
    let said = ask(&["-d", "/nowhere", "--dry-run"]);
    assert!(said.error().starts_with("MS-3001: "), "{}", said.err);
    let said = ask(&["-d", given]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!savepoint.exists());
}

#[test]
fn the_savepoint_that_a_job_without_a_server_was_started_from() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (server, savepoint) = stopped(path);
    let savepoint = savepoint.to_str().expect("text");
    let data = format!("millstream.data-dir={}", server.data.display());
    let options = ["-s", savepoint, "-D", &data];
    let local = local(path, &options);
    is_refused(&server, savepoint);
    // Nor is one that lacks a file by now: it may only be away.
    let files = fs::read_dir(savepoint).expect("listed").flatten();
    let mut files = files.map(|file| file.path());
    let state = files.find(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('_')
    });
    let state = state.expect("a file of state");
    let aside = path.join("aside");
    fs::rename(&state, &aside).expect("moved");
    is_refused(&server, savepoint);
    fs::rename(&aside, &state).expect("moved");
    local.suspend();
    let said = dispose(&server, savepoint);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}

#[test]
fn also_where_a_reference_says_where_checkpoints_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::new(path);
    let option = "-Dexecution.checkpointing.dir=${env:CHECKPOINTS}";
    server.options.push(option.to_owned());
    let place = path.join("cp").display().to_string();
    server.environment.push(("CHECKPOINTS".to_owned(), place));
    server.start();
    let (server, savepoint) = stopped_by(server, path);
    let savepoint = savepoint.to_str().expect("text");
    let options = ["-s", savepoint, "-D", "execution.checkpointing.dir=cp"];
    let local = local(path, &options);
    is_refused(&server, savepoint);
    local.suspend();
    let said = dispose(&server, savepoint);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}
