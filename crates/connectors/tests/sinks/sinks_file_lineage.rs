//! A job removes what its own lineage left behind, and never what another branch may still name; what strangers left in
//! progress goes once their lock is free.

use std::path::Path;

use crate::sinks_common::attempt::{Attempt, Run};
use crate::sinks_common::{files, visible_numbers};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_core::JobId;
use millstream_engine::connector::{CommitOutcome, Committable, Sink, StateEntry};

const A: JobId = JobId::from_bytes([0xa; 16]);
const B: JobId = JobId::from_bytes([0xb; 16]);
const C: JobId = JobId::from_bytes([0xc; 16]);

fn sink(directory: &Path) -> FileSink<String> {
    FileSink::new(directory, TextLines)
}

/// What a snapshot holds of the sink.
struct Snapshot {
    checkpoint: u64,
    committables: Vec<Committable>,
    entries: Vec<StateEntry>,
}

/// Writes `number` and prepares it for snapshot `checkpoint`, which is written or not.
fn prepare(attempt: &mut Attempt<String>, checkpoint: u64, number: u64) -> Snapshot {
    attempt.write(vec![number.to_string()]).expect("is written");
    let entries = attempt.writer.snapshot(checkpoint).expect("a snapshot");
    let committables = attempt.prepare(checkpoint).expect("is prepared");
    Snapshot {
        checkpoint,
        committables,
        entries,
    }
}

/// Job A takes snapshots 1 and 2, of which none is committed, and dies.
fn two_snapshots(directory: &Path) -> [Snapshot; 2] {
    let mut attempt = Attempt::run(&sink(directory), &Run::of(A, 1)).expect("opens");
    [1, 2].map(|checkpoint| prepare(&mut attempt, checkpoint, checkpoint))
}

fn recover(directory: &Path, run: &Run, snapshot: &Snapshot) -> Vec<CommitOutcome> {
    let sink = sink(directory);
    let run = Run {
        from: Some(snapshot.checkpoint),
        ..run.clone()
    };
    let mut committer = sink
        .committer(run.committer_context())
        .expect("a committer");
    committer
        .recover(&snapshot.committables, &snapshot.entries)
        .expect("recovers")
}

fn hidden(directory: &Path) -> usize {
    files(directory, true).len()
}

#[test]
fn a_copy_that_writes_elsewhere_leaves_what_a_newer_savepoint_names() {
    let (directory, other) = (tempfile::tempdir(), tempfile::tempdir());
    let (directory, other) = (directory.expect("made"), other.expect("made"));
    let [first, second] = two_snapshots(directory.path());
    let copy = Run::of(B, 2).behind(A, 1, false, &first.entries);
    recover(other.path(), &copy, &first);
    drop(Attempt::run(&sink(other.path()), &copy).expect("opens"));
    assert_eq!(visible_numbers(directory.path()), [1], "its own snapshot's");
    let third = Run::of(C, 3).behind(A, 2, false, &second.entries);
    assert_eq!(
        recover(directory.path(), &third, &second),
        [CommitOutcome::Committed]
    );
}

#[test]
fn a_fork_into_the_same_directory_does_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let [first, second] = two_snapshots(directory.path());
    let fork = Run::of(B, 2).behind(A, 1, false, &first.entries);
    recover(directory.path(), &fork, &first);
    let mut attempt = Attempt::run(&sink(directory.path()), &fork).expect("opens");
    let forked = prepare(&mut attempt, 2, 22);
    assert_eq!(
        recover(directory.path(), &Run::of(A, 2), &second),
        [CommitOutcome::Committed]
    );
    // And the other way round: A goes on, and leaves what the fork has prepared.
    drop(attempt);
    let again = Run {
        from: Some(2),
        ..Run::of(A, 3)
    };
    drop(Attempt::run(&sink(directory.path()), &again).expect("opens"));
    assert_eq!(
        recover(directory.path(), &fork, &forked),
        [CommitOutcome::Committed]
    );
    let mut numbers = visible_numbers(directory.path());
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 22]);
}

#[test]
fn runs_that_go_on_and_die_again_and_again_leave_nothing_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let [first, _] = two_snapshots(directory.path());
    for number in 0..5 {
        let job = JobId::from_bytes([0x10 + number; 16]);
        // None of them sees the others' numbers.
        let run = Run::of(job, 2).behind(A, 1, true, &first.entries);
        recover(directory.path(), &run, &first);
        let mut attempt = Attempt::run(&sink(directory.path()), &run).expect("opens");
        assert_eq!(hidden(directory.path()), 0, "of those before, run {number}");
        drop(prepare(&mut attempt, 2, 2));
    }
    assert_eq!(visible_numbers(directory.path()), [1]);
}

#[test]
fn a_restart_after_own_snapshots_leaves_the_predecessor_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let [first, second] = two_snapshots(directory.path());
    // B has snapshots of its own; A was started again since, and has snapshot 2.
    let mut state = first.entries;
    state.first_mut().expect("an entry").value["job"] = serde_json::json!(B);
    let run = Run::of(B, 3).behind(A, 1, true, &state);
    drop(Attempt::run(&sink(directory.path()), &run).expect("opens"));
    assert_eq!(
        recover(directory.path(), &Run::of(A, 2), &second),
        [CommitOutcome::Committed]
    );
}
