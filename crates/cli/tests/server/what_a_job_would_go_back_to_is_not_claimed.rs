//! A snapshot that another job would go back to can't be given to a job (`--claimMode CLAIM`), also while that one has no process: its server
//! starts it again.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::processes::{kill, processes_of};
use crate::common::running::{self, Said};
use crate::common::server::Server;
use crate::common::{CSV_TO_FILES, ONCE, command, lines};
use serde_json::json;

/// Restarts in an hour.
const PATIENT: [(&str, &str); 3] = [
    ("restart-strategy.type", "fixed-delay"),
    ("restart-strategy.fixed-delay.attempts", "10"),
    ("restart-strategy.fixed-delay.delay", "1 h"),
];

/// Starts a job that checkpoints so often, from a snapshot if there is one, and answers its id.
fn submit(server: &Server, interval: &str, from: Option<&Path>) -> String {
    let mut options = json!({ "execution.checkpointing.interval": interval });
    let map = options.as_object_mut().expect("an object");
    for (key, value) in PATIENT {
        map.insert(key.to_owned(), value.into());
    }
    if let Some(from) = from {
        let path = from.to_str().expect("text");
        map.insert("execution.state-recovery.path".to_owned(), path.into());
    }
    server.submit_running(&options)
}

/// Kills the process of the only job, and waits until the server waits to start it again.
fn bring_down(server: &Server, job: &str) {
    processes_of(&server.data).into_iter().for_each(kill);
    server.await_status(job, "RESTARTING");
}

/// Waits until a job has completed a checkpoint.
fn await_checkpoint(server: &Server, job: &str) {
    server.await_answer(&format!("/jobs/{job}/checkpoints"), |_, body| {
        (body.pointer("/counts/completed")?.as_u64()? > 0).then_some(())
    });
}

/// Has a job of the server claim the snapshot.
fn claim(server: &Server, snapshot: &Path) -> Said {
    let snapshot = snapshot.to_str().expect("text");
    let options = [
        "run",
        "-d",
        "-s",
        snapshot,
        "--claimMode",
        "CLAIM",
        "ingest",
    ];
    let parameters = ["--job.name=other", "--source.path=in", "--sink.path=copy"];
    server.run(&[&options[..], &parameters, &CSV_TO_FILES[..3], &[ONCE]].concat())
}

/// The same in the process of the command, with the server's checkpoints.
fn claim_locally(checkpoints: &Path, path: &Path, snapshot: &Path) -> Said {
    let mut local = command(path);
    local
        .args([
            "run",
            "--target",
            "local",
            "-Dmillstream.data-dir=data",
            "-s",
        ])
        .arg(snapshot)
        .args(["--claimMode", "CLAIM", "-D"])
        .arg(format!(
            "execution.checkpointing.dir={}",
            checkpoints.display()
        ))
        .args([
            "ingest",
            "--job.name=other",
            "--source.path=in",
            "--sink.path=copy",
        ])
        .args(&CSV_TO_FILES[..3])
        .arg(ONCE);
    running::run(local)
}

#[track_caller]
fn is_refused(said: &Said, job: &str) {
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let error = said.error();
    for part in ["MS-3011: ", job, "NO_CLAIM"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn the_checkpoint_of_one_that_is_to_be_restarted() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let job = submit(&server, "20 ms", None);
    await_checkpoint(&server, &job);
    bring_down(&server, &job);
    // What lies there: the newest that was told may have been replaced since.
    let checkpoints = server.data.join("checkpoints");
    let lying = fs::read_dir(checkpoints.join(&job)).expect("a directory");
    let mut lying = lying.flatten().map(|entry| entry.path());
    let checkpoint = lying.find(|path| path.join("_metadata").exists());
    let checkpoint = checkpoint.expect("a checkpoint");
    let link = path.join("link");
    std::os::unix::fs::symlink(&checkpoint, &link).expect("linked");
    for written in [&checkpoint, &link] {
        is_refused(&claim(&server, written), &job);
        is_refused(&claim_locally(&checkpoints, path, written), &job);
    }
    assert!(checkpoint.join("_metadata").exists());
    server.end();
}

#[test]
fn the_savepoint_that_one_was_started_from() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let checkpoints = server.data.join("checkpoints");
    refused_until_its_job_has_ended(&server, path, &checkpoints);
    server.end();
}

/// A server with a reference for where checkpoints lie, and where that is.
fn with_a_reference(path: &Path) -> (Server, PathBuf) {
    let mut server = Server::new(path);
    let option = "-Dexecution.checkpointing.dir=${env:CHECKPOINTS}";
    server.options.push(option.to_owned());
    let checkpoints = path.join("cp");
    let place = checkpoints.display().to_string();
    server.environment.push(("CHECKPOINTS".to_owned(), place));
    server.start();
    (server, checkpoints)
}

#[test]
fn also_where_a_reference_says_where_checkpoints_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (server, checkpoints) = with_a_reference(path);
    refused_until_its_job_has_ended(&server, path, &checkpoints);
    server.end();
}

#[test]
fn but_it_is_once_that_job_has_a_checkpoint_of_its_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (server, _) = with_a_reference(path);
    let savepoint = savepoint(&server, path);
    let job = submit(&server, "20 ms", Some(&savepoint));
    await_checkpoint(&server, &job);
    let said = claim(&server, &savepoint);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    server.end();
}

/// The savepoint that a job was stopped with.
fn savepoint(server: &Server, path: &Path) -> PathBuf {
    let first = submit(server, "20 ms", None);
    server.await_that("output", || lines(&path.join("out")).len() == 1);
    let out = server.succeed(&["stop", &first]);
    let savepoint = out.split("Path: ").nth(1).expect(&out).trim();
    PathBuf::from(savepoint.trim_start_matches("file:"))
}

fn refused_until_its_job_has_ended(server: &Server, path: &Path, checkpoints: &Path) {
    let savepoint = savepoint(server, path);
    let job = submit(server, "1 h", Some(&savepoint));
    bring_down(server, &job);
    let link = path.join("link");
    std::os::unix::fs::symlink(&savepoint, &link).expect("linked");
    for written in [&savepoint, &link] {
        is_refused(&claim(server, written), &job);
        is_refused(&claim_locally(checkpoints, path, written), &job);
    }
    // Nobody waits for it once that job has ended, though it had no process that could say so.
    server.cancel(&job);
    let note = checkpoints.join(&job).join("_owner");
    server.await_that("the note of its end", || {
        fs::read_to_string(&note).is_ok_and(|note| note.contains("\"ended\""))
    });
    let said = claim_locally(checkpoints, path, &savepoint);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}
