//! A file that a run read before its first checkpoint, and that is gone when the next run starts from where that one did, is
//! lost input: the job says so by its name.

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, running, shim};

/// The file `2.csv` can't be opened as long as the file `UNREADABLE_WHILE` exists.
const UNREADABLE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int open64(const char *path, int flags, ...) {
  static int (*real)(const char *, int, ...);
  if (!real) real = dlsym(RTLD_NEXT, "open64");
  va_list rest;
  va_start(rest, flags);
  int mode = (flags & O_CREAT) ? va_arg(rest, int) : 0;
  va_end(rest);
  const char *last = strrchr(path, '/'), *fails = getenv("UNREADABLE_WHILE");
  if (fails && last && strcmp(last, "/2.csv") == 0 && access(fails, F_OK) == 0) { errno = EIO; return -1; }
  return real(path, flags, mode);
}
"#;

/// A run that was killed with a checkpoint behind `1.csv`, and one behind it that has begun to read `2.csv` before its first checkpoint.
fn one_that_reads(path: &Path) -> Running {
    let count = || lines(&path.join("out")).len();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut job = Running::start(ingest(path, &[], &CSV_TO_FILES));
    job.await_that("output", || count() == 1);
    job.await_checkpoint();
    job.kill();

    let no_checkpoint = ["-slatest", "-Dexecution.checkpointing.interval=1 h"];
    let mut job = Running::start(ingest(path, &no_checkpoint, &CSV_TO_FILES));
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let announced = || {
        let jobs = fs::read_dir(path.join("data/checkpoints")).expect("a directory");
        let journals = jobs.filter_map(|job| {
            let entries = fs::read_dir(job.expect("an entry").path()).expect("a directory");
            let mut texts = entries.map(|entry| entry.expect("an entry").path());
            texts.find(|file| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let text = || fs::read(file).expect("readable");
                name.starts_with("_intake") && text().windows(5).any(|word| word == b"2.csv")
            })
        });
        journals.count() > 0
    };
    job.await_that("the file being read", announced);
    job
}

/// The next run says that `2.csv` is lost.
#[track_caller]
fn is_missed(path: &Path) {
    let said = running::run(ingest(path, &["-slatest"], &CSV_TO_FILES));
    assert_ne!(said.code, Some(0));
    assert!(
        said.err.contains("MS-6010") && said.err.contains("2.csv"),
        "{}",
        said.err
    );
}

#[test]
fn by_its_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let job = one_that_reads(path);
    fs::remove_file(path.join("in/2.csv")).expect("removed");
    job.kill();

    is_missed(path);
}

#[test]
fn also_where_one_of_its_size_and_time_took_its_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let job = one_that_reads(path);
    job.kill();
    let replaced = path.join("in/2.csv");
    let time = fs::metadata(&replaced).and_then(|metadata| metadata.modified());
    put(path, "in/2.csv", "id,name\n3,Cem\n");
    let opened = fs::File::options().write(true).open(&replaced);
    opened
        .and_then(|opened| opened.set_modified(time?))
        .expect("has the time");

    is_missed(path);
}

#[test]
fn but_not_as_long_as_it_only_can_not_be_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let job = one_that_reads(path);
    job.kill();
    // It has another size now, so what it holds has to be looked at.
    put(path, "in/2.csv", "id,name\n2,Bob\n3,Cem\n");

    let library = shim::build(UNREADABLE, path);
    put(path, "fails", "");
    let mut command = ingest(path, &["-slatest"], &CSV_TO_FILES);
    command
        .env("LD_PRELOAD", library)
        .env("UNREADABLE_WHILE", path.join("fails"));
    let mut job = Running::start(command);
    job.await_log("Input/output error");
    fs::remove_file(path.join("fails")).expect("removed");
    job.await_that("every record", || lines(&path.join("out")).len() == 3);
    job.suspend();
}
