//! `millstream set` and `PATCH /jobs/:id/settings`: limits of rates and the interval of checkpoints change in a running job, and stay
//! so behind restarts of the job and of the server.

use crate::common;

use std::path::Path;
use std::time::Instant;

use crate::common::put;
use crate::common::server::Server;
use serde_json::{Value, json};

/// Files of `in`, which are looked for all the time, into `out`.
const FILES: [&str; 6] = [
    "--source.type=csv",
    "--source.path=in",
    "--source.watch.interval=20",
    "--source.file.settle=0",
    "--sink.type=file",
    "--sink.path=out",
];

fn submit(server: &Server, name: &str, options: &[&str], more: &[&str]) -> String {
    server.submit_with(name, options, &[&FILES[..], more].concat())
}

const OFTEN: &str = "-Dexecution.checkpointing.interval=20 ms";

fn setting(answer: &Value, key: &str) -> Option<String> {
    let mut settings = answer["settings"].as_array().expect("settings").iter();
    let setting = settings.find(|setting| setting["key"] == key)?;
    Some(setting["value"].as_str()?.to_owned())
}

fn rows(directory: &Path) -> usize {
    common::lines(&directory.join("out")).len()
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a rate is rows over time")]
fn a_rate_holds_on_average_and_is_changed_at_once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    let lines: String = (0..100_000).map(|number| format!("{number}\n")).collect();
    put(path, "in/a.csv", lines);
    let server = Server::started(path, &[]);
    let began = Instant::now();
    let job = submit(
        &server,
        "slow",
        &[OFTEN, "-p2"],
        &["--rate.limit.records=200"],
    );
    server.await_that("rows", || rows(path) >= 400);
    let seconds = began.elapsed().as_secs_f64();
    assert!(seconds > 1.7, "400 rows at 200/s after {seconds} s");
    // Far from its end, and a stop or a checkpoint waits for nothing.
    let shown = server.succeed(&["set", "slow", "rate.limit.records=0"]);
    assert!(shown.contains("rate.limit.records"), "{shown}");
    server.await_that("all rows", || rows(path) == 100_000);
    let config = server.get(&format!("/jobs/{job}/settings"));
    assert_eq!(setting(&config, "rate.limit.records").as_deref(), Some("0"));
    server.end();
}

#[test]
fn what_is_changed_stays_so_behind_restarts() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "1\n");
    let mut server = Server::started(path, &[]);
    let job = submit(
        &server,
        "kept",
        &["-Dexecution.checkpointing.interval=1 h"],
        &[],
    );
    server.await_status(&job, "RUNNING");
    let counts = |server: &Server| {
        let all = server.get(&format!("/jobs/{job}/checkpoints"));
        all["counts"]["completed"].as_u64().expect("a number")
    };
    assert_eq!(counts(&server), 0);
    let settings = json!({"execution.checkpointing.interval": "20 ms", "rate.limit.bytes": "5 mb"});
    let (status, answer) = server.call("PATCH", &format!("/jobs/{job}/settings"), Some(&settings));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        setting(&answer, "rate.limit.bytes").as_deref(),
        Some("5 mb")
    );
    server.await_that("checkpoints", || counts(&server) > 2);
    let interval = |server: &Server| {
        let config = server.get(&format!("/jobs/{job}/checkpoints/config"));
        config["interval"].as_u64()
    };
    server.await_that("the process to tell it", || interval(&server) == Some(20));

    // Another process, under another server.
    let process = server.job_process();
    server.suspend();
    common::processes::kill(process);
    server.start();
    server.await_status(&job, "RUNNING");
    let before = counts(&server);
    server.await_that("checkpoints of the other process", || {
        counts(&server) > before + 1
    });
    assert_eq!(interval(&server), Some(20));
    let shown = server.json(&["set", "kept"]);
    assert_eq!(setting(&shown, "rate.limit.bytes").as_deref(), Some("5 mb"));
    // And a job that is run in its place.
    let said = server.json(&["restart", "kept"]);
    let other = said["job"]
        .as_str()
        .or_else(|| said["jobid"].as_str())
        .expect("an id")
        .to_owned();
    let shown = server.get(&format!("/jobs/{other}/settings"));
    assert_eq!(setting(&shown, "rate.limit.bytes").as_deref(), Some("5 mb"));
    server.end();
}

#[test]
fn what_can_not_be_changed_is_refused_by_name() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "1\n");
    let server = Server::started(path, &[]);
    let job = submit(&server, "refusing", &[OFTEN], &[]);
    server.await_status(&job, "RUNNING");
    let refused = |pair: &str, code: &str, words: &str| {
        let said = server.run(&["set", "refusing", pair]);
        assert_eq!(said.code, Some(1), "{pair}");
        assert!(
            said.err.contains(code) && said.err.contains(words),
            "{}",
            said.err
        );
    };
    refused(
        "rate.limit.record=5",
        "MS-1001",
        "did you mean rate.limit.records",
    );
    refused(
        "parallelism.default=5",
        "MS-1003",
        "can't be changed while a job runs",
    );
    refused(
        "rate.limit.records=many",
        "MS-1002",
        "rate.limit.records is `many`",
    );
    refused(
        "execution.checkpointing.interval=0",
        "MS-1003",
        "switched on and off at its start",
    );
    refused("nonsense", "MS-1004", "give it as key=value");
    server.succeed(&["cancel", "refusing"]);
    refused("rate.limit.records=5", "MS-2004", "CANCELED");
    server.end();
}
