//! However many files an epoch has, none of them stays open until the commit, and all are committed at once.

use std::fs;

use crate::sinks_common::attempt::{Attempt, Run};
use crate::sinks_common::{files, visible_numbers};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_core::ErrorKind;
use millstream_engine::connector::{CommitOutcome, Sink};

const FILES: u64 = 150;

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux").count()
}

#[test]
fn descriptors_do_not_grow_with_the_files_that_wait_for_their_commit() {
    let directory = tempfile::tempdir().expect("a directory");
    let sink: FileSink<String> = FileSink::new(directory.path(), TextLines).max_file_bytes(1);
    let run = Run::number(1);
    let before = open_descriptors();
    let mut attempt = Attempt::run(&sink, &run).expect("opens");
    let mut committables = Vec::new();
    for checkpoint in 1..=2 {
        let numbers = (checkpoint - 1) * FILES..checkpoint * FILES;
        let lines = numbers.map(|number| number.to_string()).collect();
        attempt.write(lines).expect("is written");
        committables.extend(attempt.prepare(checkpoint).expect("is prepared"));
        let open = open_descriptors() - before;
        assert!(open < 10, "{open} more descriptors are open");
    }
    assert_eq!(committables.len() as u64, 2 * FILES);
    assert_eq!(files(directory.path(), false).len(), 0);

    let context = run.committer_context();
    let cancelled = context.cancelled.clone();
    let mut committer = sink.committer(context).expect("a committer");
    cancelled.set();
    let error = committer.commit(&committables).expect_err("gives up");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let mut committer = sink
        .committer(run.committer_context())
        .expect("a committer");
    let outcomes = committer.commit(&committables).expect("commits");
    assert!(
        outcomes
            .iter()
            .all(|outcome| *outcome == CommitOutcome::Committed)
    );
    let mut numbers = visible_numbers(directory.path());
    numbers.sort_unstable();
    assert_eq!(numbers, (0..2 * FILES).collect::<Vec<_>>());
}
