//! `restart` takes a job down only where it can run again: whatever is refused leaves it running. What goes wrong afterwards is told
//! with the command that goes on.

use std::path::Path;

use crate::common::running::Said;
use crate::common::server::{Server, first_file};

#[track_caller]
fn assert_refused(said: &Said, beginning: &str) {
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(1), ""),
        "{}",
        said.err
    );
    assert!(said.err.starts_with(beginning), "{}", said.err);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
}

fn running_job(directory: &Path, options: &[&str]) -> (Server, String) {
    first_file(directory);
    let server = Server::started(directory, options);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    (server, job)
}

#[test]
fn whatever_can_be_known_before() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (server, job) = running_job(directory.path(), &[]);
    for (arguments, beginning) in [
        (&["--from", "/nowhere/savepoint-1"][..], "MS-3001: "),
        (&["--from", "gs://n/savepoint-1"], "MS-3009: "),
        (&["-p", "1000"], "MS-"),
        (&["-Dpipeline.max-parallelism=many"], "MS-1002: "),
        (&["-Dexecution.checkpointing.interval=soon"], "MS-1002: "),
        (&["-Dexecution.checkpointing.intervall=1 s"], "MS-1001: "),
    ] {
        let said = server.run(&[&["restart", job.as_str()], arguments].concat());
        assert_refused(&said, beginning);
        assert_eq!(server.status(&job), "RUNNING", "{arguments:?}");
    }
    server.end();
}

#[test]
fn where_submitting_is_switched_off() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (mut server, job) = running_job(directory.path(), &[]);
    server.suspend();
    server.options.push("-Dweb.submit.enable=false".to_owned());
    server.start();
    server.await_status(&job, "RUNNING");
    let said = server.run(&["restart", &job]);
    assert_refused(&said, "MS-1016: web.submit.enable is false");
    assert_eq!(server.status(&job), "RUNNING");
    server.end();
}

#[test]
fn what_is_found_out_too_late_is_told_with_the_way_on() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (server, job) = running_job(directory.path(), &[]);
    // Planning needs no threads.
    let said = server.run(&["restart", &job, "-Dmillstream.worker-threads=0"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    let path = said.savepoint();
    let error = said.error();
    let stopped = format!(": job {job} was stopped and does not run again: ");
    assert!(error.contains(&stopped), "{error}");
    let step = format!("; go on with `millstream restart {job} --from {path}` (millstream ");
    assert!(error.contains(&step), "{error}");
    let out = server.succeed(&["restart", &job, "--from", path]);
    assert!(
        out.starts_with("Job has been submitted with JobID "),
        "{out}"
    );
    server.end();
}

#[test]
fn the_newest_snapshot_of_a_running_job_is_the_one_that_it_is_stopped_with() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (server, job) = running_job(directory.path(), &[]);
    let set = "-Dexecution.checkpointing.savepoint-dir=set";
    let out = server.succeed(&["restart", &job, "--from", "latest", set]);
    let path = out
        .lines()
        .find_map(|line| line.strip_prefix("Savepoint completed. Path: "))
        .expect(&out);
    assert!(path.contains("/set/savepoint-"), "{path}");
    let again = out.trim_end().rsplit(' ').next().expect("an id").to_owned();
    server.await_status(&again, "RUNNING");
    server.end();
}
