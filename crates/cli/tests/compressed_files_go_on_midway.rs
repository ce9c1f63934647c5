//! `.gz` and `.zst` files: a job that is suspended, or killed, in the middle of one goes on from there, and every record
//! comes once.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put};

const ROWS: usize = 2_000_000;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("into memory");
    encoder.finish().expect("into memory")
}

fn zstandard(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).expect("into memory")
}

fn job(directory: &Path, from: Option<&str>, parallelism: &str) -> Command {
    let mut options = vec!["-p", parallelism];
    options.extend(from.iter().flat_map(|from| ["-s", from]));
    let mut command = ingest(directory, &options, &CSV_TO_FILES);
    command.arg(ONCE);
    command
}

/// The number of visible files.
fn files(directory: &Path) -> usize {
    let entries = fs::read_dir(directory.join("out"))
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.map(|entry| entry.file_name());
    names
        .filter(|name| !name.to_string_lossy().starts_with('.'))
        .count()
}

/// Starts a job, and ends it with `end` when more of its output is there.
fn midway(directory: &Path, from: Option<&str>, end: impl FnOnce(Running)) {
    let before = files(directory);
    let mut job = Running::start(job(directory, from, "2"));
    job.await_that("output", || files(directory) > before);
    end(job);
}

/// How many of the rows are there; none may be there twice.
fn count(directory: &Path) -> usize {
    let mut seen = vec![false; ROWS];
    for line in lines(&directory.join("out")) {
        let id = line
            .strip_prefix("{\"id\":\"")
            .and_then(|rest| rest.split_once('"'));
        let (id, rest) = id.unwrap_or_else(|| unreachable!("{line}"));
        assert_eq!(rest, format!(",\"name\":\"name {id}\"}}"));
        let slot = id.parse().ok().and_then(|id: usize| seen.get_mut(id));
        let slot = slot.unwrap_or_else(|| unreachable!("{id} never came"));
        assert!(!*slot, "{id} is there twice");
        *slot = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

#[test]
fn nothing_is_lost_or_doubled() {
    let mut text = String::from("id,name\n");
    for id in 0..ROWS {
        text.push_str(&format!("{id},\"name {id}\"\n"));
    }
    for (name, bytes) in [("a.csv.gz", gzip(&text)), ("a.csv.zst", zstandard(&text))] {
        let directory = tempfile::tempdir().expect("temporary directory");
        let directory = directory.path();
        put(directory, &format!("in/{name}"), &bytes);
        let mut savepoint = String::new();
        midway(directory, None, |job| {
            savepoint = job.suspend().savepoint().to_owned();
        });
        let suspended = count(directory);
        midway(directory, Some(&savepoint), |job| drop(job.kill()));
        let killed = count(directory);
        assert!(
            0 < suspended && suspended < killed && killed < ROWS,
            "{name}: {suspended} and {killed} of {ROWS} are not midway"
        );
        let last = Running::start(job(directory, Some("latest"), "3")).end();
        assert_eq!(last.code, Some(0), "{name}: {}", last.err);
        assert_eq!(count(directory), ROWS, "{name}");
    }
}

#[test]
fn a_file_that_is_cut_off_fails_the_job_by_name() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let mut bytes = gzip("id,name\n1,Ann\n2,Bob\n");
    bytes.truncate(bytes.len() - 9);
    put(directory, "in/a.csv.gz", bytes);
    let said = Running::start(job(directory, None, "1")).end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6006") && error.contains("a.csv.gz"),
        "{error}"
    );
    assert!(lines(&directory.join("out")).is_empty());
}
