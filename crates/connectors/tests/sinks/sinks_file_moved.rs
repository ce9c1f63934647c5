//! A job that goes on with another place for its output removes what the one before has left where it wrote, and nothing that a snapshot
//! of another branch may name. A place that can't be reached any more holds up nobody.

use std::path::Path;

use crate::sinks_common::attempt::{Attempt, Run};
use crate::sinks_common::visible_numbers;
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_core::JobId;
use millstream_engine::connector::{CommitOutcome, Committable, Sink, StateEntry};
use millstream_objects::{S3Settings, Stores};
use millstream_services::seaweed::{ACCESS_KEY, SECRET_KEY, Seaweed};

const A: JobId = JobId::from_bytes([0xa; 16]);
const B: JobId = JobId::from_bytes([0xb; 16]);

/// What a snapshot holds of the sink.
struct Snapshot {
    committables: Vec<Committable>,
    entries: Vec<StateEntry>,
}

fn stores(store: &Seaweed) -> Stores {
    Stores::new(S3Settings {
        endpoint: Some(store.endpoint()),
        access_key: Some(ACCESS_KEY.to_owned()),
        secret_key: Some(SECRET_KEY.to_owned()),
        allows_http: true,
        ..S3Settings::default()
    })
}

fn sink(place: impl AsRef<Path>, stores: Option<&Stores>) -> FileSink<String> {
    FileSink::new(place, TextLines).stores(stores.cloned())
}

/// Job A prepares an object for snapshot 1, and one behind it, and dies.
fn leaves_two(store: &Seaweed, place: &str) -> Snapshot {
    let before = store.uploads().expect("a listing").len();
    let sink = sink(place, Some(&stores(store)));
    let mut attempt = Attempt::run(&sink, &Run::of(A, 1)).expect("opens");
    attempt.write(vec!["1".to_owned()]).expect("is written");
    let entries = attempt.writer.snapshot(1).expect("a snapshot");
    let committables = attempt.prepare(1).expect("is prepared");
    attempt.write(vec!["2".to_owned()]).expect("is written");
    drop(attempt.prepare(2).expect("is prepared"));
    drop(attempt);
    let left = store.uploads().expect("a listing").len();
    assert_eq!(left, before + 2);
    Snapshot {
        committables,
        entries,
    }
}

/// Job B goes on from snapshot 1 of A, under its lock or as a fork, writes 3 and dies.
fn goes_on(sink: &FileSink<String>, is_owned: bool, from: &Snapshot) {
    let run = Run::of(B, 2).behind(A, 1, is_owned, &from.entries);
    let mut committer = sink
        .committer(run.committer_context())
        .expect("a committer");
    let outcomes = committer
        .recover(&from.committables, &from.entries)
        .expect("recovers");
    assert_eq!(outcomes, [CommitOutcome::Committed]);
    let mut attempt = Attempt::run(sink, &run).expect("opens");
    attempt.write(vec!["3".to_owned()]).expect("is written");
    let prepared = attempt.prepare(1).expect("is prepared");
    let outcomes = committer.commit(&prepared).expect("is committed");
    assert_eq!(outcomes, [CommitOutcome::Committed]);
}

fn text(store: &Seaweed, below: &str) -> String {
    let keys = store.keys(below).expect("a listing").into_iter();
    let texts = keys.map(|key| store.get(&key).expect("an answer").expect("is there"));
    String::from_utf8(texts.flatten().collect()).expect("text")
}

#[test]
fn what_was_begun_in_a_store_is_aborted_from_wherever_the_job_goes_on() {
    let store = Seaweed::start().expect("an object store");
    let stores = stores(&store);
    let directory = tempfile::tempdir().expect("a directory");

    let snapshot = leaves_two(&store, "s3://bucket/first");
    goes_on(&sink("s3://bucket/new", Some(&stores)), true, &snapshot);
    assert_eq!(text(&store, "first"), "1\n", "what the snapshot holds");
    assert_eq!(text(&store, "new"), "3\n");
    assert_eq!(store.uploads().expect("a listing"), Vec::<String>::new());

    let snapshot = leaves_two(&store, "s3://bucket/second");
    goes_on(&sink(directory.path(), Some(&stores)), true, &snapshot);
    assert_eq!(text(&store, "second"), "1\n", "what the snapshot holds");
    assert_eq!(visible_numbers(directory.path()), [3]);
    assert_eq!(store.uploads().expect("a listing"), Vec::<String>::new());
}

#[test]
fn but_not_by_a_fork_nor_where_the_store_is_gone() {
    let mut store = Seaweed::start().expect("an object store");
    let stores = stores(&store);
    let directory = tempfile::tempdir().expect("a directory");
    let snapshot = leaves_two(&store, "s3://bucket/old");
    goes_on(&sink(directory.path(), Some(&stores)), false, &snapshot);
    assert_eq!(store.uploads().expect("a listing").len(), 1);
    store.kill();
    let directory = tempfile::tempdir().expect("a directory");
    for (run, stores) in [(3, Some(&stores)), (4, None)] {
        let run = Run::of(B, run).behind(A, 1, true, &snapshot.entries);
        let sink = sink(directory.path(), stores);
        let mut attempt = Attempt::run(&sink, &run).expect("opens");
        attempt.write(vec!["4".to_owned()]).expect("is written");
        let prepared = attempt.prepare(1).expect("is prepared");
        assert_eq!(prepared.len(), 1);
    }
    store.restart().expect("starts");
    assert_eq!(store.uploads().expect("a listing").len(), 1);
}
