//! How often a job is restarted whose process dies does not depend on the time of day: setting the clock of the machine ahead makes no
//! failure that has just been counted one of long ago.

use std::fs;

use crate::common::processes::{kill, processes_of};
use crate::common::server::Server;
use crate::common::{put, shim};
use serde_json::{Value, json};

/// The time of day is two hours ahead as long as the file `CLOCK_AHEAD_WHILE` exists.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int done = real(id, at), before = errno;
  const char *path = getenv("CLOCK_AHEAD_WHILE");
  if (done == 0 && id == CLOCK_REALTIME && path && access(path, F_OK) == 0) at->tv_sec += 7200;
  errno = before;
  return done;
}
"#;
/// By how much it is ahead, in milliseconds.
const AHEAD: u64 = 7_200_000;

/// Kills the process of the only job, and waits until another one runs the job, or it has failed.
fn bring_down(server: &Server, job: &str) -> Value {
    let processes = processes_of(&server.data);
    assert_eq!(processes.len(), 1, "{processes:?}");
    processes.iter().copied().for_each(kill);
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let now = processes_of(&server.data);
        let has_other = !now.is_empty() && now != processes;
        let state = body.get("state")?;
        let follows = state == "FAILED" || has_other && state == "RUNNING";
        follows.then(|| body.clone())
    })
}

#[test]
fn of_a_job_that_may_fail_once_an_hour() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::new(path);
    for (name, file) in [
        ("LD_PRELOAD", shim::build(CLOCK, path)),
        ("CLOCK_AHEAD_WHILE", path.join("ahead")),
    ] {
        let file = file.display().to_string();
        server.environment.push((name.to_owned(), file));
    }
    server.start();
    let job = server.submit_running(&json!({
        "execution.checkpointing.interval": "20 ms",
        "restart-strategy.type": "failure-rate",
        "restart-strategy.failure-rate.max-failures-per-interval": "1",
        "restart-strategy.failure-rate.failure-rate-interval": "1 h",
        "restart-strategy.failure-rate.delay": "10 ms",
    }));
    let restarted = bring_down(&server, &job);
    assert_eq!(
        restarted.get("state"),
        Some(&json!("RUNNING")),
        "{restarted}"
    );
    put(path, "ahead", "");
    let failed = bring_down(&server, &job);
    assert_eq!(failed.get("state"), Some(&json!("FAILED")), "{failed}");
    let ran = failed.get("duration").and_then(Value::as_u64);
    assert!(
        ran.is_some_and(|ran| ran >= AHEAD),
        "the clock was not set: {failed}"
    );
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    let why = "is not restarted: 2 failures within 1 h, which is more than the 1 that failure-rate allows";
    assert!(
        log.lines()
            .any(|line| line.contains(&job) && line.contains(why)),
        "{log}"
    );
}
