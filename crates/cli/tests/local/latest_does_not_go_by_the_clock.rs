//! `-s latest` is the newest snapshot along the lineage of a job's runs: one whose clock was fast makes no later one go back.

use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, shim};
use serde_json::Value;

/// Shifts the time of day of a program that it is loaded into, by `CLOCK_SHIFT` seconds.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
static int (*real)(clockid_t, struct timespec *);
int clock_gettime(clockid_t id, struct timespec *ts) {
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int r = real(id, ts);
  const char *shift = getenv("CLOCK_SHIFT");
  if (r == 0 && id == CLOCK_REALTIME && shift) ts->tv_sec += atol(shift);
  return r;
}
"#;

/// By how many seconds the first job's clock was ahead of the disk's when it wrote its newest checkpoint.
fn ahead(path: &Path) -> u64 {
    let jobs = std::fs::read_dir(path.join("data/checkpoints")).expect("listed");
    let all = jobs.flat_map(|job| std::fs::read_dir(job.expect("entry").path()).expect("listed"));
    let mut all = all.map(|entry| entry.expect("entry").path().join("_metadata"));
    let metadata = all.find(|path| path.is_file()).expect("a checkpoint");
    let written = metadata.metadata().and_then(|metadata| metadata.modified());
    let written = written.expect("a time").duration_since(UNIX_EPOCH);
    let text = std::fs::read_to_string(&metadata).expect("text");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let created = value.pointer("/snapshot/created").and_then(Value::as_u64);
    (created.expect("a time") / 1_000).saturating_sub(written.expect("after 1970").as_secs())
}

#[test]
fn of_a_machine_that_was_an_hour_fast() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(SHIM, path);
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut job = ingest(path, &[], &CSV_TO_FILES);
    job.env("LD_PRELOAD", &library).env("CLOCK_SHIFT", "3600");
    let mut job = Running::start(job);
    let count = || lines(&path.join("out")).len();
    job.await_that("output", || count() == 1);
    job.kill();
    assert!(ahead(path) > 3_500, "the clock was not shifted");
    for (file, rows) in [("in/2.csv", 2), ("in/3.csv", 3)] {
        let mut job = Running::start(ingest(path, &["-s", "latest"], &CSV_TO_FILES));
        put(path, file, format!("id,name\n{rows},Bob\n"));
        job.await_that("its output", || count() >= rows);
        job.await_checkpoint();
        assert_eq!(count(), rows, "{:?}", lines(&path.join("out")));
        job.kill();
    }
}
