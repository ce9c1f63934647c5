//! Libraries that are loaded into a program before its own: they answer for the system as a test wants.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use super::put;
use super::server::Server;

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
/// as `METADATA_WAITS_WHILE` does; one that has waited fails if the other is there by then. That output is about to be committed is not noted as long as `REACHED_WAITS_WHILE` exists: behind the
/// snapshot, and before its output is.
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
    if (exists("METADATA_FAILS_WHILE")) { errno = EIO; return -1; }
  }
  if (name && strcmp(name, "/_reached") == 0) {
    while (exists("REACHED_WAITS_WHILE")) usleep(2000);
  }
  return real(from, to);
}
"#;

/// Has the job of `command`, whose data directory is `data` in `directory`, do so with the files `fails` and `waits` there, however many
/// of its checkpoints fail.
pub(crate) fn over_metadata(command: &mut Command, library: &Path, directory: &Path) {
    command
        .arg("--stream.checkpoint.tolerable.failure.num=100000")
        .env("LD_PRELOAD", library)
        .env("METADATA_FAILS_WHILE", directory.join("fails"))
        .env("METADATA_WAITS_WHILE", directory.join("waits"));
}

/// A server in `directory` whose jobs stand still over their snapshots where the files `waits` and `reached` there say so.
#[track_caller]
pub(crate) fn serve_over_metadata(directory: &Path) -> Server {
    let library = build(METADATA, directory);
    let mut server = Server::new(directory);
    for (name, file) in [
        ("LD_PRELOAD", library),
        ("METADATA_WAITS_WHILE", directory.join("waits")),
        ("REACHED_WAITS_WHILE", directory.join("reached")),
    ] {
        let file = file.display().to_string();
        server.environment.push((name.to_owned(), file));
    }
    server.start();
    server
}

/// The `_metadata` of a checkpoint that is about to come into its place.
pub(crate) fn on_its_way(directory: &Path) -> Option<PathBuf> {
    let jobs = std::fs::read_dir(directory.join("data/checkpoints")).expect("listed");
    let checkpoints = jobs.flat_map(|job| std::fs::read_dir(job.expect("a job").path()));
    let metadata = checkpoints.flatten().flatten();
    let mut metadata = metadata.map(|entry| entry.path().join("_metadata.inprogress"));
    metadata.find(|metadata| metadata.exists())
}

/// Whether a checkpoint that is as wanted, by its `_metadata`, is held up. To be asked until there is one: others may pass.
pub(crate) fn is_held_up(directory: &Path, is_wanted: impl Fn(&Path) -> bool) -> bool {
    let waits = directory.join("waits");
    let held = on_its_way(directory);
    // What is still being written can't be judged.
    let is_whole = held.as_ref().is_some_and(|held| is_json(held));
    let is_wanted = is_whole && held.as_ref().is_some_and(|held| is_wanted(held));
    if is_whole && !is_wanted && waits.exists() {
        std::fs::remove_file(&waits).expect("removed");
    } else if held.is_none() && !waits.exists() {
        put(directory, "waits", "");
    }
    is_wanted && waits.exists()
}

fn is_json(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice::<serde_json::Value>(&bytes).is_ok()
}

/// Has nothing of a server's records come to disk as long as the file `RECORDS_WAIT_WHILE` exists.
pub(crate) const RECORDS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void hold(int file) {
  const char *path = getenv("RECORDS_WAIT_WHILE");
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, name, sizeof name - 1);
  if (!path || length < 0) return;
  name[length] = 0;
  while (strstr(name, "/millstream.db") && access(path, F_OK) == 0) usleep(2000);
}
int fsync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  hold(file);
  return real(file);
}
int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  hold(file);
  return real(file);
}
"#;

/// What SQLite has beside a file of records (`-shm`) can't be made: it is not cut to its length, and opened a second time only for reading.
pub(crate) const NO_SHARED_MEMORY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
static int cut;
static int is_shm(const char *path) { return strstr(path, "/millstream.db-shm") != NULL; }
static int cuts(int file) {
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, name, sizeof name - 1);
  if (length < 0) return 0;
  name[length] = 0;
  if (!is_shm(name)) return 0;
  cut = 1;
  errno = ENOSPC;
  return 1;
}
int ftruncate(int file, off_t length) {
  static int (*real)(int, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "ftruncate");
  return cuts(file) ? -1 : real(file, length);
}
int ftruncate64(int file, off64_t length) {
  static int (*real)(int, off64_t);
  if (!real) real = dlsym(RTLD_NEXT, "ftruncate64");
  return cuts(file) ? -1 : real(file, length);
}
static int opened(const char *name, const char *path, int flags, mode_t mode) {
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  if (cut && is_shm(path) && (flags & O_ACCMODE) != O_RDONLY) return errno = ENOSPC, -1;
  return real(path, flags, mode);
}
int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return opened("open", path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return opened("open64", path, flags, mode);
}
"#;

/// `flock` says that there are no locks, so that leases are taken.
pub(crate) const NO_LOCKS: &str = r"
#include <errno.h>
int flock(int file, int what) { (void)file; (void)what; errno = ENOLCK; return -1; }
";

/// The steps of a checkpoint at which [`DEATH`] has the program die: its output is prepared and its snapshot not there yet; the
/// snapshot is there and its output not committed; the output is committed and that is not noted; it is noted.
pub(crate) const STEPS: [&str; 4] = ["snapshot", "commit", "note", "noted"];

/// Has the program die as by SIGKILL at the step `DEATH_AT` of the first checkpoint for which the file `DEATH_WHILE` exists.
pub(crate) const DEATH: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void step(const char *name) {
  const char *at = getenv("DEATH_AT"), *path = getenv("DEATH_WHILE");
  if (at && path && strcmp(at, name) == 0 && access(path, F_OK) == 0) kill(getpid(), SIGKILL);
}
static int ends(const char *path, const char *name) {
  const char *last = path ? strrchr(path, '/') : 0;
  return last && strcmp(last, name) == 0;
}
int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (!real) real = dlsym(RTLD_NEXT, "rename");
  int snapshot = ends(to, "/_metadata");
  if (snapshot) step("snapshot");
  int done = real(from, to);
  if (snapshot && done == 0) step("commit");
  return done;
}
int open64(const char *path, int flags, ...) {
  static int (*real)(const char *, int, ...);
  if (!real) real = dlsym(RTLD_NEXT, "open64");
  va_list rest;
  va_start(rest, flags);
  int mode = (flags & O_CREAT) ? va_arg(rest, int) : 0;
  va_end(rest);
  int note = (flags & O_CREAT) && ends(path, "/_committed");
  if (note) step("note");
  int file = real(path, flags, mode);
  if (note && file >= 0) step("noted");
  return file;
}
"#;

/// The requests of Kafka's protocol by which a transaction is marked, looked at and ended.
pub(crate) const TXN_OFFSET_COMMIT: u16 = 28;
pub(crate) const DESCRIBE_TRANSACTIONS: u16 = 65;
pub(crate) const END_TXN: u16 = 26;

/// Has the program die as by SIGKILL at a request to a broker, or has that lost on its way: see [`at_request`]. Requests are told by
/// their heads (length, kind, version), on connections that are not encrypted.
pub(crate) const REQUESTS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
enum fate { USUAL, BEHIND, LOST };
static atomic_int met;
static enum fate fate(const unsigned char *head, size_t there, size_t all) {
  const char *kind = getenv("REQUEST_KIND"), *number = getenv("REQUEST_NUMBER");
  const char *how = getenv("REQUEST_HOW"), *path = getenv("REQUEST_WHILE");
  if (!kind || !number || !how || !path || there < 8) return USUAL;
  size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
  int asked = head[4] << 8 | head[5];
  if (length + 4 != all || asked != atoi(kind) || access(path, F_OK) != 0) return USUAL;
  if (atomic_fetch_add(&met, 1) + 1 != atoi(number)) return USUAL;
  if (strcmp(how, "before") == 0) kill(getpid(), SIGKILL);
  if (strcmp(how, "behind") == 0) return BEHIND;
  unlink(path);
  return LOST;
}
static ssize_t sent(enum fate fate, ssize_t count, size_t all) {
  if (fate != BEHIND) return count;
  if (count == (ssize_t)all) kill(getpid(), SIGKILL);
  /* It is sent again. */
  atomic_fetch_sub(&met, 1);
  return count;
}
ssize_t send(int file, const void *bytes, size_t count, int flags) {
  static ssize_t (*real)(int, const void *, size_t, int);
  if (!real) real = dlsym(RTLD_NEXT, "send");
  enum fate its = fate(bytes, count, count);
  if (its == LOST) return count;
  return sent(its, real(file, bytes, count, flags), count);
}
ssize_t sendmsg(int file, const struct msghdr *message, int flags) {
  static ssize_t (*real)(int, const struct msghdr *, int);
  if (!real) real = dlsym(RTLD_NEXT, "sendmsg");
  size_t all = 0;
  for (size_t part = 0; part < message->msg_iovlen; part++) all += message->msg_iov[part].iov_len;
  const struct iovec *first = message->msg_iov;
  enum fate its = message->msg_iovlen > 0 ? fate(first->iov_base, first->iov_len, all) : USUAL;
  if (its == LOST) return all;
  return sent(its, real(file, message, flags), all);
}
"#;

/// What becomes of a request of this kind, or of who sends it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    /// The program dies before it is sent.
    Before,
    /// It dies once it is sent.
    Behind,
    /// It is not sent, and the program does not know. The file that it happens by is removed.
    Lost,
}

/// Has this become of request number `number` of a kind that `command` sends, counted from when the file `armed` exists.
pub(crate) fn at_request(
    command: &mut Command,
    library: &Path,
    armed: &Path,
    (kind, fate, number): (u16, Fate, u32),
) {
    let how = match fate {
        Fate::Before => "before",
        Fate::Behind => "behind",
        Fate::Lost => "lost",
    };
    command
        .env("LD_PRELOAD", library)
        .env("REQUEST_KIND", kind.to_string())
        .env("REQUEST_NUMBER", number.to_string())
        .env("REQUEST_HOW", how)
        .env("REQUEST_WHILE", armed);
}
