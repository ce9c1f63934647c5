//! What must survive a power failure is synced: each directory in which one was made for output or checkpoints, and of a commit each
//! directory into which files got their names, once, behind all of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, ingest, lines, put, running, shim};

/// Notes each directory that was synced in the file `SYNCS`, behind how many visible names it had then.
const SYNCS: &str = r#"
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void note(int file) {
  const char *notes = getenv("SYNCS");
  char link[64], name[4096], line[4200];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, name, sizeof name - 1);
  DIR *directory = notes && length > 0 ? opendir(link) : NULL;
  if (!directory) return;
  name[length] = 0;
  int visible = 0;
  for (struct dirent *entry; (entry = readdir(directory));) visible += entry->d_name[0] != '.';
  closedir(directory);
  int to = open(notes, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  length = snprintf(line, sizeof line, "%d %s\n", visible, name);
  if (to < 0 || write(to, line, length) != length) abort();
  close(to);
}
int fsync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  int done = real(file), why = errno;
  if (done == 0) note(file);
  errno = why;
  return done;
}
"#;

/// How many files are read, and written: each holds one record.
const FILES: u32 = 12;

/// Runs a job from one file for each record into `made/a/b/out`, of which `made` is there, and commits once. Answers which directories
/// below `below` were synced, in order, each behind how many visible names it had.
fn synced(directory: &Path, below: &str, options: &[&str], parameters: &[&str]) -> Vec<String> {
    fs::create_dir_all(directory.join(below)).expect("made");
    // Longer than an output file is to be.
    let text = "x".repeat(70_000);
    for id in 0..FILES {
        let (day, city) = (id % 2, id % 3);
        let row = format!("id,day,city,text\n{id},{day},{city},{text}\n");
        put(directory, &format!("in/{id}.csv"), row);
    }
    let mut job = ingest(directory, &[&["-p", "1"], options].concat(), &CSV_TO_FILES);
    let notes = directory.join("syncs");
    job.args([
        ONCE,
        "--sink.path=made/a/b/out",
        "--sink.rolling.size=64 kb",
    ])
    .args(parameters)
    .env("LD_PRELOAD", shim::build(SYNCS, directory))
    .env("SYNCS", &notes);
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let base = directory.canonicalize().expect("there").join(below);
    let notes = fs::read_to_string(notes).expect("the notes");
    let own = notes.lines().filter_map(|line| {
        let (visible, path) = line.split_once(' ')?;
        let path = Path::new(path).strip_prefix(&base).ok()?;
        Some(format!("{visible} {}", path.display()))
    });
    own.collect()
}

/// No checkpoint before the end.
const ONE_COMMIT: &str = "-Dexecution.checkpointing.interval=1 h";

#[test]
fn of_the_directory_of_a_sink() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let synced = synced(directory, "made", &[ONE_COMMIT], &[]);
    // Those in which one was made, from above; the sink's with what is prepared in it, and with what is committed.
    assert_eq!(synced, ["1 ", "1 a", "1 a/b", "0 a/b/out", "12 a/b/out"]);
    assert_eq!(lines(&directory.join("made/a/b/out")).len(), FILES as usize);
}

#[test]
fn of_partitions_of_a_sink() {
    let place = tempfile::tempdir().expect("a directory");
    let partitions = "--sink.partition.columns=day,city";
    let synced = synced(place.path(), "made", &[ONE_COMMIT], &[partitions]);
    let (made, of_sink) = synced.split_at(3);
    assert_eq!(made, ["1 ", "1 a", "1 a/b"]);
    let (prepared, committed) = of_sink.split_first().expect("a sink");
    assert_eq!(prepared, "0 a/b/out");
    let mut expected = vec!["2 a/b/out".to_owned()];
    for day in 0..2 {
        expected.push(format!("3 a/b/out/day={day}"));
        let cities = (0..3).map(|city| format!("2 a/b/out/day={day}/city={city}"));
        expected.extend(cities);
    }
    let counted = |all: &[String]| {
        let mut counted = BTreeMap::new();
        for directory in all {
            *counted.entry(directory.clone()).or_insert(0) += 1;
        }
        counted
    };
    assert_eq!(counted(committed), counted(&expected));
}

#[test]
fn of_the_directory_of_checkpoints() {
    let place = tempfile::tempdir().expect("a directory");
    let checkpoints = "-Dexecution.checkpointing.dir=kept/c/d";
    let synced = synced(place.path(), "kept", &[checkpoints], &[]);
    // Before anything is written there.
    let first = synced.iter().take_while(|line| !line.contains("/chk-"));
    let first: Vec<&String> = first.collect();
    for made in ["", "c", "c/d"] {
        let line = format!("1 {made}");
        assert!(first.contains(&&line), "{made}: {synced:?}");
    }
}
