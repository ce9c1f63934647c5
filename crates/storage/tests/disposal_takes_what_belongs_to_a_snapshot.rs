//! A snapshot is deleted with all that belongs to it, nothing else, and as often as asked.

mod common;

use std::fs;

use common::write_snapshot;
use millstream_storage::{
    Location, Snapshot, SnapshotFormat, discard_incomplete, dispose, remove_empty_job_directory,
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
    assert_eq!(dispose(&location).expect("writable"), bytes);
    assert!(!directory.exists());
    assert_eq!(dispose(&location).expect("gone already"), 0);
}

#[test]
fn files_of_others_stay() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    let location = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    fs::write(directory.join("notes.txt"), "mine").expect("writable");
    fs::write(directory.join("data.parquet"), "mine").expect("writable");
    assert!(dispose(&location).expect("writable") > 0);
    let left = fs::read_dir(&directory).expect("kept").count();
    assert_eq!(left, 2, "the two files that are not the snapshot's");
}

#[test]
fn a_crash_halfway_leaves_an_incomplete_snapshot_that_can_be_finished_off() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    let location = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    fs::remove_file(directory.join("_metadata")).expect("the first step");
    assert_eq!(
        Snapshot::open(&location).expect_err("incomplete").code(),
        "MS-3001"
    );
    assert!(dispose(&location).expect("writable") > 0);
    assert!(!directory.exists());
}

#[test]
fn a_damaged_snapshot_can_be_deleted() {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-1");
    let location = write_snapshot(&directory, SnapshotFormat::Native, "job", 1);
    fs::write(directory.join("_metadata"), "{").expect("writable");
    dispose(&location).expect("writable");
    assert!(!directory.exists());
}

#[test]
fn a_jobs_directory_goes_when_its_last_checkpoint_has_gone() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = Location::from_path(temp.path()).expect("a path");
    let job = "f8cccb14cd33babade335fd60aefa9e4".parse().expect("an id");
    let job_directory = temp.path().join("f8cccb14cd33babade335fd60aefa9e4");
    let location = write_snapshot(
        &job_directory.join("chk-1"),
        SnapshotFormat::Native,
        "job",
        1,
    );
    fs::create_dir(job_directory.join("shared")).expect("writable");
    assert!(!remove_empty_job_directory(&checkpoints, job).expect("in use"));
    dispose(&location).expect("writable");
    assert!(remove_empty_job_directory(&checkpoints, job).expect("empty"));
    assert!(remove_empty_job_directory(&checkpoints, job).expect("gone already"));
    assert!(!job_directory.exists());
    assert_eq!(
        discard_incomplete(&job_directory).expect("nothing there"),
        0
    );
}
