//! What is missing or can't be reached is told from what is damaged: only the last can't mend itself.

use std::fs;
use std::path::Path;

use crate::common::write_snapshot;
use millstream_core::{ErrorKind, JobId};
use millstream_storage::{Location, Snapshot, SnapshotFormat, SnapshotLayout, SnapshotTarget};

fn location(path: &Path) -> Location {
    Location::from_path(path).expect("a path")
}

/// The code and kind of the error that keeps the snapshot from being opened, or its bytes from being trusted.
fn refused(path: &Path) -> (&'static str, ErrorKind) {
    let opened = Snapshot::open(&location(path)).and_then(|snapshot| snapshot.verify_all());
    let error = opened.expect_err("it can't be used");
    assert!(!error.next_step().is_empty(), "{error}");
    (error.code(), error.kind())
}

const ABSENT: (&str, ErrorKind) = ("MS-3001", ErrorKind::NotFound);
const UNREACHABLE: (&str, ErrorKind) = ("MS-3010", ErrorKind::Unavailable);
const DAMAGED: (&str, ErrorKind) = ("MS-3002", ErrorKind::Data);

#[test]
fn a_snapshot_is_absent_where_its_directory_is_there_without_it() {
    let temp = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(temp.path().join("job/chk-1")).expect("writable");
    assert_eq!(refused(&temp.path().join("job/chk-1")), ABSENT);
    assert_eq!(refused(&temp.path().join("job/chk-2")), ABSENT);
    fs::write(temp.path().join("file"), "").expect("writable");
    assert_eq!(refused(&temp.path().join("file")), ABSENT);
}

#[test]
fn what_is_not_mounted_is_unreachable() {
    let temp = tempfile::tempdir().expect("a directory");
    let job = temp.path().join("mount/job");
    write_snapshot(&job.join("chk-1"), SnapshotFormat::Native, "job", 1);
    let away = temp.path().join("away");
    fs::rename(temp.path().join("mount"), &away).expect("writable");
    assert_eq!(
        refused(&job.join("chk-1")),
        UNREACHABLE,
        "nothing is mounted"
    );
    fs::create_dir(temp.path().join("mount")).expect("writable");
    assert_eq!(
        refused(&job.join("chk-1")),
        UNREACHABLE,
        "the mount point is empty"
    );
    fs::remove_dir(temp.path().join("mount")).expect("empty");
    fs::rename(&away, temp.path().join("mount")).expect("writable");
    let snapshot = Snapshot::open(&location(&job.join("chk-1"))).expect("it is back");
    snapshot.verify_all().expect("intact");
}

#[test]
fn what_goes_while_it_is_read_is_unreachable_and_read_when_it_is_back() {
    let temp = tempfile::tempdir().expect("a directory");
    let (directory, away) = (temp.path().join("chk-1"), temp.path().join("away"));
    let place = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    let snapshot = Snapshot::open(&place).expect("intact");
    fs::rename(&directory, &away).expect("writable");
    let error = snapshot.verify_all().expect_err("gone");
    assert_eq!((error.code(), error.kind()), UNREACHABLE, "{error}");
    assert_eq!(snapshot.progress().bytes, 0);
    fs::rename(&away, &directory).expect("writable");
    snapshot
        .verify_all()
        .expect("what failed is not remembered");
    fs::rename(&directory, &away).expect("writable");
    snapshot
        .verify_all()
        .expect("and what is verified is not read again");
}

#[test]
fn only_bytes_that_are_wrong_are_damage() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    let place = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    let snapshot = Snapshot::open(&place).expect("intact");
    let file = snapshot.metadata().files().next().expect("a file").clone();
    let path = directory.join(&file.path);
    let intact = fs::read(&path).expect("there");
    let mut flipped = intact.clone();
    flipped[20] ^= 1;
    fs::write(&path, &flipped).expect("writable");
    Snapshot::open(&place).expect("lengths alone are looked at");
    assert_eq!(refused(&directory), DAMAGED);
    fs::write(&path, &intact[1..]).expect("writable");
    let opened = Snapshot::open(&place).expect_err("its length is looked at at once");
    assert_eq!(opened.code(), DAMAGED.0);
    fs::remove_file(&path).expect("there");
    let absent = ("MS-3003", ErrorKind::Unavailable);
    assert_eq!(refused(&directory), absent, "it may come back");
    fs::write(
        directory.join("_metadata"),
        "PAR1 and so on, of a table of Parquet",
    )
    .expect("writable");
    assert_eq!(refused(&directory), ("MS-3012", ErrorKind::Data));
}

#[test]
fn checksums_are_verified_once_over_all_clones_and_threads() {
    let temp = tempfile::tempdir().expect("a directory");
    let place = write_snapshot(temp.path(), SnapshotFormat::Canonical, "job", 1);
    let snapshot = Snapshot::open(&place).expect("intact");
    let of = snapshot.progress().of;
    let files: u64 = snapshot.metadata().files().map(|file| file.bytes).sum();
    assert_eq!((snapshot.progress().bytes, of), (0, files));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let snapshot = snapshot.clone();
            scope.spawn(move || snapshot.verify_all().expect("intact"));
        }
    });
    assert_eq!(snapshot.progress().bytes, of, "each byte was read once");
}

#[test]
fn no_checkpoint_is_made_where_the_directory_of_its_job_is_not() {
    let temp = tempfile::tempdir().expect("a directory");
    let layout = SnapshotLayout::new(location(temp.path()), JobId::from_bytes([7; 16]));
    let make = || SnapshotTarget::checkpoint(&layout, 1, SnapshotFormat::Native);
    assert_eq!(make().expect_err("it is away").code(), "MS-3008");
    assert!(
        !layout.job_directory().exists(),
        "it would stand in its place"
    );
    fs::create_dir(layout.job_directory()).expect("it is back");
    make().expect("now there is a place for it");
}

#[test]
fn what_nobody_waits_for_any_more_is_not_read() {
    let temp = tempfile::tempdir().expect("a directory");
    let path = temp.path().join("job/chk-1");
    write_snapshot(&path, SnapshotFormat::Native, "job", 1);
    let snapshot = Snapshot::open(&location(&path)).expect("intact");
    snapshot.clone().give_up();
    let error = snapshot.verify_all().expect_err("it was given up");
    assert_eq!((error.code(), error.kind()), UNREACHABLE);
    let again = Snapshot::open(&location(&path)).expect("intact");
    again.verify_all().expect("who opens it anew reads it");
}
