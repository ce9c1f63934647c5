//! Dead letters belong to the same checkpoints as the output: a job that is killed and goes on from its newest checkpoint
//! neither loses one nor writes one twice, and `error.max.count` counts those before the kill.

use std::path::Path;
use std::process::Command;

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put, running};

const FILES: usize = 5;

fn job(directory: &Path, options: &[&str]) -> Command {
    let mut command = ingest(directory, options, &CSV_TO_FILES);
    command.args([
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ]);
    command
}

/// 400 records, each fourth of them bad.
fn add(directory: &Path, file: usize) {
    let rows: String = (0..400)
        .map(|row| match row % 4 {
            3 => format!("bad {file} {row}\n"),
            _ => format!("{},n\n", file * 1_000 + row),
        })
        .collect();
    put(
        directory,
        &format!("in/{file}.csv"),
        format!("id,name\n{rows}"),
    );
}

#[test]
fn each_of_them() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (out, dead) = (directory.path().join("out"), directory.path().join("dead"));
    for file in 0..FILES {
        add(directory.path(), file);
        let from: &[&str] = if file == 0 {
            &["-p", "2"]
        } else {
            &["-s", "latest", "-p", "2"]
        };
        let mut running = Running::start(job(directory.path(), from));
        // Once something of the file is committed, at whatever point the job is then.
        let before = 100 * file;
        running.await_that("dead letters", || lines(&dead).len() > before);
        running.kill();
    }
    let mut last = job(directory.path(), &["-s", "latest", "-p", "3"]);
    last.args([ONCE, "--error.max.count=499"]);
    let refused = running::run(last);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(
        refused.error().contains(": 500 of ") && refused.error().contains("error.max.count is 499"),
        "{}",
        refused.err
    );
    let mut last = job(directory.path(), &["-s", "latest", "-p", "3"]);
    last.args([ONCE, "--error.max.count=500"]);
    let said = running::run(last);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&out).len(), 300 * FILES);
    let letters = lines(&dead);
    let mut raw: Vec<&str> = letters
        .iter()
        .filter_map(|line| line.split('"').nth(3))
        .collect();
    raw.sort_unstable();
    let mut expected: Vec<String> = (0..FILES)
        .flat_map(|file| (0..100).map(move |row| format!("bad {file} {}", 4 * row + 3)))
        .collect();
    expected.sort_unstable();
    assert_eq!(raw, expected);
}
