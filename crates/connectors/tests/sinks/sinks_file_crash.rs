//! A process that is killed leaves nothing visible but what it committed; the next attempt takes
//! its leftovers away, and never touches what a living process holds.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::sinks_common::attempt::{Attempt, Run};
use crate::sinks_common::{files, visible_numbers};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_engine::connector::{CommitOutcome, Committable, Sink, StateEntry};

/// Says to the test binary that it is the process to be killed, and where to write.
const VICTIM: &str = "MILLSTREAM_TEST_FILE_SINK_VICTIM";

fn sink(directory: &Path) -> FileSink<String> {
    FileSink::new(directory, TextLines).max_file_bytes(2_000_000)
}

/// Numbers as lines of 1,000 bytes, so that some hundred fill more than the buffers.
fn lines(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers.map(|number| format!("{number:01000}")).collect()
}

/// Not a test of its own: what the killed process does. It prepares one epoch, has a second one in
/// progress, tells what a snapshot would hold, and waits.
#[test]
fn victim() {
    let Ok(directory) = std::env::var(VICTIM) else {
        return;
    };
    let sink = sink(directory.as_ref());
    let mut attempt = Attempt::open(&sink).expect("opens");
    attempt.write(lines(0..100)).expect("is written");
    let committables = attempt.prepare(1).expect("is prepared");
    let entries = attempt.writer.snapshot(1).expect("a snapshot");
    attempt.write(lines(100..10_000)).expect("is written");
    let snapshot = serde_json::to_string(&(committables, entries)).expect("JSON");
    let mut stdout = std::io::stdout();
    writeln!(stdout, "snapshot {snapshot}")
        .and_then(|()| stdout.flush())
        .expect("told");
    loop {
        std::thread::park();
    }
}

/// Starts the victim and waits until it has told its snapshot.
fn start(directory: &Path) -> (Child, (Vec<Committable>, Vec<StateEntry>)) {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["sinks_file_crash::victim", "--exact", "--nocapture"])
        .env(VICTIM, directory)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let snapshot = output.lines().find_map(|line| {
        let line = line.expect("text");
        line.split_once("snapshot ")
            .map(|(_, snapshot)| snapshot.to_owned())
    });
    let snapshot = serde_json::from_str(&snapshot.expect("a snapshot")).expect("JSON");
    (child, snapshot)
}

fn kill(mut child: Child) {
    child.kill().expect("is running");
    child.wait().expect("has ended");
}

#[test]
fn a_killed_process_is_cleaned_up_after_and_its_prepared_output_committed() {
    let directory = tempfile::tempdir().expect("a directory");
    let (child, (committables, entries)) = start(directory.path());
    kill(child);
    assert_eq!(visible_numbers(directory.path()), [0_u64; 0]);
    let hidden = files(directory.path(), true).len();
    assert!(
        hidden > committables.len(),
        "the second epoch was in progress"
    );

    let sink = sink(directory.path());
    let mut committer = sink
        .committer(Run::number(2).committer_context())
        .expect("a committer");
    let outcomes = committer
        .recover(&committables, &entries)
        .expect("recovers");
    assert!(
        outcomes
            .iter()
            .all(|outcome| *outcome == CommitOutcome::Committed),
        "{outcomes:?}"
    );
    assert_eq!(
        visible_numbers(directory.path()),
        (0..100).collect::<Vec<u64>>()
    );
    assert_eq!(
        files(directory.path(), true).len(),
        0,
        "recover removes what was not prepared"
    );
}

#[test]
fn a_restart_without_a_snapshot_removes_everything_hidden_of_the_job() {
    let directory = tempfile::tempdir().expect("a directory");
    let id = format!("{:032x}", 1);
    let other_job = format!(".part-{id}-{id}-1-0-0-0.txt.inprogress");
    std::fs::write(directory.path().join(&other_job), "x").expect("is written");
    std::fs::write(directory.path().join(".hidden"), "x").expect("is written");
    let (child, _) = start(directory.path());
    kill(child);
    let sink = sink(directory.path());
    drop(Attempt::run(&sink, &Run::number(2)).expect("opens"));
    let left: Vec<String> = files(directory.path(), true)
        .iter()
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(
        left,
        [".hidden", &other_job],
        "only the files of others are left"
    );
}

#[test]
fn what_a_living_process_holds_is_not_touched() {
    let directory = tempfile::tempdir().expect("a directory");
    let (child, (_, entries)) = start(directory.path());
    let before = files(directory.path(), true);
    let sink = sink(directory.path());
    sink.committer(Run::number(2).committer_context())
        .expect("a committer")
        .recover(&[], &entries)
        .expect("recovers");
    drop(Attempt::run(&sink, &Run::number(3)).expect("opens"));
    // The other process writes on: it may have begun another file since.
    let after = files(directory.path(), true);
    assert!(
        before.iter().all(|file| after.contains(file)),
        "{before:?} {after:?}"
    );
    kill(child);
    drop(Attempt::run(&sink, &Run::number(4)).expect("opens"));
    assert_eq!(files(directory.path(), true).len(), 0);
}
