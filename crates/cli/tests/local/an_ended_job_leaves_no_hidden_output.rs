//! A job that has ended leaves no hidden output where it wrote, but what a checkpoint that stays holds and nobody has
//! committed.

use std::path::Path;
use std::process::Command;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, shim};

const OPTIONS: [&str; 2] = ["-D", "execution.checkpointing.interval=400 ms"];

fn job(path: &Path, library: &Path, options: &[&str]) -> Command {
    let mut job = ingest(path, &[&OPTIONS[..], options].concat(), &CSV_TO_FILES);
    shim::over_metadata(&mut job, library, path);
    job
}

fn row(path: &Path, number: usize, row: &str) {
    put(
        path,
        &format!("in/{number}.csv"),
        format!("id,name\n{row}\n"),
    );
}

/// The names of the hidden files of the output.
fn hidden(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path.join("out")).expect("listed");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let mut hidden: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
    hidden.sort();
    hidden
}

fn has_prepared(path: &Path) -> bool {
    hidden(path).iter().any(|name| name.ends_with(".prepared"))
}

/// A job that has committed a row.
fn with_one_row(path: &Path, library: &Path) -> Running {
    row(path, 1, "1,Ann");
    let mut running = Running::start(job(path, library, &[]));
    running.await_that("output", || lines(&path.join("out")).len() == 1);
    running
}

#[test]
fn when_it_is_cancelled_before_its_checkpoint_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(shim::METADATA, path);
    let mut running = with_one_row(path, &library);
    put(path, "fails", "");
    row(path, 2, "2,Bob");
    running.await_that("output that is prepared", || has_prepared(path));
    running.signal("INT");
    let said = running.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert_eq!(hidden(path), Vec::<String>::new(), "{}", said.err);
    assert_eq!(lines(&path.join("out")).len(), 1);

    std::fs::remove_file(path.join("fails")).expect("removed");
    let mut again = Running::start(job(path, &library, &["-s", "latest"]));
    again.await_that("the rest", || lines(&path.join("out")).len() == 2);
    again.kill();
}

#[test]
fn but_what_the_checkpoint_holds_that_it_has_failed_with() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(shim::METADATA, path);
    let mut running = with_one_row(path, &library);
    put(path, "waits", "");
    row(path, 2, "2,Bob");
    // One that began before the row was read has none.
    running.await_that("a checkpoint with output that is prepared", || {
        shim::is_held_up(path, |_| has_prepared(path))
    });
    // It fails while its checkpoint is on the way, which is complete then, and commits nothing any more.
    row(path, 3, "3,Cid,and more");
    running.await_log("to FAILING");
    std::fs::remove_file(path.join("waits")).expect("removed");
    let said = running.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let left = hidden(path);
    assert!(has_prepared(path), "{left:?}\n{}", said.err);
    let is_prepared = |name: &String| name.ends_with(".prepared");
    assert!(left.iter().all(is_prepared), "{left:?}\n{}", said.err);
    assert_eq!(lines(&path.join("out")).len(), 1);

    row(path, 4, "4,Dan");
    let mut next = job(path, &library, &["-s", "latest"]);
    next.arg("--error.policy=skip");
    let mut again = Running::start(next);
    again.await_that("the rest", || lines(&path.join("out")).len() == 3);
    again.await_checkpoint();
    let found = lines(&path.join("out"));
    assert_eq!(found.len(), 3, "{found:?}");
    again.kill();
}
