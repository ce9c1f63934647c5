//! A directory that is away, or another one in its place, is waited for: nothing in it is lost before it is there again.

use crate::sinks_common;

use std::fs;
use std::path::{Path, PathBuf};

use crate::sinks_common::attempt::{Attempt, Run};
use crate::sinks_common::visible_numbers;
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_core::{Error, ErrorKind, Result};
use millstream_engine::connector::{CommitOutcome, Committable, Sink, StateEntry};
use tempfile::TempDir;

/// A directory with one prepared file.
struct Prepared {
    around: TempDir,
    committables: Vec<Committable>,
    entries: Vec<StateEntry>,
}

impl Prepared {
    fn new() -> Self {
        let around = tempfile::tempdir().expect("a directory");
        let mut attempt = Attempt::open(&sink(&around.path().join("out"))).expect("opens");
        attempt.write(vec!["7".to_owned()]).expect("is written");
        let entries = attempt.writer.snapshot(1).expect("a snapshot");
        let committables = attempt.prepare(1).expect("is prepared");
        drop(attempt);
        Self {
            around,
            committables,
            entries,
        }
    }

    fn out(&self) -> PathBuf {
        self.around.path().join("out")
    }

    fn away(&self) -> PathBuf {
        self.around.path().join("away")
    }

    fn take_away(&self) {
        fs::rename(self.out(), self.away()).expect("renamed");
    }

    fn bring_back(&self) {
        fs::rename(self.away(), self.out()).expect("renamed");
    }

    fn run(&self) -> Run {
        let mut run = Run::number(2);
        run.restored = Some(self.entries.clone());
        run.from = Some(1);
        run
    }

    /// What a commit and a recovery say.
    fn both(&self) -> [Result<Vec<CommitOutcome>>; 2] {
        let sink = sink(&self.out());
        let committer = || sink.committer(self.run().committer_context());
        [
            committer().expect("opens").commit(&self.committables),
            committer()
                .expect("opens")
                .recover(&self.committables, &self.entries),
        ]
    }

    /// The errors of both.
    fn held_up(&self) -> [Error; 2] {
        self.both()
            .map(|result| result.expect_err("the directory is not there"))
    }
}

fn sink(directory: &Path) -> FileSink<String> {
    FileSink::new(directory, TextLines)
}

#[test]
fn a_directory_that_is_not_there_is_unavailable_and_its_output_is_committed_later() {
    let prepared = Prepared::new();
    prepared.take_away();
    for error in prepared.held_up() {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("out (No such file"), "{error}");
    }
    prepared.bring_back();
    let [committed, again] = prepared.both();
    assert_eq!(committed.expect("commits"), [CommitOutcome::Committed]);
    assert_eq!(again.expect("recovers"), [CommitOutcome::AlreadyCommitted]);
    assert_eq!(visible_numbers(&prepared.out()), [7]);
}

#[test]
fn an_empty_directory_in_its_place_is_another_one() {
    let prepared = Prepared::new();
    prepared.take_away();
    fs::create_dir(prepared.out()).expect("made");
    for error in prepared.held_up() {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        let line = error.to_string();
        assert!(line.contains("is not the directory in which"), "{line}");
    }
    // Who gives the output up says so.
    let name = "part-abababab-1-0-0.txt";
    let line = prepared.held_up()[0].to_string();
    assert!(line.contains(name), "{line}");
    fs::write(prepared.out().join(name), "").expect("written");
    for outcomes in prepared.both() {
        let outcomes = outcomes.expect("outcomes");
        assert!(
            matches!(outcomes[..], [CommitOutcome::Unknown(_)]),
            "{outcomes:?}"
        );
    }
    fs::remove_dir_all(prepared.out()).expect("removed");
    prepared.bring_back();
    assert_eq!(
        prepared.both()[0].as_ref().expect("commits"),
        &[CommitOutcome::Committed]
    );
}

#[test]
fn a_copy_with_other_output_of_the_job_is_taken_for_the_directory() {
    let prepared = Prepared::new();
    prepared.take_away();
    fs::create_dir(prepared.out()).expect("made");
    fs::write(prepared.out().join("part-abababab-0-0-0.txt"), "").expect("written");
    for outcomes in prepared.both() {
        let outcomes = outcomes.expect("outcomes");
        assert!(
            matches!(outcomes[..], [CommitOutcome::Lost(_)]),
            "{outcomes:?}"
        );
    }
}

#[test]
fn what_is_gone_from_the_directory_itself_is_lost() {
    let prepared = Prepared::new();
    for hidden in sinks_common::files(&prepared.out(), true) {
        fs::remove_file(hidden).expect("removed");
    }
    for outcomes in prepared.both() {
        let outcomes = outcomes.expect("outcomes");
        assert!(
            matches!(outcomes[..], [CommitOutcome::Lost(_)]),
            "{outcomes:?}"
        );
    }
}

#[test]
fn a_job_that_has_written_there_does_not_make_the_directory_anew() {
    let prepared = Prepared::new();
    let sink = sink(&prepared.out());
    assert!(Attempt::open(&sink).is_ok());
    prepared.take_away();
    // A later attempt of the process, and one of another process with a snapshot.
    let other = self::sink(&prepared.out());
    for error in [
        Attempt::run(&sink, &Run::number(2)).err(),
        Attempt::run(&other, &prepared.run()).err(),
    ] {
        let error = error.expect("it is away");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.next_step().starts_with("mount it"), "{error}");
    }
    assert!(!prepared.out().exists());
    prepared.bring_back();
    for sink in [&sink, &other] {
        assert!(Attempt::run(sink, &prepared.run()).is_ok());
    }
    // A job that begins makes it.
    let fresh = prepared.around.path().join("several/new/ones");
    assert!(Attempt::open(&self::sink(&fresh)).is_ok());
    assert!(fresh.is_dir());
}

#[test]
fn a_directory_that_was_replaced_while_it_was_written_fails_the_prepare() {
    let around = tempfile::tempdir().expect("a directory");
    let out = around.path().join("out");
    let sink = sink(&out);
    let mut attempt = Attempt::open(&sink).expect("opens");
    attempt.write(vec!["1".to_owned()]).expect("is written");
    fs::rename(&out, around.path().join("old")).expect("renamed");
    fs::create_dir(&out).expect("made");
    let error = attempt.prepare(1).expect_err("is another one");
    assert_eq!(error.code(), "MS-7001");
    drop(attempt);
    // It goes on in the new one.
    let mut attempt = Attempt::run(&sink, &Run::number(2)).expect("opens");
    attempt.write(vec!["1".to_owned()]).expect("is written");
    let committables = attempt.prepare(1).expect("is prepared");
    let mut committer = sink
        .committer(Run::number(2).committer_context())
        .expect("a committer");
    committer.commit(&committables).expect("commits");
    assert_eq!(visible_numbers(&out), [1]);
}
