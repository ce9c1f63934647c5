//! `source.record.max.size` is a limit of records, not of files: a longer record goes the way of bad records, and so does a
//! line with a quote whose end is not in sight.

use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};
use serde_json::Value;

/// More than the job reads at once.
const ROWS: usize = 40_000;
const LIMIT: &str = "--source.record.max.size=1 kb";

fn rows(from: usize, to: usize) -> String {
    (from..to).map(|id| format!("{id},{id:030}\n")).collect()
}

fn run(directory: &Path, parameters: &[&str]) -> Said {
    let mut job = ingest(directory, &["-p", "2"], &CSV_TO_FILES);
    job.args([ONCE, LIMIT, "--source.split.size=100 kb"])
        .args(parameters);
    running::run(job)
}

#[test]
fn a_file_may_be_larger() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(
        directory.path(),
        "in/a.csv",
        format!("id,name\n{}", rows(0, ROWS)),
    );
    let said = run(directory.path(), &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")).len(), ROWS);
}

#[test]
fn lines_that_end_otherwise_are_told_from_records_without_an_end() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let text = format!("id,name\n{}", rows(0, ROWS));
    put(directory.path(), "in/a.csv", text.replace('\n', "\r"));
    let said = run(directory.path(), &[]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6004")
            && error.contains("goes on behind `\\r`")
            && error.contains("set source.line.delimiter to \\r or to auto"),
        "{error}"
    );
    let said = run(directory.path(), &["--source.line.delimiter=auto"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")).len(), ROWS);
}

#[test]
fn a_longer_one_is_a_bad_record() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let long = format!("long,{}\n", "x".repeat(100_000));
    let text = format!(
        "id,name\n{}{long}{}",
        rows(0, ROWS / 2),
        rows(ROWS / 2, ROWS)
    );
    put(directory.path(), "in/a.csv", &text);

    let failed = run(directory.path(), &[]);
    assert_eq!(failed.code, Some(1), "{}", failed.err);
    let error = failed.error();
    assert!(
        error.contains("MS-6004")
            && error.contains(&format!("a.csv, line {} ", ROWS / 2 + 2))
            && error.contains("100005 bytes, more than the 1024 of source.record.max.size"),
        "{error}"
    );
    assert!(lines(&directory.path().join("out")).is_empty());

    let letters = [
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ];
    let said = run(directory.path(), &letters);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")).len(), ROWS);
    let dead = lines(&directory.path().join("dead"));
    let [letter] = dead.as_slice() else {
        unreachable!("one letter: {}", dead.len())
    };
    let letter: Value = serde_json::from_str(letter).expect("JSON");
    let raw = letter.get("raw").and_then(Value::as_str).expect("text");
    assert!(
        long.starts_with(raw) && raw.len() == 64 << 10,
        "{}",
        raw.len()
    );
    let offset = letter.get("offset").and_then(Value::as_u64);
    assert_eq!(offset, text.find("long").map(|at| at as u64));
}

#[test]
fn a_quote_that_is_never_closed_spoils_its_line_alone() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(
        directory.path(),
        "in/a.csv",
        format!("id,name\n1,\"{}", rows(0, ROWS)),
    );
    let said = run(directory.path(), &["--error.policy=skip"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")).len(), ROWS - 1);
    assert!(said.err.contains("(1 bad)"), "{}", said.err);
}
