//! The life of a job on a server, with Flink's lines on standard output.

#![allow(
    clippy::indexing_slicing,
    reason = "what is not in a JSON value is null"
)]

use std::path::Path;

use crate::common::server::{Server, first_file};
use crate::common::{lines, put};

/// The path behind `before` in `line`, which must be a savepoint of the job that is there.
#[track_caller]
fn savepoint_in(line: &str, before: &str, job: &str) -> String {
    let path = line.strip_prefix(before).expect(line);
    let directory = path.strip_prefix("file:").expect(path);
    let (_, name) = directory.rsplit_once('/').expect(path);
    assert!(
        name.starts_with(&format!("savepoint-{}-", &job[..6])),
        "{path}"
    );
    assert!(Path::new(directory).join("_metadata").is_file(), "{path}");
    path.to_owned()
}

/// The list with one job that runs is that of Flink.
#[track_caller]
fn assert_is_flinks(list: &str, job: &str) {
    let list: Vec<&str> = list.lines().collect();
    assert_eq!(list.len(), 5, "{list:?}");
    assert_eq!(list[0], "Waiting for response...");
    assert_eq!(
        list[1],
        "------------------ Running/Restarting Jobs -------------------"
    );
    let (date, rest) = list[2].split_at(19);
    assert_eq!(rest, format!(" : {job} : orders (RUNNING)"));
    let shape: String = date
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    assert_eq!(shape, "99.99.9999 99:99:99");
    assert_eq!(
        list[3],
        "--------------------------------------------------------------"
    );
    assert_eq!(list[4], "No scheduled jobs.");
}

/// Takes a checkpoint, and finds Flink's lines about it.
#[track_caller]
fn take_checkpoint(server: &Server, job: &str) {
    let out = server.succeed(&["checkpoint", job]);
    let said: Vec<&str> = out.lines().collect();
    assert_eq!(said[0], format!("Triggering checkpoint for job {job}."));
    assert_eq!(said[1], "Waiting for response...");
    assert!(said[2].starts_with("Checkpoint "), "{out}");
    assert!(
        said[2].ends_with(&format!(" for job {job} completed.")),
        "{out}"
    );
    assert_eq!(
        said[3],
        "You can resume your program from this checkpoint with the run command."
    );
}

#[test]
fn from_submission_to_resumption() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    first_file(path);
    let server = Server::started(path, &[]);
    assert_eq!(
        server.succeed(&["list"]),
        "Waiting for response...\nNo running jobs.\nNo scheduled jobs.\n"
    );
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");

    assert_is_flinks(&server.succeed(&["list"]), &job);

    let out = server.succeed(&["savepoint", &job, "sp"]);
    let said: Vec<&str> = out.lines().collect();
    assert_eq!(
        said[..2],
        [
            &format!("Triggering savepoint for job {job}."),
            "Waiting for response..."
        ]
    );
    let path_of_savepoint = savepoint_in(said[2], "Savepoint completed. Path: ", &job);
    // A relative directory is one of this process, not of the server.
    let expected = path.canonicalize().expect("a directory").join("sp");
    assert!(
        path_of_savepoint.contains(&*expected.to_string_lossy()),
        "{path_of_savepoint}"
    );
    assert_eq!(
        said[3..],
        ["You can resume your program from this savepoint with the run command."]
    );

    take_checkpoint(&server, &job);

    let out = server.succeed(&["stop", "--savepointPath", "sp", &job]);
    let said: Vec<&str> = out.lines().collect();
    assert_eq!(
        said[..3],
        [
            &format!("Suspending job \"{job}\" with a CANONICAL savepoint."),
            &format!("Triggering stop-with-savepoint for job {job}."),
            "Waiting for response...",
        ]
    );
    let stopped = savepoint_in(said[3], "Savepoint completed. Path: ", &job);
    server.await_status(&job, "FINISHED");
    assert_eq!(lines(&path.join("out")).len(), 1);

    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let resumed = server.submit("orders", &["-s", &stopped]);
    server.await_that("the second file", || lines(&path.join("out")).len() == 2);

    let out = server.succeed(&["savepoint", "-dispose", &path_of_savepoint]);
    assert_eq!(
        out,
        format!(
            "Disposing savepoint '{path_of_savepoint}'.\nWaiting for response...\nSavepoint '{path_of_savepoint}' disposed.\n"
        )
    );
    let directory_of_savepoint = path_of_savepoint.strip_prefix("file:").expect("a URL");
    assert!(!Path::new(directory_of_savepoint).exists());

    let out = server.succeed(&["stop", "--drain", &resumed]);
    assert!(
        out.starts_with(&format!(
            "Draining job \"{resumed}\" with a CANONICAL savepoint.\n"
        )),
        "{out}"
    );
    let list = server.succeed(&["list", "-a"]);
    assert!(
        list.contains("---------------------- Terminated Jobs -----------------------\n"),
        "{list}"
    );
    server.end();
}

#[test]
fn cancelled_with_and_without_a_savepoint() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("first", &[]);
    let out = server.succeed(&["cancel", &job]);
    assert_eq!(
        out,
        format!("Cancelling job {job}.\nCancelled job {job}.\n")
    );
    assert_eq!(server.status(&job), "CANCELED");

    let job = server.submit("second", &[]);
    let to = directory.path().join("sp").display().to_string();
    let out = server.succeed(&["cancel", "-s", &to, &job]);
    let said: Vec<&str> = out.lines().collect();
    assert_eq!(
        said[..2],
        [
            "DEPRECATION WARNING: Cancelling a job with savepoint is deprecated. Use \"stop\" instead.",
            &format!("Cancelling job {job} with CANONICAL savepoint to {to}."),
        ]
    );
    assert!(
        said[2].starts_with(&format!("Cancelled job {job}. Savepoint stored in file:")),
        "{out}"
    );
    assert_eq!(server.status(&job), "CANCELED");

    // As in Flink: what stands behind -s alone is the job.
    let job = server.submit("third", &[]);
    let out = server.succeed(&["cancel", "-s", &job]);
    assert!(
        out.contains(&format!(
            "Cancelling job {job} with CANONICAL savepoint to default savepoint directory.\n"
        )),
        "{out}"
    );
    server.end();
}
