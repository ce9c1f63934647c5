//! `-s latest`: the newest completed snapshot of a job name, over job ids, checkpoints and savepoints.

use std::fs;
use std::path::Path;

use crate::common::write_snapshot;
use millstream_storage::{Location, SnapshotFormat, newest};

fn location(path: &Path) -> Location {
    Location::from_path(path).expect("a path")
}

#[test]
fn by_time_over_all_job_ids_and_savepoints() {
    let temp = tempfile::tempdir().expect("a directory");
    let (checkpoints, savepoints) = (temp.path().join("cp"), temp.path().join("sp"));
    let write = |path: std::path::PathBuf, job: &str, created| {
        write_snapshot(&path, SnapshotFormat::Native, job, created)
    };
    let find = |job: &str| {
        let found = newest(Some(&location(&checkpoints)), &[location(&savepoints)], job);
        found.expect("readable").map(|newest| newest.location)
    };
    assert_eq!(
        find("mine"),
        None,
        "directories that are not there hold nothing"
    );

    write(checkpoints.join("id1/chk-90"), "mine", 10);
    let second = write(checkpoints.join("id2/chk-3"), "mine", 20);
    write(checkpoints.join("id3/chk-4"), "other", 99);
    assert_eq!(find("mine"), Some(second));

    let savepoint = write(savepoints.join("savepoint-f8cccb-d08cc0ef01b6"), "mine", 30);
    assert_eq!(find("mine"), Some(savepoint.clone()));

    let incomplete = checkpoints.join("id2/chk-4");
    fs::create_dir_all(&incomplete).expect("writable");
    fs::write(incomplete.join("_metadata.inprogress"), "{").expect("writable");
    assert_eq!(
        find("mine"),
        Some(savepoint),
        "what is not completed is passed over"
    );
    assert_eq!(find("nobody's"), None);
}

#[test]
fn a_newer_one_that_cannot_be_read_is_not_passed_over() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = location(temp.path());
    write_snapshot(
        &temp.path().join("id/chk-1"),
        SnapshotFormat::Native,
        "mine",
        1,
    );
    let broken = temp.path().join("id/chk-2");
    write_snapshot(&broken, SnapshotFormat::Native, "mine", 2);
    let metadata = broken.join("_metadata");
    let text = fs::read_to_string(&metadata).expect("there");
    fs::write(&metadata, text.replace("mine", "mime")).expect("writable");
    let found = newest(Some(&checkpoints), &[], "mine").expect("it is another job's by its name");
    assert!(found.is_some());

    fs::write(&metadata, &text[..100]).expect("writable");
    let error = newest(Some(&checkpoints), &[], "mine").expect_err("may be the newest");
    assert!(error.message().contains("chk-2"), "{error}");
    assert!(error.next_step().contains("-s"), "{error}");
}
