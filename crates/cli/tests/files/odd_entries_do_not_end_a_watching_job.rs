//! What can't be read as a file (a directory, a FIFO, half an archive, a link to nothing) is passed over with a warning by a job
//! that watches; names that are not UTF-8 are read like others.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

#[test]
fn and_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let input = path.join("in");
    put(path, "in/a-good.csv", "id,name\n1,Ann\n");
    fs::write(
        input.join(OsStr::from_bytes(b"caf\xe9.csv")),
        "id,name\n2,Bob\n",
    )
    .expect("written");
    fs::create_dir(input.join("directory.csv")).expect("made");
    let fifo = Command::new("mkfifo").arg(input.join("fifo.csv")).status();
    assert!(fifo.expect("mkfifo").success());
    symlink("nowhere", input.join("link.csv")).expect("made");
    // The first bytes of an archive, and no more.
    fs::write(
        input.join("half.csv.gz"),
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b],
    )
    .expect("written");

    let mut job = Running::start(ingest(path, &["-p", "2"], &CSV_TO_FILES));
    let count = || lines(&path.join("out")).len();
    job.await_that("the files", || count() == 2);
    put(path, "in/z-later.csv", "id,name\n3,Cy\n");
    job.await_that("a later file", || count() == 3);
    job.await_checkpoint();
    let said = job.suspend();
    assert_eq!(said.code, Some(0), "{}", said.err);
    for odd in ["directory.csv", "fifo.csv", "half.csv.gz", "link.csv"] {
        let warned = |line: &str| line.contains("WARN") && line.contains(odd);
        assert!(said.err.lines().any(warned), "{odd}: {}", said.err);
    }
}
