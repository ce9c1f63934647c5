//! A savepoint that was taken while a job ran can be gone on from, whatever the job and those who take its files have done
//! since: its output is committed.

use crate::common;

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::processes::{kill, kill_and_await, processes_of};
use crate::common::server::{Server, endless};
use crate::common::shim;
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
    written(server, id)
}

/// The path of the savepoint of an operation, once that has ended.
fn written(server: &Server, id: &str) -> String {
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

/// A job that takes no checkpoint by itself, and has read its second file.
fn has_read(server: &Server, directory: &Path) -> String {
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
    job
}

/// The same with a savepoint behind that.
fn saved(server: &Server, directory: &Path) -> (String, String) {
    let job = has_read(server, directory);
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

/// The savepoint that is complete in a directory.
fn complete(savepoints: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(savepoints).into_iter().flatten().flatten();
    let mut savepoints = entries.map(|entry| entry.path());
    savepoints.find(|savepoint| savepoint.join("_metadata").exists())
}

/// Kills the process of a job, and waits for the next one.
fn go_down(server: &Server, job: &str) {
    let before = processes_of(&server.data);
    kill_and_await(&before);
    server.await_that("the next process", || {
        let now = processes_of(&server.data);
        !now.is_empty() && now != before
    });
    server.await_status(job, "RUNNING");
}

#[test]
fn after_its_disk_was_away_over_commit_checkpoint_and_crashes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (mount, later) = (path.join("mount"), path.join("later"));
    fs::create_dir(&mount).expect("made");
    let server = shim::serve_over_metadata(path);
    let job = has_read(&server, path);
    common::put(path, "reached", "");
    let body = json!({ "target-directory": mount.join("sp"), "triggerId": "1".repeat(32) });
    server.post(&format!("/jobs/{job}/savepoints"), &body);
    let commits = format!("checkpoints/{job}/_reached.inprogress");
    let commits = server.data.join(commits);
    server.await_that("a commit that is about to begin", || commits.exists());
    let savepoint = complete(&mount.join("sp")).expect("it is there");
    let noted = savepoint.join("_committed");
    // The disk goes before the output is committed, and what is mounted on is empty.
    fs::rename(&mount, &later).expect("moved");
    fs::create_dir(&mount).expect("made");
    fs::remove_file(path.join("reached")).expect("removed");
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let why = body.get("held-up")?.as_str()?;
        why.contains("can't be committed yet").then_some(())
    });
    assert_eq!(count(path, "out"), 2);

    // The next process takes the savepoint that is still asked for, which is a checkpoint and stands in the place of the first.
    go_down(&server, &job);
    let second = written(&server, &"1".repeat(32));
    assert!(second.contains("mount/sp"), "{second}");
    go_down(&server, &job);
    fs::remove_dir_all(&mount).expect("removed");
    fs::rename(&later, &mount).expect("moved back");
    server.succeed(&["set", &job, "execution.checkpointing.interval=50 ms"]);
    server.await_that("the note that it is committed", || noted.exists());

    server.cancel(&job);
    take_away(&path.join("out"), &path.join("loaded"));
    let savepoint = savepoint.display().to_string();
    go_on(&server, path, ("endless", "out"), &savepoint);
    common::put(path, "in/3.csv", "id,name\n3,Cid\n");
    server.await_that("new output", || count(path, "out") >= 1);
    assert_eq!((count(path, "loaded"), count(path, "out")), (2, 1));
}
