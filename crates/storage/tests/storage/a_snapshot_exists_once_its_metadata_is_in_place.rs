//! A snapshot exists when its `_metadata` is in place, and not before.

use crate::common::{metadata, write_native, write_snapshot};
use millstream_storage::{Location, Snapshot, SnapshotFormat, SnapshotTarget, discard_incomplete};

#[test]
fn before_it_is_completed_nobody_takes_it_for_a_snapshot() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("job/chk-1");
    let target = SnapshotTarget::create(&directory, SnapshotFormat::Native).expect("new");
    let file = write_native(&target);
    let location = Location::from_path(&directory).expect("a path");
    assert_eq!(
        Snapshot::open(&location).expect_err("incomplete").code(),
        "MS-3001"
    );

    let completed = target
        .complete(&metadata(SnapshotFormat::Native, "job", 1, file))
        .expect("ok");
    assert_eq!(completed, location);
    let snapshot = Snapshot::open(&location).expect("complete");
    let operator = snapshot.operator("sum").expect("written");
    assert_eq!(operator.state("count").expect("written").files.len(), 1);
    assert!(snapshot.operator("other").is_none());
}

#[test]
fn what_a_dead_attempt_left_is_replaced_and_a_completed_snapshot_is_not() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    let target = SnapshotTarget::create(&directory, SnapshotFormat::Native).expect("new");
    write_native(&target);
    std::fs::write(directory.join("_metadata.inprogress"), "{").expect("writable");

    write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    assert_eq!(std::fs::read_dir(&directory).expect("there").count(), 2);

    let error = SnapshotTarget::create(&directory, SnapshotFormat::Native).expect_err("complete");
    assert!(error.message().contains("chk-1"), "{error}");
    assert!(discard_incomplete(&directory).is_err());
    Snapshot::open(&Location::from_path(&directory).expect("a path")).expect("still whole");
}

#[test]
fn a_snapshot_may_be_moved() {
    let temp = tempfile::tempdir().expect("a directory");
    write_snapshot(&temp.path().join("a"), SnapshotFormat::Canonical, "job", 1);
    std::fs::rename(temp.path().join("a"), temp.path().join("b")).expect("the same disk");
    let moved = Location::from_path(temp.path().join("b/_metadata")).expect("a path");
    Snapshot::open(&moved).expect("references are relative");
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let temp = tempfile::tempdir().expect("a directory");
    std::fs::write(temp.path().join("file"), "").expect("writable");
    let error = SnapshotTarget::create(temp.path().join("file/chk-1"), SnapshotFormat::Native)
        .expect_err("the parent is a file");
    assert_eq!(error.code(), "MS-3008");
    assert!(error.message().contains("file/chk-1"), "{error}");
}
