//! What snapshots of the first version hold is committed, and what that version left behind is cleaned up.

use std::fs;
use std::path::Path;

use crate::sinks_common::attempt::{Attempt, JOB, Run};
use crate::sinks_common::{files, visible_numbers};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_engine::connector::{CommitOutcome, Committable, Sink, StateEntry};
use serde_json::json;

fn committable(directory: &Path) -> Committable {
    Committable {
        name: directory
            .join("part-abababab-7-0-0.txt")
            .display()
            .to_string(),
        value: json!({
            "version": 1,
            "directory": directory,
            "hidden": format!(".part-{JOB}-7-0-0.txt.prepared"),
            "name": "part-abababab-7-0-0.txt",
            "bytes": 2,
        }),
    }
}

fn entry(directory: &Path) -> StateEntry {
    StateEntry {
        key: "file-sink".to_owned(),
        value: json!({"version": 1, "job": JOB, "directory": directory}),
    }
}

#[test]
fn output_that_the_first_version_prepared_is_committed_and_its_leftovers_go() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().canonicalize().expect("is there");
    let write = |name: String, text: &str| fs::write(path.join(name), text).expect("written");
    write(format!(".part-{JOB}-7-0-0.txt.prepared"), "1\n");
    write(format!(".part-{JOB}-8-0-0.txt.prepared"), "2\n");
    write(format!(".part-{JOB}-0-3.txt.inprogress"), "3\n");
    let held = fs::File::create(path.join(format!(".part-{JOB}-1-3.txt.inprogress")));
    let held = held.expect("made");
    held.lock().expect("locks");

    let sink: FileSink<String> = FileSink::new(&path, TextLines);
    let mut run = Run::number(1);
    run.restored = Some(vec![entry(&path)]);
    let mut committer = sink
        .committer(run.committer_context())
        .expect("a committer");
    let committables = [committable(&path)];
    for expected in [CommitOutcome::Committed, CommitOutcome::AlreadyCommitted] {
        let outcomes = committer.recover(&committables, &[entry(&path)]);
        assert_eq!(outcomes.expect("recovers"), [expected]);
    }
    drop(Attempt::run(&sink, &run).expect("opens"));
    assert_eq!(visible_numbers(&path), [1]);
    let left = files(&path, true).len();
    assert_eq!(left, 2, "as long as somebody of that run lives");
    drop(held);
    drop(Attempt::run(&sink, &run).expect("opens"));
    assert_eq!(files(&path, true).len(), 0);
}

#[test]
fn output_of_the_first_version_that_is_gone_is_lost_and_that_of_a_newer_one_unknown() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().canonicalize().expect("is there");
    let sink: FileSink<String> = FileSink::new(&path, TextLines);
    let mut newer = committable(&path);
    newer.value["version"] = json!(99);
    let mut committer = sink
        .committer(Run::number(1).committer_context())
        .expect("a committer");
    let outcomes = committer.commit(&[newer, committable(&path)]);
    let outcomes = outcomes.expect("an outcome each, in order");
    assert!(
        matches!(
            outcomes[..],
            [CommitOutcome::Unknown(_), CommitOutcome::Lost(_)]
        ),
        "{outcomes:?}"
    );
}
