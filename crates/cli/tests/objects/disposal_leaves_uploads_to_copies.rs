//! A snapshot that is disposed of leaves the uploads that it holds and nobody has committed: a copy of it holds them as well, and
//! whoever goes on from that commits them. The server says what is left.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::objects::{CSV, job, lines};
use crate::common::server::Server;
use crate::common::{Running, directories_of_jobs, put, shim};
use millstream_services::seaweed::Seaweed;

const OUT: &str = "out";

fn start(store: &Seaweed, directory: &Path, options: &[&str], more: &[&str]) -> Running {
    let parameters = [&CSV[..], &["--job.retry.maxNumberRestartAttempts=0"], more].concat();
    let mut job = job(store, directory, ("in", OUT), options, &parameters);
    shim::over_metadata(&mut job, &directory.join("shim.so"), directory);
    Running::start(job)
}

fn row(store: &Seaweed, number: usize, row: &str) {
    let text = format!("id,name\n{row}\n");
    let key = format!("in/{number}.csv");
    store.put(&key, text.as_bytes()).expect("is put");
}

fn uploads(store: &Seaweed) -> Vec<String> {
    let mut found = store.uploads().expect("a listing");
    found.sort();
    found
}

/// A job that fails while its checkpoint comes into its place: that holds uploads, and nobody commits them.
fn fails_with_uploads(store: &Seaweed, directory: &Path) {
    shim::build(shim::METADATA, directory);
    row(store, 1, "1,Ann");
    let mut running = start(store, directory, &[], &[]);
    running.await_that("output", || lines(store, OUT).len() == 1);
    put(directory, "waits", "");
    row(store, 2, "2,Bob");
    running.await_that("a checkpoint with uploads", || {
        shim::is_held_up(directory, |_| !uploads(store).is_empty())
    });
    row(store, 3, "3,Cid,and more");
    running.await_log("to FAILING");
    fs::remove_file(directory.join("waits")).expect("removed");
    let said = running.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
}

/// The checkpoint beside which it is not noted that what it holds is committed.
fn uncommitted(directory: &Path) -> PathBuf {
    let jobs = directories_of_jobs(&directory.join("data/checkpoints"));
    let snapshots = jobs
        .iter()
        .flat_map(|job| fs::read_dir(job).expect("listed"));
    let mut snapshots = snapshots.map(|entry| entry.expect("listed").path());
    let found = snapshots.find(|snapshot| {
        let text = fs::read_to_string(snapshot.join("_metadata")).unwrap_or_default();
        text.contains("object_version") && !snapshot.join("_committed").exists()
    });
    found.expect("a checkpoint")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("listed");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[test]
fn whoever_goes_on_from_a_copy_commits_them() {
    let store = Seaweed::start().expect("an object store");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    fails_with_uploads(&store, directory);
    let held = uploads(&store);
    assert!(!held.is_empty());
    let snapshot = uncommitted(directory);
    // With the files beside it that checkpoints share.
    let shared = snapshot.parent().expect("a job's").join("shared");
    copy(&snapshot, &directory.join("copies/copy"));
    copy(&shared, &directory.join("copies/shared"));

    let server = Server::started(directory, &[]);
    let path = snapshot.display().to_string();
    server.succeed(&["savepoint", "-d", &path]);
    assert!(!snapshot.exists());
    assert_eq!(uploads(&store), held);
    let log = server.log();
    assert!(log.contains("without a note of the commit: s3://"), "{log}");
    server.end();

    row(&store, 4, "4,Dan");
    let more = ["--error.policy=skip"];
    let mut again = start(&store, directory, &["-s", "copies/copy"], &more);
    again.await_that("the rest", || lines(&store, OUT).len() == 3);
    again.await_checkpoint();
    let found = lines(&store, OUT);
    assert_eq!(found.len(), 3, "{found:?}");
    again.suspend();
    assert_eq!(uploads(&store), Vec::<String>::new());
}
