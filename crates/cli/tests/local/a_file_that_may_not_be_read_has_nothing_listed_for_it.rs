//! A file that may not be read is tried again as often as its directory is looked at; the directory is not listed for it in between.

use std::fs;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, shim};

/// `in/b.csv` may not be opened, also by root. The file `LISTED` grows by a byte with each listing of `in`.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int ends(const char *path, const char *with) {
  size_t length = strlen(path), all = strlen(with);
  return length >= all && strcmp(path + length - all, with) == 0;
}
DIR *opendir(const char *path) {
  static DIR *(*real)(const char *);
  if (!real) real = dlsym(RTLD_NEXT, "opendir");
  const char *listed = getenv("LISTED");
  FILE *file = listed && ends(path, "/in") ? fopen(listed, "a") : NULL;
  if (file) {
    fputc('.', file);
    fclose(file);
  }
  return real(path);
}
int open64(const char *path, int flags, ...) {
  static int (*real)(const char *, int, ...);
  if (!real) real = dlsym(RTLD_NEXT, "open64");
  va_list rest;
  va_start(rest, flags);
  int mode = (flags & O_CREAT) ? va_arg(rest, int) : 0;
  va_end(rest);
  if (ends(path, "/in/b.csv")) {
    errno = EACCES;
    return -1;
  }
  return real(path, flags, mode);
}
"#;

/// A look that had begun is made, and once more when files have stood still.
const FEW: usize = 3;

#[test]
fn between_two_looks() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(SHIM, path);
    put(path, "in/a.csv", "id\n1\n");
    put(path, "in/b.csv", "id\n2\n");
    let mut command = ingest(path, &[], &CSV_TO_FILES);
    command
        .args(["--source.watch.interval=3600000", "--source.file.settle=20"])
        .env("LD_PRELOAD", library)
        .env("LISTED", path.join("listed"));
    let mut job = Running::start(command);
    job.await_log("in/b.csv may not be read: permission denied");
    job.await_that("the other file", || lines(&path.join("out")).len() == 1);
    let count = || fs::read(path.join("listed")).expect("it was listed").len();
    let before = count();
    // Each takes as long as files have to stand still.
    for _ in 0..20 {
        job.await_log("Completed checkpoint");
    }
    let more = count() - before;
    assert!(more <= FEW, "{more} listings");
    job.suspend();
}
