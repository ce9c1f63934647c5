//! A job whose server has died goes on processing and checkpointing; one that the server had not heard of yet is taken up, and
//! nobody else gets its id; one that a server can't look after for a while is not given up.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::processes::{kill, processes_of};
use crate::common::rest::try_call;
use crate::common::server::{Server, endless};
use serde_json::{Value, json};

const JOB: &str = "0123456789abcdef0123456789abcdef";

fn checkpointing() -> Value {
    json!({
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.min-pause": "0 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "3",
        "restart-strategy.fixed-delay.delay": "10 ms",
    })
}

/// Whether the committed output has a row of this name, once.
fn has_row(directory: &Path, name: &str) -> bool {
    let files = fs::read_dir(directory.join("out"))
        .into_iter()
        .flatten()
        .flatten();
    let visible = files.filter(|file| !file.file_name().to_string_lossy().starts_with('.'));
    let text: String = visible
        .map(|file| fs::read_to_string(file.path()).unwrap_or_default())
        .collect();
    let times = text.matches(name).count();
    assert!(times <= 1, "{name} is written {times} times");
    times == 1
}

fn put(directory: &Path, name: &str) {
    let hidden = directory.join("in/.new");
    fs::write(&hidden, format!("id,name\n2,{name}\n")).expect("written");
    fs::rename(&hidden, directory.join(format!("in/{name}.csv"))).expect("renamed");
}

#[test]
fn a_job_whose_server_has_died_goes_on_processing_and_checkpointing() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::started(directory, &[]);
    let job = server.submit_running(&checkpointing());
    let processes = processes_of(&server.data);
    server.kill();
    for name in ["Bob", "Eve"] {
        put(directory, name);
        // Output is visible when its checkpoint is complete.
        server.await_that("output without a server", || has_row(directory, name));
    }
    server.start();
    server.await_status(&job, "RUNNING");
    assert_eq!(
        processes_of(&server.data),
        processes,
        "it is the same process"
    );
    put(directory, "Joe");
    server.await_that("output", || has_row(directory, "Joe"));
    assert!(
        ["Ann", "Bob", "Eve"]
            .iter()
            .all(|name| has_row(directory, name))
    );
}

/// Submits `JOB` to a package, whose server need not live to answer.
fn submit(server: &Server, package: &str, directory: &Path) -> Option<(u16, Value)> {
    let body = json!({
        "entryClass": "ingest",
        "programArgsList": endless(directory),
        "jobId": JOB,
        "flinkConfiguration": checkpointing(),
    });
    let path = format!("/jars/{package}/run");
    try_call(server.port(), "POST", &path, &body)
}

#[test]
fn a_job_that_ran_before_the_server_heard_of_it_is_taken_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::started(directory, &[]);
    let pid = server.pid();
    let program = env!("CARGO_BIN_EXE_millstream");
    let once = directory.join("once");
    fs::write(&once, "").expect("a file");
    let package = server.upload(
        "deadly",
        &format!(
            "#!/bin/sh\n[ \"$1\" = --millstream-job ] && rm {} && kill -KILL {pid}\nexec {program} \"$@\"\n",
            once.display()
        ),
    );
    let answer = submit(&server, &package, directory);
    assert_eq!(answer, None, "the server died before it could answer");
    server.kill();
    server.await_that("output", || has_row(directory, "Ann"));
    processes_of(&server.data).into_iter().for_each(kill);
    server.start();
    server.await_status(JOB, "RUNNING");
    put(directory, "Bob");
    server.await_that("output", || has_row(directory, "Bob"));
    assert!(has_row(directory, "Ann"));
}

#[test]
fn the_id_of_a_job_that_has_not_reported_yet_is_taken_also_after_a_crash() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::started(directory, &[]);
    let pid = server.pid();
    let program = env!("CARGO_BIN_EXE_millstream");
    // Its process is there, and holds the lock, but never reports.
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = --millstream-job ]; then exec flock \"$2/lock\" sh -c 'kill -KILL {pid}; while sleep 1; do :; done' \"$@\"; fi\n\
         exec {program} \"$@\"\n"
    );
    let package = server.upload("silent", &script);
    assert_eq!(submit(&server, &package, directory), None);
    server.kill();
    server.start();
    let (status, answer) = submit(&server, &package, directory).expect("an answer");
    assert!(
        status >= 400 && answer.to_string().contains("MS-2010"),
        "{status} {answer}"
    );
    let kept = server.data.join("packages").join(&package);
    assert_eq!(fs::read_to_string(kept).expect("the package"), script);
    let program = server.data.join(format!("jobs/{JOB}/program"));
    assert_eq!(fs::read_to_string(program).expect("the job's"), script);
}

fn limit_files(pid: u32, limit: &str) {
    let limit = format!("--nofile={limit}:");
    let mut command = Command::new("prlimit");
    let set = command.args([&limit, "--pid", &pid.to_string()]).status();
    assert!(set.expect("prlimit runs").success());
}

#[test]
fn a_server_without_files_to_open_does_not_give_its_jobs_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let server = Server::started(directory, &[]);
    let job = server.submit_running(&checkpointing());
    let pid = server.pid();
    limit_files(pid, "3");
    processes_of(&server.data).into_iter().for_each(kill);
    let log = server.data.join("server.log");
    let log = || fs::read_to_string(&log).unwrap_or_default();
    server.await_that("the trouble", || log().contains("it is tried again"));
    limit_files(pid, "1024");
    server.await_status(&job, "RUNNING");
    put(directory, "Bob");
    server.await_that("output", || has_row(directory, "Bob"));
    assert!(has_row(directory, "Ann"));
}
