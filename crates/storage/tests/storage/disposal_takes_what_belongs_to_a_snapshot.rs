//! A snapshot is deleted with all that belongs to it, nothing else, and as often as asked.

use std::fs;

use crate::common::{metadata, write_native, write_snapshot};
use millstream_core::JobId;
use millstream_storage::{
    Disposed, Location, PreparedMetadata, Snapshot, SnapshotFormat, SnapshotLayout, SnapshotTarget,
    dispose, mark_committed, sweep,
};

#[test]
fn all_files_go_and_their_bytes_are_told() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    let location = write_snapshot(&directory, SnapshotFormat::Canonical, "job", 1);
    let files = fs::read_dir(&directory).expect("there");
    let bytes: u64 = files
        .map(|file| file.expect("there").metadata().expect("there").len())
        .sum();
    let told = dispose(&location, true).expect("readable");
    assert_eq!(told.bytes(), bytes);
    Snapshot::open(&location)
        .and_then(|snapshot| snapshot.verify_all())
        .expect("a dry run touches nothing");
    let mut done = dispose(&location, false).expect("writable");
    assert_eq!(done.bytes(), bytes);
    assert_eq!(done.files.len(), told.files.len());
    assert!(!directory.exists());
    done = dispose(&location, false).expect("gone already");
    assert_eq!(done, Disposed::default());
}

#[test]
fn behind_a_symbolic_link_as_well() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    let link = temp.path().join("link");
    std::os::unix::fs::symlink(&directory, &link).expect("a link");
    let location = Location::from_path(&link).expect("a path");
    assert!(dispose(&location, false).expect("writable").bytes() > 0);
    assert!(!directory.exists());
}

#[test]
fn files_of_others_stay() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    let location = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    fs::write(directory.join("notes.txt"), "mine").expect("writable");
    fs::write(directory.join("data.parquet"), "mine").expect("writable");
    assert!(dispose(&location, false).expect("writable").bytes() > 0);
    let left = fs::read_dir(&directory).expect("kept").count();
    assert_eq!(left, 2, "the two files that are not the snapshot's");
}

#[test]
fn what_it_holds_without_a_note_of_the_commit_is_told() {
    for is_committed in [false, true] {
        let temp = tempfile::tempdir().expect("a directory");
        let directory = temp.path().join("chk-1");
        let target = SnapshotTarget::create(&directory, SnapshotFormat::Native);
        let target = target.expect("a new directory");
        let file = write_native(&target);
        let mut content = metadata(SnapshotFormat::Native, "job", 1, file);
        for operator in &mut content.operators {
            operator.prepared.push(PreparedMetadata {
                name: "s3://bucket/out/part".to_owned(),
                value: serde_json::json!({"upload": "1"}),
            });
        }
        let location = target.complete(&content).expect("writable");
        if is_committed {
            mark_committed(&directory).expect("writable");
        }
        let expected = match is_committed {
            true => Vec::new(),
            false => vec!["s3://bucket/out/part".to_owned()],
        };
        for dry_run in [true, false] {
            let disposed = dispose(&location, dry_run).expect("writable");
            assert_eq!(disposed.uncommitted, expected, "{is_committed} {dry_run}");
        }
    }
}

#[test]
fn a_crash_halfway_leaves_what_can_be_finished_off() {
    // The steps before a crash: the list is out of its place; a file is gone; all files are.
    for gone in 0..=2 {
        let temp = tempfile::tempdir().expect("a directory");
        let directory = temp.path().join("chk-1");
        let location = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
        mark_committed(&directory).expect("writable");
        let renamed = directory.join("_metadata.disposed");
        fs::rename(directory.join("_metadata"), &renamed).expect("the first step");
        let files = fs::read_dir(&directory).expect("there");
        let others = files
            .map(|file| file.expect("there").path())
            .filter(|path| *path != renamed);
        others
            .take(gone)
            .for_each(|path| fs::remove_file(path).expect("the next steps"));
        assert_eq!(
            Snapshot::open(&location).expect_err("no snapshot").code(),
            "MS-3001"
        );
        let rest = dispose(&location, false).expect("writable");
        assert_eq!(rest.files.len(), 3 - gone);
        assert!(!directory.exists());
    }
}

#[test]
fn what_a_job_left_when_it_died_is_swept() {
    let temp = tempfile::tempdir().expect("a directory");
    let job = JobId::from_bytes([7; 16]);
    let layout = SnapshotLayout::new(Location::from_path(temp.path()).expect("a path"), job);
    let begun = |number| {
        let target = SnapshotTarget::create(layout.checkpoint(number), SnapshotFormat::Native);
        write_native(&target.expect("writable"));
    };
    begun(1);
    write_snapshot(&layout.checkpoint(2), SnapshotFormat::Native, "job", 2);
    begun(3);
    begun(4);
    fs::create_dir_all(layout.shared()).expect("writable");
    let orphan = layout.shared().join("0123456789abcdef-0-seen.opaque");
    fs::write(&orphan, "state of a checkpoint that never was").expect("writable");
    let swept = sweep(&layout).expect("writable");
    assert_eq!(swept.files.len(), 4, "{swept:?}");
    let left = |number| layout.checkpoint(number).exists();
    assert_eq!([1, 2, 3, 4].map(left), [false, true, false, true]);
    let last = fs::read_dir(layout.checkpoint(4)).expect("a directory");
    assert_eq!(last.count(), 0, "its number is taken, no more");
    assert!(!orphan.exists());
}
