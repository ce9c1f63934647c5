//! `-s latest` answers the snapshot up to which output is committed, and refuses where that is not there any more.

use std::fs;
use std::path::Path;

use crate::common::{metadata, write_native};
use millstream_core::{JobId, Lineage};
use millstream_storage::{
    Ended, Location, Owner, Ownership, Reached, Snapshot, SnapshotFormat, SnapshotKind,
    SnapshotLayout, SnapshotTarget, dispose, mark_ended, newest, reached,
};

const FIRST: u128 = 1;
const SECOND: u128 = 2;

fn job(id: u128) -> JobId {
    JobId::from_bytes(id.to_be_bytes())
}

fn location(path: &Path) -> Location {
    Location::from_path(path).expect("a path")
}

/// Completes a snapshot: of a savepoint `last` says whether the job ended with it.
fn write(path: &Path, id: u128, created: u64, kind: SnapshotKind, last: bool) -> Location {
    let target = SnapshotTarget::create(path, SnapshotFormat::Native).expect("a directory");
    let file = write_native(&target);
    let mut content = metadata(SnapshotFormat::Native, "mine", created, file);
    content.job_id = job(id);
    content.kind = kind;
    content.last = last;
    target.complete(&content).expect("writable")
}

/// Notes that the job ended as a version without lineages would have.
fn end(checkpoints: &Path, id: u128, (status, at): (&str, u64), savepoint: Option<&Location>) {
    let ended = Ended {
        job_id: job(id),
        job_name: "mine".to_owned(),
        status: status.to_owned(),
        ended: at,
        savepoint: savepoint.map(Location::to_string),
        number: None,
        run: None,
        lineage: Lineage::default(),
    };
    mark_ended(&location(checkpoints), &ended).expect("writable");
}

#[test]
fn a_savepoint_on_the_way_does_not_count_where_its_job_has_checkpoints() {
    let temp = tempfile::tempdir().expect("a directory");
    let (checkpoints, savepoints) = (temp.path().join("cp"), temp.path().join("sp"));
    let find = || {
        newest(
            Some(&location(&checkpoints)),
            &[location(&savepoints)],
            "mine",
        )
        .map(|found| found.map(|newest| newest.location))
    };
    let savepoint = |name: &str, id, created, last| {
        write(
            &savepoints.join(name),
            id,
            created,
            SnapshotKind::Savepoint,
            last,
        )
    };
    let alone = savepoint("savepoint-a", FIRST, 20, false);
    assert_eq!(
        find().expect("readable"),
        Some(alone),
        "there is nothing else of its job"
    );

    let path = checkpoints.join("1/chk-1");
    let checkpoint = write(&path, FIRST, 10, SnapshotKind::Checkpoint, false);
    assert_eq!(
        find().expect("readable"),
        Some(checkpoint),
        "the job may have gone back to its checkpoint since, and written the rest anew"
    );
    let end = savepoint("savepoint-b", FIRST, 30, true);
    assert_eq!(find().expect("readable"), Some(end));
}

#[test]
fn an_older_snapshot_is_refused_where_the_last_was_deleted_with_its_job() {
    let temp = tempfile::tempdir().expect("a directory");
    let (checkpoints, savepoints) = (temp.path().join("cp"), temp.path().join("sp"));
    let find = || {
        newest(
            Some(&location(&checkpoints)),
            &[location(&savepoints)],
            "mine",
        )
        .map(|found| found.map(|newest| newest.location))
    };
    write(
        &savepoints.join("savepoint-a"),
        FIRST,
        10,
        SnapshotKind::Savepoint,
        true,
    );
    end(&checkpoints, SECOND, ("FINISHED", 20), None);
    let error = find().expect_err("output since then is written");
    assert!(error.message().contains("`mine` ended FINISHED"), "{error}");
    assert!(error.next_step().contains("-s PATH"), "{error}");
    let other = newest(Some(&location(&checkpoints)), &[], "other").expect("readable");
    assert_eq!(other, None, "other jobs are not concerned");

    let later = write(
        &savepoints.join("savepoint-b"),
        FIRST,
        30,
        SnapshotKind::Savepoint,
        true,
    );
    assert_eq!(
        find().expect("readable"),
        Some(later),
        "a later run has gone on"
    );

    end(&checkpoints, FIRST, ("CANCELED", 40), None);
    assert!(
        !checkpoints.join(job(SECOND).to_string()).exists(),
        "one note is enough"
    );
}

#[test]
fn a_checkpoint_that_holds_anything_else_is_not_passed_over() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = temp.path().join("cp");
    let find = || newest(Some(&location(&checkpoints)), &[], "mine");
    let directory = checkpoints.join(job(FIRST).to_string());
    for number in [1, 2] {
        let path = directory.join(format!("chk-{number}"));
        write(&path, FIRST, number, SnapshotKind::Checkpoint, false);
    }
    let metadata = directory.join("chk-2/_metadata");
    std::fs::write(&metadata, "\u{7f}ELF and nothing of ours").expect("writable");
    let error = find().expect_err("output up to it may be committed");
    assert_eq!(error.code(), "MS-3002");
    assert!(error.message().contains("chk-2/_metadata"), "{error}");
    // Somebody's own file where savepoints lie says nothing.
    std::fs::create_dir_all(temp.path().join("sp/parquet")).expect("writable");
    std::fs::rename(&metadata, temp.path().join("sp/parquet/_metadata")).expect("writable");
    let savepoints = [location(&temp.path().join("sp"))];
    let found = newest(Some(&location(&checkpoints)), &savepoints, "mine").expect("readable");
    assert!(found.is_some_and(|newest| newest.location.path().ends_with("chk-1")));
}

#[test]
fn the_savepoint_of_a_stop_is_found_wherever_it_lies() {
    let temp = tempfile::tempdir().expect("a directory");
    let (checkpoints, savepoints) = (temp.path().join("cp"), temp.path().join("sp"));
    let find = || {
        newest(
            Some(&location(&checkpoints)),
            &[location(&savepoints)],
            "mine",
        )
        .map(|found| found.map(|newest| newest.location))
    };
    let path = savepoints.join("savepoint-a");
    write(&path, FIRST, 10, SnapshotKind::Savepoint, true);
    let path = temp.path().join("elsewhere/savepoint-b");
    let elsewhere = write(&path, SECOND, 20, SnapshotKind::Savepoint, true);
    end(&checkpoints, SECOND, ("FINISHED", 30), Some(&elsewhere));
    assert_eq!(find().expect("readable"), Some(elsewhere));
}

/// Completes a checkpoint where it belongs.
fn checkpoint(checkpoints: &Path, id: u128, number: u64) -> Location {
    let layout = SnapshotLayout::new(location(checkpoints), job(id));
    let target = SnapshotTarget::create(layout.checkpoint(number), SnapshotFormat::Native);
    let target = target.expect("a directory");
    let file = write_native(&target);
    let mut content = metadata(SnapshotFormat::Native, "mine", number, file);
    content.job_id = job(id);
    target.complete(&content).expect("writable")
}

#[test]
fn a_checkpoint_in_the_place_of_another_is_damage() {
    let temp = tempfile::tempdir().expect("a directory");
    let find = || newest(Some(&location(temp.path())), &[], "mine");
    let first = checkpoint(temp.path(), FIRST, 1);
    let second = checkpoint(temp.path(), FIRST, 2);
    assert_eq!(
        find().expect("readable").map(|newest| newest.location),
        Some(second.clone())
    );
    fs::copy(first.metadata_path(), second.metadata_path()).expect("written");
    let refused = [
        find().expect_err("it is the first one").code(),
        Snapshot::open(&second).expect_err("by its name").code(),
    ];
    assert_eq!(refused, ["MS-3002", "MS-3002"]);

    let others = checkpoint(temp.path(), SECOND, 2);
    fs::copy(others.metadata_path(), second.metadata_path()).expect("written");
    let error = Snapshot::open(&second).expect_err("it is that of another job");
    assert_eq!(error.code(), "MS-3002");

    let copy = temp.path().join("kept/chk-7");
    fs::create_dir_all(copy.parent().expect("a parent")).expect("writable");
    fs::rename(others.path(), &copy).expect("moved");
    Snapshot::open(&location(&copy)).expect("whoever keeps a copy may call it what they like");
}

#[test]
fn a_job_is_told_how_far_it_came_where_its_directory_is_an_older_copy() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = location(temp.path());
    let (own, anew) = (Lineage::fresh(1), Lineage::fresh(2));
    let owner = Owner {
        job_name: "mine".to_owned(),
        lineage: own.clone(),
        what: "a process".to_owned(),
        since: 0,
        is_alone: false,
    };
    let ownership = Ownership::acquire(&checkpoints, job(FIRST), owner).expect("free");
    let note = |number| {
        let reached = Reached {
            job_id: job(FIRST),
            job_name: "mine".to_owned(),
            lineage: own.clone(),
            number,
        };
        ownership.note_reached(&reached).expect("writable");
    };
    let found = |lineage| reached(&checkpoints, job(FIRST), lineage).expect("readable");
    assert_eq!(found(&own), None);
    note(5);
    let inside = temp.path().join(job(FIRST).to_string()).join("_reached");
    let copy = temp.path().join("copy");
    fs::copy(&inside, &copy).expect("copied");
    note(9);
    fs::copy(&copy, &inside).expect("put back");
    assert_eq!((found(&own), found(&anew)), (Some(9), Some(5)));
    fs::remove_file(&inside).expect("removed");
    assert_eq!((found(&own), found(&anew)), (Some(9), None));
}

#[test]
fn a_newest_checkpoint_that_is_away_is_missed() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = location(temp.path());
    let owner = || Owner {
        job_name: "mine".to_owned(),
        lineage: Lineage::default(),
        what: "a process".to_owned(),
        since: 0,
        is_alone: false,
    };
    let ownership = Ownership::acquire(&checkpoints, job(FIRST), owner()).expect("free");
    let reached = |job_id, number| Reached {
        job_id,
        job_name: "mine".to_owned(),
        lineage: Lineage::default(),
        number,
    };
    let find = || newest(Some(&checkpoints), &[], "mine");
    let first = checkpoint(temp.path(), FIRST, 1);
    for number in [2, 1] {
        ownership
            .note_reached(&reached(job(FIRST), number))
            .expect("writable");
    }
    let error = find().expect_err("the second is not there");
    assert_eq!(error.code(), "MS-3001");
    assert!(error.message().contains("snapshot 2 of job"), "{error}");
    let second = checkpoint(temp.path(), FIRST, 2);
    assert_eq!(
        find().expect("readable").map(|newest| newest.location),
        Some(second.clone())
    );

    let foreign = reached(job(SECOND), 9);
    ownership.note_reached(&foreign).expect("not its own");
    assert!(!temp.path().join(job(SECOND).to_string()).exists());

    for snapshot in [first, second] {
        dispose(&snapshot, false).expect("writable");
    }
    ownership.end().expect("writable");
    let error = find().expect_err("nobody has noted the end");
    assert_eq!(error.code(), "MS-3001");

    let ended = Ended {
        job_id: job(SECOND),
        job_name: "mine".to_owned(),
        status: "FINISHED".to_owned(),
        ended: 0,
        savepoint: None,
        number: Some(3),
        run: Some(1),
        lineage: Lineage::fresh(1),
    };
    mark_ended(&checkpoints, &ended).expect("writable");
    let error = find().expect_err("that of the second job is noted");
    assert!(error.message().contains("ended FINISHED"), "{error}");
    let first = temp.path().join(job(FIRST).to_string());
    assert!(!first.exists(), "and nothing is left of the first");
}
