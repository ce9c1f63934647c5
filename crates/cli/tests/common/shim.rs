//! Libraries that are loaded into a program before its own: they answer for the system as a test wants.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the library of this source in C into a directory.
#[track_caller]
pub(crate) fn build(source: &str, directory: &Path) -> PathBuf {
    let (path, library) = (directory.join("shim.c"), directory.join("shim.so"));
    std::fs::write(&path, source).expect("written");
    // The linker of Rust is one of C as well.
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &path])
        .arg("-ldl")
        .status();
    assert!(built.expect("cc").success());
    library
}

/// Has snapshots fail to come into their place as long as the file `METADATA_FAILS_WHILE` exists, and wait with that as long
/// as `METADATA_WAITS_WHILE` does.
pub(crate) const METADATA: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int exists(const char *variable) {
  const char *path = getenv(variable);
  return path && access(path, F_OK) == 0;
}
int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (!real) real = dlsym(RTLD_NEXT, "rename");
  const char *name = strrchr(to, '/');
  if (name && strcmp(name, "/_metadata") == 0) {
    if (exists("METADATA_FAILS_WHILE")) { errno = EIO; return -1; }
    while (exists("METADATA_WAITS_WHILE")) usleep(2000);
  }
  return real(from, to);
}
"#;
