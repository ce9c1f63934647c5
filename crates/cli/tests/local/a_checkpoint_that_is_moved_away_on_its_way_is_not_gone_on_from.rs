//! A checkpoint that is moved away while it is being completed may be whole all the same. The job goes back behind it, and removes the
//! output that it holds: so it is deleted first, once it is back, and nobody goes on from it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, shim};

/// Has checkpoints wait as long as the file `METADATA_WAITS_WHILE` exists, before they come into their place, and then, before anybody
/// hears of that, as long as `METADATA_STAYS_WHILE` does.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void hold(const char *variable) {
  const char *path = getenv(variable);
  while (path && access(path, F_OK) == 0) usleep(2000);
}
int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (!real) real = dlsym(RTLD_NEXT, "rename");
  const char *name = strrchr(to, '/');
  int is_metadata = name && strcmp(name, "/_metadata") == 0;
  if (is_metadata) hold("METADATA_WAITS_WHILE");
  int done = real(from, to);
  if (is_metadata && done == 0) hold("METADATA_STAYS_WHILE");
  return done;
}
"#;

/// Long enough for no checkpoint to pass unseen.
const OPTIONS: [&str; 2] = ["-D", "execution.checkpointing.interval=400 ms"];

fn job(path: &Path, library: &Path, options: &[&str]) -> Command {
    let mut job = ingest(path, &[&OPTIONS[..], options].concat(), &CSV_TO_FILES);
    job.args([
        "--job.retry.maxNumberRestartAttempts=1000000",
        "--job.retry.backoffTimeMS=20",
        "--stream.checkpoint.tolerable.failure.num=0",
    ])
    .env("LD_PRELOAD", library)
    .env("METADATA_WAITS_WHILE", path.join("waits"))
    .env("METADATA_STAYS_WHILE", path.join("stays"));
    job
}

fn count(path: &Path) -> usize {
    lines(&path.join("out")).len()
}

/// Waits for a checkpoint that holds output, and is about to come into its place.
fn await_prepared(job: &mut Running, path: &Path) {
    let has_prepared = || {
        let mut entries = fs::read_dir(path.join("out")).expect("listed").flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().ends_with(".prepared"))
    };
    job.await_that("a checkpoint with output that is prepared", || {
        shim::is_held_up(path, |_| has_prepared())
    });
}

#[test]
fn once_it_is_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(SHIM, path);
    let (checkpoints, away) = (path.join("data/checkpoints"), path.join("away"));
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut first = Running::start(job(path, &library, &[]));
    first.await_that("output", || count(path) == 1);
    first.await_checkpoint();

    put(path, "waits", "");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    await_prepared(&mut first, path);
    let metadata = shim::on_its_way(path).expect("it is held up");
    let metadata = metadata.with_extension("");
    put(path, "stays", "");
    fs::remove_file(path.join("waits")).expect("removed");
    first.await_that("it to be in its place", || metadata.exists());
    fs::rename(&checkpoints, &away).expect("moved away");
    fs::remove_file(path.join("stays")).expect("removed");
    first.await_log("to RESTARTING");
    assert!(!checkpoints.exists(), "nothing is made in its place");

    // No other one is completed.
    put(path, "waits", "");
    fs::rename(&away, &checkpoints).expect("moved back");
    first.await_that("it to be deleted", || !metadata.exists());
    await_prepared(&mut first, path);
    assert_eq!(count(path), 1);
    first.kill();

    fs::remove_file(path.join("waits")).expect("removed");
    let mut next = Running::start(job(path, &library, &["-s", "latest"]));
    next.await_that("the rest", || count(path) >= 2);
    next.await_checkpoint();
    let found = lines(&path.join("out"));
    assert_eq!(found.len(), 2, "{found:?}");
    next.kill();
}
