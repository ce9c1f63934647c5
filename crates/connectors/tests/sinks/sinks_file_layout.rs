//! Files are named by job, checkpoint and subtask, roll by size, and never replace another file.

use crate::sinks_common;

use std::path::Path;

use crate::sinks_common::attempt::{Attempt, committer_context};
use crate::sinks_common::files;
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_engine::connector::{CommitOutcome, Committable, Sink};

fn names(directory: &Path, hidden: bool) -> Vec<String> {
    let paths = files(directory, hidden);
    let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
    names.map(str::to_owned).collect()
}

fn sink(directory: &Path) -> FileSink<String> {
    FileSink::new(directory, TextLines)
}

fn commit(sink: &FileSink<String>, committables: &[Committable]) -> Vec<CommitOutcome> {
    let mut committer = sink.committer(committer_context()).expect("a committer");
    committer.commit(committables).expect("outcomes")
}

#[test]
fn a_file_goes_from_in_progress_to_prepared_to_visible() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("made/by/the/sink");
    let sink = sink(&path);
    let mut attempt = Attempt::open(&sink).expect("opens");
    assert!(
        names(&path, true).is_empty(),
        "no file is made before there are records"
    );
    // More than a buffer, so that it reaches the disk before the boundary.
    attempt
        .write(vec!["x".repeat(3_000_000)])
        .expect("is written");
    attempt
        .write(vec!["x".repeat(3_000_000)])
        .expect("is written");
    let committables = attempt.prepare(7).expect("is prepared");
    let job = "ab".repeat(16);
    assert_eq!(
        names(&path, true),
        [
            format!(".part-{job}-{job}-1-0-0.lock"),
            format!(".part-{job}-{job}-1-7-0-0.txt.prepared"),
        ],
        "the lock goes with the writer"
    );
    assert!(names(&path, false).is_empty());
    assert_eq!(commit(&sink, &committables), [CommitOutcome::Committed]);
    drop(attempt);
    assert_eq!(names(&path, true), [""; 0]);
    assert_eq!(names(&path, false), ["part-abababab-7-0-0.txt"]);
}

#[test]
fn a_file_ends_when_it_is_large_enough_and_with_the_epoch() {
    let directory = tempfile::tempdir().expect("a directory");
    let sink = sink(directory.path()).max_file_bytes(10);
    let mut attempt = Attempt::open(&sink).expect("opens");
    // 5 bytes a line: two lines fill a file.
    let lines = |count: usize| vec!["1234".to_owned(); count];
    for (checkpoint, count) in [(1, 5), (2, 0), (3, 1), (4, 2)] {
        attempt.write(lines(count)).expect("is written");
        let committables = attempt.prepare(checkpoint).expect("is prepared");
        commit(&sink, &committables);
    }
    let sizes: Vec<(String, u64)> = files(directory.path(), false)
        .iter()
        .map(|path| {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, path.metadata().expect("a file").len())
        })
        .collect();
    let expected = [
        ("part-abababab-1-0-0.txt", 10),
        ("part-abababab-1-0-1.txt", 10),
        ("part-abababab-1-0-2.txt", 5),
        ("part-abababab-3-0-0.txt", 5),
        ("part-abababab-4-0-0.txt", 10),
    ];
    assert_eq!(
        sizes,
        expected.map(|(name, bytes)| (name.to_owned(), bytes))
    );
}

#[test]
fn a_name_that_is_taken_is_passed_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = directory.path().join("part-abababab-1-0-0.txt");
    std::fs::write(&taken, "somebody else's").expect("is written");
    let sink = sink(directory.path());
    let mut attempt = Attempt::open(&sink).expect("opens");
    attempt.write(vec!["ours".to_owned()]).expect("is written");
    let committables = attempt.prepare(1).expect("is prepared");
    assert_eq!(commit(&sink, &committables), [CommitOutcome::Committed]);
    assert_eq!(
        std::fs::read_to_string(taken).expect("there"),
        "somebody else's"
    );
    let ours = std::fs::read_to_string(directory.path().join("part-abababab-1-0-1.txt"));
    assert_eq!(ours.expect("there"), "ours\n");
}

#[test]
fn a_foreign_file_that_took_the_name_later_is_not_replaced() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = directory.path().join("part-abababab-1-0-0.txt");
    let sink = sink(directory.path());
    let mut attempt = Attempt::open(&sink).expect("opens");
    attempt.write(vec!["ours".to_owned()]).expect("is written");
    let committables = attempt.prepare(1).expect("is prepared");
    // Even of the same length.
    std::fs::write(&taken, "none\n").expect("is written");
    let mut committer = sink.committer(committer_context()).expect("a committer");
    let error = committer
        .commit(&committables)
        .expect_err("the name is taken");
    assert_eq!(error.code(), "MS-7001");
    assert!(
        error.message().contains("part-abababab-1-0-0.txt"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&taken).expect("there"), "none\n");
    std::fs::remove_file(&taken).expect("is there");
    assert_eq!(commit(&sink, &committables), [CommitOutcome::Committed]);
    assert_eq!(std::fs::read_to_string(&taken).expect("there"), "ours\n");
}

#[test]
fn two_sinks_of_one_job_share_a_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let (first, second) = (sink(directory.path()), sink(directory.path()));
    let mut attempts = [&first, &second].map(|sink| Attempt::open(sink).expect("opens"));
    let mut prepared = Vec::new();
    for (number, attempt) in attempts.iter_mut().enumerate() {
        attempt.write(vec![number.to_string()]).expect("is written");
        prepared.push(attempt.prepare(1).expect("is prepared"));
    }
    for (sink, committables) in [&first, &second].into_iter().zip(&prepared) {
        assert_eq!(commit(sink, committables), [CommitOutcome::Committed]);
    }
    let mut numbers = sinks_common::visible_numbers(directory.path());
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1]);
}

#[test]
fn output_of_another_length_is_unknown_and_foreign_state_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let sink = sink(directory.path());
    let mut attempt = Attempt::open(&sink).expect("opens");
    attempt.write(vec!["ours".to_owned()]).expect("is written");
    let committables = attempt.prepare(1).expect("is prepared");
    commit(&sink, &committables);
    std::fs::write(directory.path().join("part-abababab-1-0-0.txt"), "cut").expect("is written");
    let outcomes = commit(&sink, &committables);
    let CommitOutcome::Unknown(why) = &outcomes[0] else {
        panic!("{outcomes:?}")
    };
    assert!(why.ends_with("holds 3 bytes where 5 were written"), "{why}");
    let foreign = Committable {
        name: "topic".to_owned(),
        value: serde_json::json!({"epoch": 3}),
    };
    assert!(matches!(
        commit(&sink, &[foreign])[..],
        [CommitOutcome::Unknown(_)]
    ));
}
