//! Of every record that a job has read it is known where it went: at each boundary `read` is `written` and `filtered` and
//! `bad`, over kills and savepoints, in the last lines of a local job, over REST, as metrics and in `_metadata`.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use crate::common::running::Running;
use crate::common::server::Server;
use crate::common::{CSV_TO_FILES, ONCE, ingest, lines, put};
use serde_json::Value;

/// The rows with even ids go on, those without a number for an id are bad.
const SQL: [&str; 4] = [
    "--stream.sql.enable=true",
    "--stream.sql=select id from t1 where id % 2 = 0",
    "--stream.sql.schema=struct<id:BigInt,name:String>",
    "--error.policy=dead-letter",
];
const LETTERS: &str = "--error.dead-letter.path=letters";

/// A file of rows: of 10 one is bad, and of the others 5 have an even id.
fn rows(first: u64, tens: u64) -> String {
    let ten = |ten: u64| {
        let from = first + ten * 10;
        let good: String = (0..9).map(|n| format!("{},name\n", from + n)).collect();
        good + "none,name\n"
    };
    let all: String = (0..tens).map(ten).collect();
    format!("id,name\n{all}")
}

fn job(directory: &Path, options: &[&str], parameters: &[&str]) -> Running {
    let parameters = [&CSV_TO_FILES, &SQL[..], &[LETTERS], parameters].concat();
    Running::start(ingest(directory, options, &parameters))
}

#[test]
fn over_kills_of_a_local_job_at_any_parallelism() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    for round in 0..4_u64 {
        put(
            directory,
            &format!("in/{round}.csv"),
            rows(round * 100_000, 500),
        );
        let parallelism = (1 + round % 3).to_string();
        let mut options = vec!["-p", parallelism.as_str()];
        if round > 0 {
            options.extend(["-s", "latest"]);
        }
        let mut running = job(directory, &options, &[]);
        running.await_checkpoint();
        running.kill();
    }
    let said = job(directory, &["-p", "2", "-s", "latest"], &[ONCE]).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let equation = "20000 read = 10000 written + 8000 filtered + 2000 bad";
    assert!(said.err.contains(equation), "{}", said.err);
    assert!(!said.err.contains("MS-9002"), "{}", said.err);
    assert_eq!(lines(&directory.join("out")).len(), 10_000);
    assert_eq!(lines(&directory.join("letters")).len(), 2_000);
}

/// Submits the job to a server, and answers its id.
fn submitted(server: &Server) -> String {
    let own = [
        "--source.path=in",
        "--source.watch.interval=20",
        "--source.file.settle=0",
        LETTERS,
    ];
    let parameters = [&CSV_TO_FILES, &SQL[..], &own].concat();
    let options = ["-Dexecution.checkpointing.interval=20 ms"];
    server.submit_with("numbers", &options, &parameters)
}

/// That these are the numbers of the job that has read everything.
#[track_caller]
fn check(numbers: &Value) {
    for (name, count) in [
        ("read", 1_000),
        ("written", 500),
        ("filtered", 400),
        ("bad", 100),
    ] {
        assert_eq!(numbers.get(name), Some(&Value::from(count)), "{numbers}");
    }
}

/// The same over REST, where it stands whether they close.
#[track_caller]
fn check_closed(numbers: &Value) {
    check(numbers);
    assert_eq!(numbers["difference"], 0, "{numbers}");
}

fn read(numbers: &Value) -> Option<u64> {
    numbers.get("read")?.as_u64()
}

/// Each checkpoint has its own, once it is committed.
fn check_checkpoints(server: &Server, path: &str) {
    let checkpoint = server.await_answer(&format!("{path}/checkpoints"), |_, body| {
        let mut history = body.get("history")?.as_array()?.iter();
        let is_whole = |own: &&Value| own.get("numbers").and_then(read) == Some(1_000);
        history.find(is_whole).cloned()
    });
    check_closed(&checkpoint["numbers"]);
    assert_eq!(checkpoint["numbers"]["checkpoint"], checkpoint["id"]);
}

#[test]
fn over_rest_as_metrics_and_in_a_savepoint() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", rows(0, 100));
    let server = Server::started(directory, &[]);
    let id = submitted(&server);
    let path = format!("/jobs/{id}");
    server.await_that("all records to be committed", || {
        server.get(&path).get("numbers").and_then(read) == Some(1_000)
    });
    check_closed(&server.get(&path)["numbers"]);
    check_checkpoints(&server, &path);
    let metric = server.get(&format!(
        "{path}/metrics?get=recordsWritten,recordsDifference"
    ));
    let values: Vec<&str> = metric
        .as_array()
        .expect("two metrics")
        .iter()
        .filter_map(|metric| metric.get("value")?.as_str())
        .collect();
    assert_eq!(values, ["500", "0"], "{metric}");

    let said = server.succeed(&["stop", &id]);
    let savepoint = said.lines().find_map(|line| line.split_once("Path: file:"));
    let (_, savepoint) = savepoint.expect("a savepoint");
    let text = fs::read_to_string(Path::new(savepoint).join("_metadata")).expect("it is there");
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    check(&metadata["snapshot"]["numbers"]);
    let told = server.get(&format!("{path}/checkpoints"));
    check_closed(&told["latest"]["savepoint"]["numbers"]);
    server.end();
}
