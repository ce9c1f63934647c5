//! `-s latest` is the newest snapshot along the lineage of a job's runs: one whose clock was fast makes no later one go back.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{CSV_TO_FILES, Running, ingest, lines, put};

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

/// The linker of Rust is one of C as well.
fn shim(directory: &Path) -> PathBuf {
    let (source, library) = (directory.join("shim.c"), directory.join("shim.so"));
    std::fs::write(&source, SHIM).expect("written");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(built.expect("cc").success());
    library
}

#[test]
fn of_a_machine_that_was_an_hour_fast() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim(path);
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut job = ingest(path, &[], &CSV_TO_FILES);
    job.env("LD_PRELOAD", &library).env("CLOCK_SHIFT", "3600");
    let mut job = Running::start(job);
    let count = || lines(&path.join("out")).len();
    job.await_that("output", || count() == 1);
    job.kill();
    for (file, rows) in [("in/2.csv", 2), ("in/3.csv", 3)] {
        let mut job = Running::start(ingest(path, &["-s", "latest"], &CSV_TO_FILES));
        put(path, file, format!("id,name\n{rows},Bob\n"));
        job.await_that("its output", || count() >= rows);
        job.await_checkpoint();
        assert_eq!(count(), rows, "{:?}", lines(&path.join("out")));
        job.kill();
    }
}
