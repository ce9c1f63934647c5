//! The first SIGTERM suspends a job; where that takes long, a second one cancels it.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::{ONCE, ingest, put};

#[test]
fn while_it_is_being_suspended() {
    let directory = tempfile::tempdir().expect("temporary directory");
    // Even the first few of them are more than a pipe holds.
    let rows: String = (0..40_000).map(|id| format!("{id},{:0500}\n", 7)).collect();
    put(directory.path(), "in/a.csv", rows);
    let options = ["-Dmillstream.progress-interval=20 ms"];
    let mut job = ingest(
        directory.path(),
        &options,
        &[ONCE, "--source.type=csv", "--sink.type=print"],
    )
    .stdin(Stdio::null())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("it starts");
    // Nobody reads what it prints, so the savepoint can't be completed.
    let _unread = job.stdout.take();
    let log = BufReader::new(job.stderr.take().expect("piped"));
    let mut log = log.lines().map(|line| line.expect("text"));
    let standing = |line: &String| {
        let rate = line.split_once("left, ").map(|(_, rest)| rest);
        rate.is_some_and(|rest| rest.ends_with(", 0 records/s") && !rest.starts_with("0 "))
    };
    log.by_ref().find(standing).expect("it stands still");
    let id = job.id().to_string();
    let terminate = || {
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("kill").success());
    };
    terminate();
    log.by_ref()
        .find(|line| line.contains("Suspending job \"job\""))
        .expect("it is being suspended");
    terminate();
    let rest: Vec<String> = log.collect();
    let status = job.wait().expect("it ends");
    assert_eq!(status.code(), Some(1), "{rest:#?}");
    assert!(
        rest.iter()
            .any(|line| line.contains("Cancelling job \"job\"")),
        "{rest:#?}"
    );
    let error = rest.last().expect("an error");
    assert!(
        error.starts_with("MS-2007: job `job` was cancelled"),
        "{error}"
    );
}
