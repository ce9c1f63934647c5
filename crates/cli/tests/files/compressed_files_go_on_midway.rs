//! `.gz` and `.zst` files: a job that is suspended, or killed, in the middle of one goes on from there, and every record
//! comes once.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::common::{CSV_TO_FILES, ONCE, Running, Said, ingest, lines, put};

/// So many rows are read in some half a second.
const ROWS: usize = 2_000_000;
/// How often the rows are doubled where a job came to its end before it could be ended.
const DOUBLINGS: u32 = 3;

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

/// Starts a job, and sends it a signal when more of its output is there.
fn midway(directory: &Path, from: Option<&str>, signal: &str) -> Said {
    let before = files(directory);
    let mut job = Running::start(job(directory, from, "2"));
    job.await_that("output", || files(directory) > before);
    job.signal(signal);
    job.end()
}

/// How many of the `rows` are there; none may be there twice.
fn count(directory: &Path, rows: usize) -> usize {
    let mut seen = vec![false; rows];
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

/// Suspends a job in the middle of the file, kills the one that goes on in the middle of the rest, and has a third one finish.
/// `false`: the machine was so busy with something else that a job came to its end before its signal.
fn is_whole_after_two_ends(name: &str, bytes: &[u8], rows: usize) -> bool {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, &format!("in/{name}"), bytes);
    let said = midway(directory, None, "TERM");
    assert_eq!(said.code, Some(0), "{name}: {}", said.err);
    let suspended = count(directory, rows);
    if suspended == rows {
        return false;
    }
    let savepoint = said.savepoint().to_owned();
    midway(directory, Some(&savepoint), "KILL");
    let killed = count(directory, rows);
    if killed == rows {
        return false;
    }
    assert!(
        0 < suspended && suspended < killed,
        "{name}: {suspended} and {killed} of {rows} are not midway"
    );
    let last = Running::start(job(directory, Some("latest"), "3")).end();
    assert_eq!(last.code, Some(0), "{name}: {}", last.err);
    assert_eq!(count(directory, rows), rows, "{name}");
    true
}

#[test]
fn nothing_is_lost_or_doubled() {
    for (name, compress) in [
        ("a.csv.gz", gzip as fn(&str) -> Vec<u8>),
        ("a.csv.zst", zstandard),
    ] {
        let is_whole = (0..=DOUBLINGS).any(|doubling| {
            let rows = ROWS << doubling;
            let mut text = String::from("id,name\n");
            for id in 0..rows {
                text.push_str(&format!("{id},\"name {id}\"\n"));
            }
            is_whole_after_two_ends(name, &compress(&text), rows)
        });
        assert!(is_whole, "{name}: no job could be ended midway");
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
