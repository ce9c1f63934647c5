//! Hidden output of runs that died before their first checkpoint is removed by the next run: it does not pile up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put};

/// So that no checkpoint comes.
const RARELY: [&str; 2] = ["-D", "execution.checkpointing.interval=1 h"];
const ROWS: usize = 60_000;

/// The sizes of the hidden files of the output, by name.
fn hidden(directory: &Path) -> BTreeMap<String, u64> {
    let entries = fs::read_dir(directory.join("out")).into_iter().flatten();
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = entry.metadata().ok()?.len();
            name.starts_with('.').then_some((name, bytes))
        })
        .collect()
}

/// Starts a run, kills it once it has written, and answers what it left behind.
fn crash(
    directory: &Path,
    options: &[&str],
    before: &BTreeMap<String, u64>,
) -> BTreeMap<String, u64> {
    let mut job = Running::start(ingest(directory, options, &CSV_TO_FILES));
    job.await_that("output that is not complete", || {
        let mut hidden = hidden(directory).into_iter();
        hidden.any(|(name, bytes)| {
            name.ends_with(".inprogress") && bytes > 1_000_000 && !before.contains_key(&name)
        })
    });
    job.kill();
    hidden(directory)
}

fn large_file(directory: &Path) {
    let rows: String = (0..ROWS)
        .map(|id| format!("{id},{}\n", "x".repeat(50)))
        .collect();
    put(directory, "in/large.csv", format!("id,name\n{rows}"));
}

fn crashes_do_not_pile_up(directory: &Path, options: &[&str], rows: usize) {
    let options = [&RARELY, options].concat();
    let mut before = BTreeMap::new();
    for _ in 0..3 {
        let left = crash(directory, &options, &before);
        let old: Vec<&String> = before
            .keys()
            .filter(|name| left.contains_key(*name))
            .collect();
        assert!(old.is_empty(), "left behind by the run before: {old:?}");
        before = left;
    }
    let mut last = ingest(directory, &options, &CSV_TO_FILES);
    last.arg(ONCE);
    let said = Running::start(last).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(hidden(directory), BTreeMap::new());
    let lines = lines(&directory.join("out"));
    assert_eq!(lines.len(), rows);
}

#[test]
fn of_runs_that_go_on_from_the_newest_checkpoint() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/small.csv", "id,name\n-1,Ann\n");
    let mut job = Running::start(ingest(directory, &[], &CSV_TO_FILES));
    job.await_that("output", || lines(&directory.join("out")).len() == 1);
    job.await_checkpoint();
    job.kill();
    large_file(directory);
    crashes_do_not_pile_up(directory, &["-s", "latest"], ROWS + 1);
}

#[test]
fn of_runs_that_begin_with_nothing() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    large_file(directory);
    crashes_do_not_pile_up(directory, &[], ROWS);
}
