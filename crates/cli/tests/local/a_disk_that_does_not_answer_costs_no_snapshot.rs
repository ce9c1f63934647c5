//! A disk that does not answer when it is asked whether something is there says nothing about it: no checkpoint is taken for
//! incomplete and deleted, and no file that one needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, shim};

/// Answers the question whether a checkpoint is there with ESTALE as long as the file `STALE_WHILE` exists: its directory, or what is
/// named by `STALE_FILE` in it.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static int is_meant(const char *path) {
  const char *control = getenv("STALE_WHILE");
  const char *at = path ? strstr(path, "/chk-") : 0;
  if (!at || !control || access(control, F_OK) != 0) return 0;
  at = strchr(at + 1, '/');
  const char *file = getenv("STALE_FILE");
  return file ? at && strcmp(at + 1, file) == 0 : !at;
}
int statx(int d, const char *restrict path, int flags, unsigned mask, struct statx *restrict into) {
  static int (*real)(int, const char *, int, unsigned, struct statx *);
  if (!real) real = dlsym(RTLD_NEXT, "statx");
  if (is_meant(path)) { errno = ESTALE; return -1; }
  return real(d, path, flags, mask, into);
}
"#;

const OPTIONS: [&str; 4] = [
    "-D",
    "execution.checkpointing.interval=200 ms",
    "-D",
    "execution.checkpointing.min-pause=0 ms",
];

fn job(path: &Path, options: &[&str]) -> Command {
    ingest(path, &[&OPTIONS[..], options].concat(), &CSV_TO_FILES)
}

fn job_on_a_stale_disk(path: &Path, library: &Path, options: &[&str]) -> Command {
    let mut job = job(path, options);
    job.env("LD_PRELOAD", library)
        .env("STALE_WHILE", path.join("stale"));
    job
}

fn row(path: &Path, number: usize) {
    put(
        path,
        &format!("in/{number}.csv"),
        format!("id,name\n{number},Ann\n"),
    );
}

/// The numbers of the checkpoints that are whole.
fn checkpoints(path: &Path) -> Vec<u64> {
    let jobs = std::fs::read_dir(path.join("data/checkpoints")).expect("listed");
    let all = jobs.flat_map(|job| std::fs::read_dir(job.expect("entry").path()).expect("listed"));
    let all = all.map(|entry| entry.expect("entry").path());
    let complete = all.filter(|path| path.join("_metadata").is_file());
    let number = |path: PathBuf| {
        path.file_name()?
            .to_str()?
            .strip_prefix("chk-")?
            .parse()
            .ok()
    };
    complete.filter_map(number).collect()
}

#[test]
fn when_a_job_is_gone_on_from() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(SHIM, path);
    let count = || lines(&path.join("out")).len();
    row(path, 1);
    let mut first = Running::start(job(path, &[]));
    first.await_that("output", || count() == 1);
    first.kill();
    let before = checkpoints(path);
    assert!(!before.is_empty());

    put(path, "stale", "");
    let mut second = job_on_a_stale_disk(path, &library, &["-s", "latest"]);
    second.env("STALE_FILE", "_metadata");
    let said = Running::start(second).end();
    assert!(said.err.contains("MS-3010"), "{}", said.err);
    assert!(checkpoints(path).iter().max() >= before.iter().max());

    std::fs::remove_file(path.join("stale")).expect("removed");
    row(path, 3);
    row(path, 2);
    let mut third = Running::start(job(path, &["-s", "latest"]));
    third.await_that("the rest", || count() >= 3);
    third.await_checkpoint();
    let found = lines(&path.join("out"));
    assert_eq!(found.len(), 3, "{found:?}");
    third.kill();
}

#[test]
fn while_a_job_runs() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(SHIM, path);
    let count = || lines(&path.join("out")).len();
    row(path, 1);
    let mut running = Running::start(job_on_a_stale_disk(path, &library, &[]));
    running.await_that("output", || count() == 1);
    put(path, "stale", "");
    for number in 2..5 {
        row(path, number);
        running.await_that("more output", || count() == number);
        running.await_checkpoint();
    }
    std::fs::remove_file(path.join("stale")).expect("removed");
    for number in 5..7 {
        row(path, number);
        running.await_that("more output", || count() == number);
        running.await_checkpoint();
    }
    running.kill();

    row(path, 7);
    let mut again = Running::start(job(path, &["-s", "latest"]));
    again.await_that("the rest", || count() >= 7);
    again.await_checkpoint();
    let found = lines(&path.join("out"));
    assert_eq!(found.len(), 7, "{found:?}");
    again.kill();
}
