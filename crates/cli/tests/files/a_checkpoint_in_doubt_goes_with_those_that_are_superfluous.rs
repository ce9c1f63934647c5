//! A checkpoint of which it was not known whether it came into its place is deleted once later ones are complete, while the job runs
//! on. What it held is committed with those, once.

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, directories_of_jobs, ingest, lines, put, shim};

/// Has `_metadata` come into its place, and the system say that it has not, as long as the file `METADATA_IN_DOUBT_WHILE` exists.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (!real) real = dlsym(RTLD_NEXT, "rename");
  const char *name = strrchr(to, '/'), *doubts = getenv("METADATA_IN_DOUBT_WHILE");
  int done = real(from, to);
  if (done == 0 && name && strcmp(name, "/_metadata") == 0 && doubts && access(doubts, F_OK) == 0) {
    errno = EIO;
    return -1;
  }
  return done;
}
"#;

/// How many checkpoints are in their places.
fn checkpoints(directory: &Path) -> usize {
    let jobs = directories_of_jobs(&directory.join("data/checkpoints"));
    let entries = jobs.iter().filter_map(|job| fs::read_dir(job).ok());
    let metadata = entries.flatten().flatten();
    let metadata = metadata.map(|entry| entry.path().join("_metadata"));
    metadata.filter(|metadata| metadata.exists()).count()
}

#[test]
fn and_its_output_is_there_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(SHIM, path);
    put(path, "in/0.csv", "id\n0\n");
    let mut command = ingest(path, &[], &CSV_TO_FILES);
    command
        .arg("--stream.checkpoint.tolerable.failure.num=100000")
        .env("LD_PRELOAD", library)
        .env("METADATA_IN_DOUBT_WHILE", path.join("doubts"));
    let mut job = Running::start(command);
    let out = path.join("out");
    job.await_that("the first record", || lines(&out).len() == 1);
    job.await_checkpoint();

    put(path, "doubts", "");
    put(path, "in/1.csv", "id\n1\n");
    job.await_log("it could not be written");
    // Two in their places for longer than an older one takes to be deleted.
    job.await_that("checkpoints in doubt", || checkpoints(path) > 2);
    fs::remove_file(path.join("doubts")).expect("removed");
    job.await_that("one checkpoint", || checkpoints(path) == 1);
    job.await_that("the second record", || lines(&out).len() == 2);
    let said = job.suspend();
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);
    assert_eq!(lines(&out), [r#"{"id":"0"}"#, r#"{"id":"1"}"#]);
}
