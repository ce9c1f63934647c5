//! Operations are followed by their trigger id, also those that nobody waited for; ended jobs run again.

use crate::common::Running;
use crate::common::processes::signal;
use crate::common::server::{Server, first_file};

#[test]
fn a_detached_savepoint() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    let out = server.succeed(&["savepoint", "-detached", &job]);
    let said: Vec<&str> = out.lines().collect();
    assert_eq!(
        said[0],
        format!("Triggering savepoint in detached mode for job {job}.")
    );
    let id = said[1]
        .strip_prefix("Successfully trigger manual savepoint, triggerId: ")
        .expect(&out)
        .to_owned();
    let ask = server.json(&["operations", &id]);
    assert_eq!(
        (&ask["id"], &ask["job"]),
        (&id.clone().into(), &job.clone().into())
    );
    let path = directory.path().join("savepoints");
    server.await_that("the savepoint", || {
        std::fs::read_dir(&path).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| entry.path().join("_metadata").is_file()))
        })
    });
    let shown = server.succeed(&["operations", &job]);
    assert!(
        shown.contains(&id) && shown.contains("savepoint"),
        "{shown}"
    );
    server.end();
}

#[test]
fn a_failed_one_is_told_with_its_reason() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let said = server.run(&["savepoint", "-dispose", "/nowhere/savepoint-1"]);
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.out,
        "Disposing savepoint '/nowhere/savepoint-1'.\nWaiting for response...\n"
    );
    assert!(said.err.starts_with("MS-3001: "), "{}", said.err);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    let all = server.json(&["operations"]);
    let id = all[0]["id"].as_str().expect("an id");
    let one = server.run(&["operations", id]);
    assert_eq!(one.code, Some(1), "{}{}", one.out, one.err);
    assert!(one.out.contains("MS-3001: "), "{}", one.out);
    let unknown = server.run(&["operations", "00000000000000000000000000000000"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(1), ""));
    server.end();
}

#[test]
fn an_ended_job_runs_again() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.succeed(&["stop", &job]);
    let out = server.succeed(&["restart", &job, "-p", "2", "--from", "latest"]);
    let again = out
        .strip_prefix("Job has been submitted with JobID ")
        .expect(&out);
    assert_ne!(again.trim_end(), job);
    server.end();
}

#[test]
fn an_interrupted_stop_goes_on() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    // A process that stands still does not stop.
    let process = server.job_process();
    signal("STOP", process);
    let mut stop = Running::start(server.command(&["stop", &job]));
    let json = Running::start(server.command(&["savepoint", "--json", &job]));
    stop.await_printed(|line| line == "Waiting for response...");
    server.await_that("the operation", || {
        let out = server.run(&["operations", &job]).out;
        ["  stop ", "  savepoint "]
            .iter()
            .all(|kind| out.contains(kind))
    });
    json.signal("INT");
    let said = json.end();
    assert_eq!(said.code, Some(130), "{}{}", said.out, said.err);
    let answer: serde_json::Value = serde_json::from_str(&said.out).expect(&said.out);
    assert_eq!(answer["status"], "IN_PROGRESS", "{answer}");
    assert!(said.error().contains(answer["id"].as_str().expect("an id")));
    stop.signal("INT");
    let said = stop.end();
    assert_eq!(said.code, Some(130), "{}{}", said.out, said.err);
    // On a machine that is slow there are lines about the waiting before it.
    let id = said
        .error()
        .strip_prefix("The stop goes on; follow it with `millstream operations ")
        .and_then(|rest| rest.strip_suffix("`."))
        .expect(&said.err);
    signal("CONT", process);
    server.await_status(&job, "FINISHED");
    let operation = server.json(&["operations", id]);
    assert_eq!(
        (&operation["kind"], &operation["status"]),
        (&"stop".into(), &"COMPLETED".into())
    );
    server.end();
}
