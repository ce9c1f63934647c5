//! A reader of the standard output that has stopped to read holds up the stream, but neither the log nor the end that
//! was asked for.

mod common;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::{ONCE, ingest, put};

#[test]
fn at_once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let rows: String = (0..200_000).map(|id| format!("{id},{:030}\n", 7)).collect();
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
    let _unread = job.stdout.take();
    let log = BufReader::new(job.stderr.take().expect("piped"));
    let mut log = log.lines().map(|line| line.expect("text"));
    // It stands still once two lines of progress say the same.
    let progress = |line: String| {
        line.split_once(" MB (")
            .and_then(|(_, rest)| rest.split_once("left, ").map(|(_, rest)| rest.to_owned()))
    };
    let standing = log
        .by_ref()
        .filter_map(progress)
        .find(|line| line.ends_with(", 0 records/s") && !line.starts_with("0 "));
    standing.expect("it stands still");
    let id = job.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(sent.expect("kill").success());
    let rest: Vec<String> = log.collect();
    let status = job.wait().expect("it ends");
    assert_eq!(status.code(), Some(1), "{rest:#?}");
    let error = rest.last().expect("an error");
    assert!(
        error.starts_with("MS-2007: job `job` was cancelled"),
        "{error}"
    );
}
