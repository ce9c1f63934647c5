//! A job that will end logs how far it is, where the log is no terminal, and what it has done at its end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::common::{ONCE, ingest, put, running};

const ROWS: usize = 100_000;

fn job(directory: &std::path::Path, interval: &str) -> Command {
    let interval = format!("-Dmillstream.progress-interval={interval}");
    let mut command = ingest(
        directory,
        &[&interval],
        &[ONCE, "--source.type=csv", "--sink.type=print"],
    );
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Puts two files of [`ROWS`] rows in all, and answers their size in MB, as it is printed.
fn input(directory: &std::path::Path) -> String {
    let rows: String = (0..ROWS / 2)
        .map(|id| format!("{id},{:030}\n", 7))
        .collect();
    put(directory, "in/a.csv", &rows);
    put(directory, "in/b.csv", &rows);
    format!("{:.1}", 2.0 * rows.len() as f64 / 1e6)
}

#[test]
fn lines_and_a_summary() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let megabytes = input(directory.path());
    let mut child = job(directory.path(), "20 ms").spawn().expect("it starts");
    // What the job prints is not read yet, so it stands still in the middle.
    let mut log = BufReader::new(child.stderr.take().expect("piped")).lines();
    let total = format!("/{megabytes} MB (");
    let mut progress = log
        .by_ref()
        .map(|line| line.expect("text"))
        .filter(|line| line.contains("Progress: "));
    let line = progress
        .find(|line| line.contains(&total) && !line.contains(", 0 records,"))
        .expect("a line of progress");
    assert!(
        line.contains(" INFO ") && line.contains("Progress: files 0/2, "),
        "{line}"
    );
    assert!(
        line.contains(" left, ") && line.ends_with(" records/s"),
        "{line}"
    );
    assert!(
        !line.contains(&format!(", {ROWS} records,")),
        "it stands still: {line}"
    );

    let mut printed = String::new();
    let mut out = child.stdout.take().expect("piped");
    let reader = std::thread::Builder::new()
        .spawn(move || out.read_to_string(&mut printed).map(|_| printed))
        .expect("a thread");
    let rest: Vec<String> = log.map(|line| line.expect("text")).collect();
    let printed = reader.join().expect("no panic").expect("text");
    assert!(child.wait().expect("it ends").success(), "{rest:#?}");
    assert_eq!(printed.lines().count(), ROWS);
    let summary = format!(": {ROWS} records read (0 bad), ");
    let summary = rest
        .iter()
        .position(|line| line.contains(&summary))
        .expect("a summary");
    let head = &rest[summary];
    let mut after = rest[summary..].iter();
    let numbers = after.find(|line| line.ends_with(" MB/s."));
    let numbers = numbers.expect("what was read, and how fast");
    assert!(
        head.contains("Job \"job\" is FINISHED after ") && head.ends_with(" restarts."),
        "{head}"
    );
    assert!(
        numbers.contains(&format!("2 files, {megabytes} MB, ")),
        "{numbers}"
    );
}

#[test]
fn none_where_none_are_wanted() {
    let directory = tempfile::tempdir().expect("temporary directory");
    input(directory.path());
    let said = running::run(job(directory.path(), "0"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("Progress"), "{}", said.err);
    assert!(said.err.contains("records read (0 bad)"), "{}", said.err);
}
