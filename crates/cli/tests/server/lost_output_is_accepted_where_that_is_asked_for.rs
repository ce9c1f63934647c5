//! A file that was prepared is removed while its job is down: a start that would have to commit it fails, and says so. With
//! `--on-lost-output accept` the job goes on without it, and names it in a warning and in `millstream exceptions`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::{Server, endless};
use crate::common::{lines, put, shim};
use serde_json::json;

/// The parameters of the job but for its name.
fn parameters(path: &Path) -> Vec<String> {
    let mut all = endless(path);
    all.retain(|word| !word.starts_with("--job.name"));
    all
}

/// Submits the job under a name, to go on from a savepoint.
#[track_caller]
fn go_on(server: &Server, name: &str, path: &Path, savepoint: &Path, more: &[&str]) -> String {
    let from = savepoint.to_str().expect("text");
    let options = ["-Dexecution.checkpointing.interval=20 ms", "-s", from];
    let parameters = parameters(path);
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    server.submit_with(name, &[&options[..], more].concat(), &parameters)
}

/// What `millstream exceptions` tells of output that is lost, which is one line.
#[track_caller]
fn told(server: &Server, job: &str) -> String {
    let mut shown = String::new();
    server.await_that("output that is lost to be told of", || {
        shown = server.succeed(&["exceptions", job]);
        shown.contains("MS-7002: ")
    });
    let mut lines = shown.lines().filter(|line| line.contains("MS-7002: "));
    let line = lines.next().expect(&shown).to_owned();
    assert_eq!(lines.next(), None, "{shown}");
    line
}

/// A job whose savepoint is written, and of whose output nothing was committed when it died with its server. Answers it, the savepoint,
/// and the name of the file that was its output, and is gone.
fn lost(server: &mut Server, path: &Path) -> (String, PathBuf, String) {
    let job = server.submit_running(&json!({"execution.checkpointing.interval": "1 h"}));
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let read = body.pointer("/vertices/0/metrics/read-records")?.as_u64()?;
        (read == 1).then_some(())
    });
    put(path, "reached", "");
    let body = json!({ "target-directory": path.join("sp") });
    server.post(&format!("/jobs/{job}/savepoints"), &body);
    let written = || {
        let savepoints = fs::read_dir(path.join("sp")).into_iter().flatten();
        let mut savepoints = savepoints.flatten().map(|entry| entry.path());
        savepoints.find(|savepoint| savepoint.join("_metadata").exists())
    };
    server.await_that("a savepoint", || written().is_some());
    let processes = processes_of(&server.data);
    server.kill();
    kill_and_await(&processes);
    let entries = fs::read_dir(path.join("out")).expect("listed").flatten();
    let prepared = entries.map(|entry| entry.path());
    let prepared = prepared.filter(|file| file.to_string_lossy().ends_with(".prepared"));
    let prepared: Vec<PathBuf> = prepared.collect();
    let [file] = prepared.as_slice() else {
        unreachable!("one file: {prepared:?}")
    };
    fs::remove_file(file).expect("removed");
    fs::remove_file(path.join("reached")).expect("removed");
    let name = file.file_name().expect("a name").to_string_lossy();
    (job, written().expect("a savepoint"), name.into_owned())
}

#[test]
fn and_nowhere_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = shim::serve_over_metadata(path);
    let (job, savepoint, file) = lost(&mut server, path);
    server.start();
    server.await_status(&job, "FAILED");
    let other = go_on(&server, "other", path, &savepoint, &[]);
    server.await_status(&other, "FAILED");
    for failed in [&job, &other] {
        let told = told(&server, failed);
        for part in [
            "prepared output ",
            " is lost and can't be committed: neither ",
            file.as_str(),
            "--on-lost-output accept goes on without it",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    let accept = ["--on-lost-output", "accept"];
    let accepted = go_on(&server, "accepted", path, &savepoint, &accept);
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let out = path.join("out");
    server.await_that("more output", || !lines(&out).is_empty());
    assert_eq!(server.status(&accepted), "RUNNING");
    let told = told(&server, &accepted);
    let taken = " is taken for committed, as --on-lost-output asks: neither ";
    assert!(told.contains(taken) && told.contains(&file), "{told}");
    let log = server.data.join("jobs").join(&accepted).join("job.log");
    let log = fs::read_to_string(log).expect("the log of the job");
    let warned = |line: &str| line.contains(" WARN ") && line.contains(taken);
    assert!(
        log.lines().any(|line| warned(line) && line.contains(&file)),
        "{log}"
    );
    server.succeed(&["stop", &accepted]);
    // What is lost was accepted, nothing else is, and nothing comes again.
    assert_eq!(lines(&out), [r#"{"id":"2","name":"Bob"}"#]);
    server.end();
}

#[test]
fn over_rest_as_by_the_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = shim::serve_over_metadata(path);
    let (job, savepoint, file) = lost(&mut server, path);
    server.start();
    server.await_status(&job, "FAILED");
    let accepted = server.submit_running(&json!({
        "execution.state-recovery.path": savepoint,
        "execution.state-recovery.on-lost-output": "accept",
    }));
    let told = told(&server, &accepted);
    assert!(
        told.contains("is taken for committed") && told.contains(&file),
        "{told}"
    );
    server.end();
}
