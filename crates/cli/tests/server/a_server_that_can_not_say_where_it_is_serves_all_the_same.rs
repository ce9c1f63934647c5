//! A disk that is full when a server starts has no room for `server.json`: the server starts all the same, says what that means, and
//! writes it as soon as it can.

use std::fs;

use crate::common::running::run;
use crate::common::server::Server;
use crate::common::{command, put, shim};
use serde_json::Value;

/// `server.json` does not come into its place as long as the file `NO_ROOM_WHILE` exists.
const NO_ROOM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (!real) real = dlsym(RTLD_NEXT, "rename");
  const char *name = strrchr(to, '/'), *path = getenv("NO_ROOM_WHILE");
  if (name && strcmp(name, "/server.json") == 0 && path && access(path, F_OK) == 0) {
    errno = ENOSPC;
    return -1;
  }
  return real(from, to);
}
"#;

#[test]
fn and_says_it_once_it_can() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(NO_ROOM, path);
    put(path, "full", "");
    let mut server = Server::new(path);
    for (name, file) in [
        ("LD_PRELOAD", library),
        ("NO_ROOM_WHILE", path.join("full")),
    ] {
        let file = file.display().to_string();
        server.environment.push((name.to_owned(), file));
    }
    server.start();
    let overview: Value = server.get("/overview");
    assert_eq!(overview["jobs-running"], 0);
    let told = path.join("server/server.json");
    assert!(!told.exists(), "it has no room");
    let log = fs::read_to_string(path.join("server/server.log")).expect("the log");
    let warned = log
        .lines()
        .find(|line| line.contains(" WARN ") && line.contains("server.json can't be written"));
    let warned = warned.expect(&log);
    for part in ["millstream server stop", server.address(), "SIGTERM"] {
        assert!(warned.contains(part), "{warned}");
    }

    fs::remove_file(path.join("full")).expect("removed");
    server.await_that("it to be told", || told.exists());
    let mut status = command(path);
    status.args(["server", "status", "-Dmillstream.data-dir=server"]);
    let said = run(status);
    assert_eq!(said.code, Some(0), "{}", said.err);
    server.end();
}
