//! A directory whose `_metadata` is not a readable one of ours loses nothing, and files that ours does not list stay.

use std::fs;
use std::path::Path;

use crate::common::write_snapshot;
use millstream_storage::{
    Disposed, Location, Pin, Snapshot, SnapshotFormat, discard_incomplete, dispose, same_place,
};

/// All files below a directory with their contents.
fn contents(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).expect("there");
    let mut all: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("there").path();
            (path.display().to_string(), fs::read(&path).expect("a file"))
        })
        .collect();
    all.sort();
    all
}

#[test]
fn whatever_has_a_file_of_that_name() {
    let flink = [&[0x49, 0x60, 0x67, 0x2d, 0, 0, 0, 4][..], &[7; 90]].concat();
    for (bytes, code) in [
        (
            &b"PAR1\x15\x04\x15\x10 a summary of a table PAR1"[..],
            "MS-3012",
        ),
        (&flink, "MS-3012"),
        (
            b"{\"schema\": [1, 2, 3], \"rows\": 17, \"parts\": []}",
            "MS-3012",
        ),
        (
            b"{\n  \"format\": \"millstream-snapshot\",\n  \"version\": 99\n}\n",
            "MS-3004",
        ),
        (
            b"{\n  \"format\": \"millstream-snapshot\",\n  \"vers",
            "MS-3002",
        ),
        (b"", "MS-3002"),
    ] {
        for name in ["_metadata", "_metadata.disposed"] {
            let temp = tempfile::tempdir().expect("a directory");
            let directory = temp.path().join("table");
            fs::create_dir(&directory).expect("writable");
            fs::write(directory.join(name), bytes).expect("writable");
            // Named as the files of snapshots are, too.
            for file in [
                "part-0.parquet",
                "d0720b8e028ec368-0-count.parquet",
                "_committed",
            ] {
                fs::write(directory.join(file), "theirs").expect("writable");
            }
            let before = contents(&directory);
            let place = Location::from_path(&directory).expect("a path");
            for dry_run in [true, false] {
                let error = dispose(&place, dry_run).expect_err("not ours");
                assert_eq!(error.code(), code, "{error}");
            }
            discard_incomplete(&directory).expect_err("not ours");
            assert_eq!(contents(&directory), before);
        }
    }
}

#[test]
fn a_directory_without_metadata_is_left_as_it_is() {
    let temp = tempfile::tempdir().expect("a directory");
    fs::write(temp.path().join("d0720b8e028ec368-0-count.state"), "x").expect("writable");
    let place = Location::from_path(temp.path()).expect("a path");
    assert_eq!(
        dispose(&place, false).expect("nothing there"),
        Disposed::default()
    );
    assert_eq!(contents(temp.path()).len(), 1);
}

#[test]
fn files_that_are_not_listed() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    let place = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    // Of the same pattern, and of others.
    for name in ["0000000000000000-7-theirs.state", "notes.txt"] {
        fs::write(directory.join(name), "theirs").expect("writable");
    }
    dispose(&place, false).expect("writable");
    assert_eq!(contents(&directory).len(), 2);
}

#[test]
fn one_place_is_known_by_all_its_names() {
    let temp = tempfile::tempdir().expect("a directory");
    let base = temp.path().canonicalize().expect("there");
    fs::create_dir_all(base.join("cp/job/chk-1")).expect("writable");
    fs::create_dir_all(base.join("cp/job/chk-2")).expect("writable");
    std::os::unix::fs::symlink(base.join("cp"), base.join("link")).expect("writable");
    let place = |text: &str| -> Location {
        format!("{}/{text}", base.display())
            .parse()
            .expect("a path")
    };
    let first = place("cp/job/chk-1");
    for (text, expected) in [
        ("cp/job/chk-1", true),
        ("cp/job/chk-1/", true),
        ("cp/job/chk-1/_metadata", true),
        ("cp//job/./chk-1", true),
        ("cp/job/../job/chk-1", true),
        ("cp/job/chk-2/../chk-1", true),
        ("link/job/chk-1", true),
        ("cp/job/chk-2", false),
        ("cp/job", false),
        ("cp/job/chk-3", false),
        ("elsewhere/chk-1", false),
    ] {
        let same = same_place(&place(text), &first).expect("readable");
        assert_eq!(same, expected, "{text}");
    }
    let (direct, linked) = (place("cp/job/chk-9"), place("link/job/chk-9"));
    assert!(
        same_place(&direct, &linked).expect("readable"),
        "though it is gone"
    );
}

#[test]
fn what_a_job_that_runs_would_go_back_to_is_refused() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("savepoint-1");
    let savepoint = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    let pins = [Pin::take(&savepoint), Pin::take(&savepoint)];
    assert!(pins.iter().all(Option::is_some), "two jobs may");
    let error = dispose(&savepoint, false).expect_err("they are there");
    assert_eq!(error.code(), "MS-3011");
    Snapshot::open(&savepoint).expect("nothing was touched");
    drop(pins);
    dispose(&savepoint, false).expect("nobody needs it");
    assert!(!directory.exists());
}
