//! A slow disk holds up the stream, not the worker: a writer never waits, says when it is full, and
//! bounds what it holds.

use crate::sinks_common;

use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use crate::sinks_common::attempt::{Attempt, Run, committer_context};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_engine::connector::{Prepared, Sink, WriteStatus};

#[test]
fn a_writer_whose_disk_stands_still_is_full_and_keeps_the_rest() {
    let directory = tempfile::tempdir().expect("a directory");
    let sink: FileSink<String> = FileSink::new(directory.path(), TextLines);
    // The disk's thread calls the waker after its first write and stands still in there.
    let (gate, closed) = sync_channel::<()>(0);
    let closed = Mutex::new(closed);
    let before = move || {
        let waits = closed.lock().expect("nobody panicked").recv();
        assert!(waits.is_err(), "the gate opens for good");
    };
    let mut attempt = Attempt::open_with(&sink, &Run::number(1), before).expect("opens");

    // Dropped before the writer, which waits for its thread.
    let gate = gate;

    let line = |number: u64| format!("{}{number}", "0".repeat(100_000));
    let mut records: Vec<String> = (0..300).map(line).collect();
    let status = attempt.writer.write(&mut records).expect("is written");
    assert_eq!(status, WriteStatus::Full);
    let left = records.len();
    assert!(
        left > 220,
        "of 30 MB at most 8 are in memory, {left} of 300 lines are left"
    );
    let status = attempt.writer.write(&mut records).expect("is still full");
    assert_eq!(status, WriteStatus::Full);
    assert_eq!(
        attempt.writer.prepare(1).expect("can't be ready"),
        Prepared::Pending
    );

    drop(gate);
    let taken = 300 - records.len() as u64;
    let first = attempt.prepare(1).expect("is prepared");
    attempt.write(records).expect("is written");
    let second = attempt.prepare(2).expect("is prepared");
    for (committables, expected) in [(first, 0..taken), (second, 0..300)] {
        let mut committer = sink.committer(committer_context()).expect("a committer");
        committer.commit(&committables).expect("is committed");
        let mut numbers = sinks_common::visible_numbers(directory.path());
        numbers.sort_unstable();
        assert_eq!(
            numbers,
            expected.collect::<Vec<u64>>(),
            "an epoch ends at the first prepare"
        );
    }
}

#[test]
fn a_writer_that_is_dropped_takes_its_unprepared_files_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let sink: FileSink<String> = FileSink::new(directory.path(), TextLines);
    let mut attempt = Attempt::open(&sink).expect("opens");
    attempt
        .write(vec!["x".repeat(3_000_000)])
        .expect("is written");
    drop(attempt);
    assert!(
        sinks_common::files(directory.path(), true).is_empty(),
        "nothing is left behind"
    );
}
