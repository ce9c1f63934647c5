//! A disk or share with the server's data that does not answer while the server starts says nothing about its jobs: a job whose process
//! runs goes on in it, one that has none is started once the disk answers, and neither becomes FAILED meanwhile. Nor does a share with
//! snapshots alone keep the server from starting.

use std::fs;
use std::path::Path;

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;
use crate::common::{put, shim};
use serde_json::json;

/// Answers with ESTALE whoever opens a file below the server's data directory, or asks whether it is there, as long as the directory
/// `AWAY_IN` holds a file of that name. Who asks is not answered at all as long as that holds one with `.hangs` behind the name.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static int has_control(const char *path, const char *ending) {
  const char *in = getenv("AWAY_IN");
  const char *name = path ? strrchr(path, '/') : 0;
  if (!in || !name || !strstr(path, "/server/")) return 0;
  char control[4096];
  snprintf(control, sizeof control, "%s%s%s", in, name, ending);
  return access(control, F_OK) == 0;
}
static int is_away(const char *path) { return has_control(path, ""); }
int open64(const char *path, int flags, ...) {
  static int (*real)(const char *, int, ...);
  if (!real) real = dlsym(RTLD_NEXT, "open64");
  va_list rest;
  va_start(rest, flags);
  int mode = (flags & O_CREAT) ? va_arg(rest, int) : 0;
  va_end(rest);
  if (is_away(path)) { errno = ESTALE; return -1; }
  return real(path, flags, mode);
}
int statx(int d, const char *restrict path, int flags, unsigned mask, struct statx *restrict into) {
  static int (*real)(int, const char *, int, unsigned, struct statx *);
  if (!real) real = dlsym(RTLD_NEXT, "statx");
  while (has_control(path, ".hangs")) usleep(2000);
  if (is_away(path)) { errno = ESTALE; return -1; }
  return real(d, path, flags, mask, into);
}
"#;

/// A server, and its jobs, for which files of jobs are away.
fn started(path: &Path) -> Server {
    let library = shim::build(SHIM, path);
    let away = path.join("away");
    fs::create_dir(&away).expect("made");
    let mut server = Server::new(path);
    for (name, file) in [("LD_PRELOAD", library), ("AWAY_IN", away)] {
        let file = file.display().to_string();
        server.environment.push((name.to_owned(), file));
    }
    server.start();
    server
}

/// Starts the server while a file of the job's is away, and waits until it has said so.
fn start_without(server: &mut Server, path: &Path, name: &str) {
    put(path, &format!("away/{name}"), "");
    server.start();
    let told = format!("/{name} can't be ");
    server.await_that("the server to wait for its disk", || {
        server.log().contains(&told)
    });
}

fn bring_back(path: &Path, name: &str) {
    fs::remove_file(path.join("away").join(name)).expect("removed");
}

fn has_not_failed(server: &Server, job: &str) {
    let status = server.get(&format!("/jobs/{job}/status"));
    assert_ne!(status.get("status"), Some(&json!("FAILED")), "{status}");
    let why = server.get(&format!("/jobs/{job}/exceptions")).to_string();
    assert!(!why.contains("can't be"), "{why}");
}

#[test]
fn whose_process_is_gone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = started(path);
    let job = server.submit_running(&json!({}));
    for name in ["job.json", "started", "outcome.json"] {
        let processes = processes_of(&server.data);
        server.kill();
        kill_and_await(&processes);
        start_without(&mut server, path, name);
        has_not_failed(&server, &job);
        assert_eq!(processes_of(&server.data), Vec::<u32>::new(), "{name}");
        bring_back(path, name);
        server.await_status(&job, "RUNNING");
        has_not_failed(&server, &job);
    }
    server.cancel(&job);
}

#[test]
fn whose_process_runs() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = started(path);
    let job = server.submit_running(&json!({}));
    let processes = processes_of(&server.data);
    server.kill();
    start_without(&mut server, path, "lock");
    has_not_failed(&server, &job);
    bring_back(path, "lock");
    server.await_status(&job, "RUNNING");
    assert_eq!(processes_of(&server.data), processes);

    // What it was submitted as is shown again once it can be read.
    server.kill();
    put(path, "away/job.json", "");
    server.start();
    server.await_status(&job, "RUNNING");
    bring_back(path, "job.json");
    has_not_failed(&server, &job);
    assert_eq!(processes_of(&server.data), processes);
    server.cancel(&job);
}

#[test]
fn whose_snapshots_are_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = started(path);
    let job = server.submit_running(&json!({}));
    for control in ["savepoints", "savepoints.hangs"] {
        server.kill();
        put(path, &format!("away/{control}"), "");
        server.start();
        server.await_status(&job, "RUNNING");
        bring_back(path, control);
    }
    server.cancel(&job);
}
