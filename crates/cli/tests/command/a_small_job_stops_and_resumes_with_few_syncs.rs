//! A small job is stopped and resumed with few syncs of files: on a disk of a data centre each takes milliseconds, and most of them
//! wait for one another.

use std::fs;
use std::path::Path;

use crate::common::server::{Server, first_file};
use crate::common::{CSV_TO_FILES, shim};

/// Puts a dot into the file `SYNCS` for each sync.
const SYNCS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
static int counted(const char *name, int file) {
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  int done = real(file), why = errno;
  const char *path = getenv("SYNCS");
  int to = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
  if (to < 0 || write(to, ".", 1) != 1) abort();
  close(to);
  errno = why;
  return done;
}
int fsync(int file) { return counted("fsync", file); }
int fdatasync(int file) { return counted("fdatasync", file); }
"#;

/// Syncs of a stop with a savepoint and of the resumption from it, of server and jobs: 59 when it was counted, and 30 % more.
const BOUND: u64 = 76;

/// Those of a stop that also commits the first output: 63, and 30 % more.
const FIRST: u64 = 81;

/// Submits the job, which takes no checkpoint unasked, and waits until it runs.
fn submit(server: &Server, options: &[&str]) -> String {
    let alone = ["-Dexecution.checkpointing.interval=1 h", "-p", "1"];
    let mut parameters = vec!["--source.path=in", "--source.watch.interval=20"];
    parameters.push("--source.file.settle=0");
    parameters.extend(CSV_TO_FILES);
    let job = server.submit_with("small", &[&alone[..], options].concat(), &parameters);
    server.await_status(&job, "RUNNING");
    job
}

/// Waits until a job has read a record.
fn await_record(server: &Server, job: &str) {
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let vertices = body.get("vertices")?.as_array()?;
        let read =
            |vertex: &serde_json::Value| vertex.get("metrics")?.get("read-records")?.as_u64();
        vertices
            .iter()
            .filter_map(read)
            .any(|read| read > 0)
            .then_some(())
    });
}

fn syncs(notes: &Path) -> u64 {
    fs::metadata(notes).expect("there are some").len()
}

#[test]
fn of_server_and_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    first_file(path);
    let notes = path.join("syncs");
    let mut server = Server::new(path);
    for (name, file) in [("LD_PRELOAD", &shim::build(SYNCS, path)), ("SYNCS", &notes)] {
        let file = file.display().to_string();
        server.environment.push((name.to_owned(), file));
    }
    server.start();
    let mut job = submit(&server, &[]);
    await_record(&server, &job);
    for (round, bound) in [FIRST, BOUND, BOUND].into_iter().enumerate() {
        let before = syncs(&notes);
        let stopped = server.run(&["stop", &job]);
        assert_eq!(stopped.code, Some(0), "{}{}", stopped.out, stopped.err);
        job = submit(&server, &["-s", stopped.savepoint()]);
        let needed = syncs(&notes) - before;
        assert!(needed > 0 && needed <= bound, "{round}: {needed} syncs");
    }
    server.end();
}
