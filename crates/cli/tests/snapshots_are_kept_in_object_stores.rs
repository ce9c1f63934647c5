//! Checkpoints and savepoints lie in an object store: jobs go on from them, one job has them at a time, and what is damaged, absent
//! or away is told apart.

mod common;

use std::path::Path;
use std::process::Command;

use common::objects::{CSV, job, lines, url};
use common::{ONCE, Running, running};
use millstream_services::seaweed::Seaweed;

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

fn a_job_goes_on_from_what_lies_there(store: &mut Seaweed) {
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

#[test]
fn snapshots_are_kept_in_object_stores() {
    let mut store = Seaweed::start().expect("an object store");
    a_job_goes_on_from_what_lies_there(&mut store);
}
