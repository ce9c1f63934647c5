//! Checkpoints and savepoints lie in an object store: jobs go on from them, one job has them at a time, and what is damaged, absent
//! or away is told apart.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::process::Command;

use common::objects::{CSV, job, lines, url};
use common::processes::{kill, processes_of};
use common::server::{Server, endless, first_file};
use common::{ONCE, Running, running};
use millstream_services::seaweed::Seaweed;
use serde_json::json;

const CONTINUOUSLY: &str = "--source.watch.type=PROCESS_CONTINUOUSLY";

/// The job from `<of>/in` to `<of>/out`, with all of its snapshots below `<of>`.
fn started(store: &Seaweed, place: &Path, of: &str, options: &[&str], more: &[&str]) -> Command {
    let (from, to) = (format!("{of}/in"), format!("{of}/out"));
    let checkpoints = format!("-Dstate.checkpoints.dir={}", url(&format!("{of}/cp")));
    let savepoints = format!("-Dstate.savepoints.dir={}", url(&format!("{of}/sp")));
    let options = [&[checkpoints.as_str(), &savepoints], options].concat();
    let parameters = [&CSV[..], more].concat();
    job(store, place, (&from, &to), &options, &parameters)
}

fn put(store: &Seaweed, of: &str, file: u64) {
    let rows: String = (0..10).map(|row| format!("{file},{row}\n")).collect();
    let text = format!("id,name\n{rows}");
    let key = format!("{of}/in/{file:03}.csv");
    store.put(&key, text.as_bytes()).expect("is put");
}

/// The output of so many files.
fn expected(files: u64) -> Vec<String> {
    let rows = (0..files).flat_map(|file| (0..10).map(move |row| (file, row)));
    let mut lines: Vec<String> = rows
        .map(|(file, row)| format!("{{\"id\":\"{file}\",\"name\":\"{row}\"}}"))
        .collect();
    lines.sort();
    lines
}

fn keys(store: &Seaweed, below: &str) -> Vec<String> {
    store.keys(below).expect("a listing")
}

fn a_job_goes_on_from_what_lies_there(store: &Seaweed) {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(store, "goes-on", 0);
    let mut first = Running::start(started(store, directory, "goes-on", &[], &[CONTINUOUSLY]));
    first.await_log("Completed checkpoint");
    let others = started(store, directory, "goes-on", &["-s", "latest"], &[ONCE]);
    let said = running::run(others);
    assert!(said.error().contains("belong to job job"), "{}", said.err);
    first.kill();
    put(store, "goes-on", 1);
    let latest = ["-s", "latest"];
    let mut second = Running::start(started(
        store,
        directory,
        "goes-on",
        &latest,
        &[CONTINUOUSLY],
    ));
    second.await_log("Completed checkpoint");
    let said = second.suspend();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let metadata = keys(store, "goes-on/sp");
    let metadata: Vec<&String> = metadata
        .iter()
        .filter(|key| key.ends_with("/_metadata"))
        .collect();
    assert_eq!(metadata.len(), 1, "{}", said.err);
    let savepoint = url(metadata.first().expect("one").as_str());
    put(store, "goes-on", 2);
    let from = ["-s", savepoint.as_str()];
    let said = running::run(started(store, directory, "goes-on", &from, &[ONCE]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(store, "goes-on/out"), expected(3), "{}", said.err);
    assert!(!directory.join("data/checkpoints").exists());
}

fn what_cannot_be_gone_on_from_is_told_apart(store: &Seaweed) {
    let place = tempfile::tempdir().expect("a directory");
    let from = |path: &str| {
        let options = ["-s", path];
        let said = running::run(started(store, place.path(), "apart", &options, &[ONCE]));
        assert_eq!(said.code, Some(1), "{path}: {}", said.err);
        said.error().to_owned()
    };
    put(store, "apart", 0);
    let told = from(&url("apart/sp/none"));
    assert!(
        told.contains("MS-3001") && told.contains("does not exist"),
        "{told}"
    );
    let told = from("s3://no-such-bucket/sp/one");
    assert!(
        told.contains("MS-3010") && told.contains("can't be reached"),
        "{told}"
    );
    let told = from("s3://bucket/../sp");
    assert!(told.contains("is no place in a store"), "{told}");
    // A snapshot whose state is another than was written.
    let first = started(store, place.path(), "apart", &[], &[CONTINUOUSLY]);
    let mut first = Running::start(first);
    first.await_log("Completed checkpoint");
    first.suspend();
    let savepoint = keys(store, "apart/sp");
    let state = savepoint.iter().find(|key| key.ends_with(".opaque"));
    let state = state.expect("state").clone();
    let mut bytes = store.get(&state).expect("an answer").expect("is there");
    bytes.iter_mut().for_each(|byte| *byte ^= 1);
    store.put(&state, &bytes).expect("is put");
    let directory = state.rsplit_once('/').expect("a directory").0;
    let told = from(&url(directory));
    assert!(
        told.contains("MS-3003") || told.contains("is damaged"),
        "{told}"
    );
}

/// A server whose jobs keep their snapshots below `server`.
fn served(store: &Seaweed, directory: &Path) -> Server {
    let mut options = store.options();
    options.push(format!("-Dstate.checkpoints.dir={}", url("server/cp")));
    options.push(format!("-Dstate.savepoints.dir={}", url("server/sp")));
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Server::started(directory, &options)
}

/// The highest number of a checkpoint of a job that is there.
fn newest(store: &Seaweed, job: &str) -> Option<u64> {
    let all = keys(store, &format!("server/cp/{job}"));
    let numbers = all.iter().filter_map(|key| {
        let (_, behind) = key.strip_suffix("/_metadata")?.split_once("/chk-")?;
        behind.parse().ok()
    });
    numbers.max()
}

fn a_server_keeps_and_disposes_of_them(store: &Seaweed) {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let server = served(store, directory);
    first_file(directory);
    let mut parameters = endless_of(directory);
    let retry = ["maxNumberRestartAttempts=3", "backoffTimeMS=100"];
    parameters.extend(retry.map(|option| format!("--job.retry.{option}")));
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    let often = ["-Dexecution.checkpointing.interval=100 ms"];
    let job = server.submit_with("kept", &often, &parameters);
    server.await_that("a checkpoint", || newest(store, &job).is_some());
    // Its process is killed, and the next one has the lease at once.
    let before = newest(store, &job);
    for process in processes_of(&server.data) {
        if process != server.pid() {
            kill(process);
        }
    }
    server.await_that("a checkpoint of the next process", || {
        newest(store, &job) > before
    });
    // Over REST, into a place of its own.
    let trigger = server.post(
        &format!("/jobs/{job}/savepoints"),
        &json!({"target-directory": url("server/named")}),
    );
    let request = trigger["request-id"].as_str().expect("an id").to_owned();
    let path = format!("/jobs/{job}/savepoints/{request}");
    let named = server.await_answer(&path, |_, answer| {
        answer["operation"]["location"].as_str().map(str::to_owned)
    });
    assert!(
        named.starts_with(&url("server/named/savepoint-")),
        "{named}"
    );
    assert!(!keys(store, "server/named").is_empty());
    server.succeed(&["savepoint", "-d", &named]);
    assert_eq!(keys(store, "server/named"), Vec::<String>::new());
    // What a job would go back to, and what is not ours, stays.
    let own = keys(store, &format!("server/cp/{job}"));
    let own = own.iter().rfind(|key| key.ends_with("/_metadata"));
    if let Some((own, _)) = own.and_then(|key| key.rsplit_once('/')) {
        let said = server.run(&["savepoint", "-d", &url(own)]);
        assert_eq!(said.code, Some(1), "{}", said.out);
    }
    store
        .put("server/foreign/_metadata", b"not ours")
        .expect("is put");
    let said = server.run(&["savepoint", "-d", &url("server/foreign")]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert_eq!(keys(store, "server/foreign").len(), 1);
    let said = server.succeed(&["stop", "--savepointPath", &url("server/last"), &job]);
    let mut words = said.split_whitespace();
    let last = words
        .find(|word| word.starts_with("s3://"))
        .expect(&said)
        .to_owned();
    common::put(directory, "in/2.csv", "id,name\n2,Bob\n");
    let options = [
        "-s",
        last.as_str(),
        "-Dexecution.checkpointing.interval=1 h",
    ];
    let next = server.submit_with("kept", &options, &parameters);
    server.await_status(&next, "RUNNING");
    let said = server.run(&["savepoint", "-d", &last]);
    assert!(
        said.error().contains("would go back to it"),
        "{}{}",
        said.out,
        said.err
    );
    server.succeed(&["stop", &next]);
    server.succeed(&["savepoint", "-d", &last]);
    assert_eq!(keys(store, "server/last"), Vec::<String>::new());
    let written = common::lines(&directory.join("out"));
    assert_eq!(written.len(), 2, "{written:?}");
    server.end();
}

fn endless_of(directory: &Path) -> Vec<String> {
    let mut all = endless(directory);
    all.retain(|word| !word.starts_with("--job.name"));
    all
}

#[test]
fn snapshots_are_kept_in_object_stores() {
    let store = Seaweed::start().expect("an object store");
    a_job_goes_on_from_what_lies_there(&store);
    what_cannot_be_gone_on_from_is_told_apart(&store);
    a_server_keeps_and_disposes_of_them(&store);
}
