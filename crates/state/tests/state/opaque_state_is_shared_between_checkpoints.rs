//! Parts of opaque state are written once for all checkpoints of a job, and are deleted with the last that refers to them. A
//! savepoint has parts of its own.

use std::fs;
use std::path::Path;

use millstream_core::{CheckpointId, JobId, Lineage, MaxParallelism, Numbers, OperatorId, Result};
use millstream_state::{OpaquePart, OpaqueState, WriteState};
use millstream_storage::{
    FileEntry, Location, OperatorMetadata, Snapshot, SnapshotFormat, SnapshotKind, SnapshotLayout,
    SnapshotMetadata, SnapshotTarget, StateMetadata, VerifiedFile, dispose, sweep,
};

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

fn layout(directory: &Path, of: u8) -> SnapshotLayout {
    let checkpoints = Location::from_path(directory).expect("a path");
    let layout = SnapshotLayout::new(checkpoints, job(of));
    fs::create_dir_all(layout.job_directory()).expect("writable");
    layout
}

fn state(parts: &[&OpaquePart]) -> OpaqueState {
    let empty = OpaqueState::new("ledger", "ledger-v1");
    parts
        .iter()
        .fold(empty, |state, part| state.part((*part).clone()))
}

/// Writes the state into the targets as the engine does.
fn write(
    state: OpaqueState,
    targets: &[&SnapshotTarget],
    number: CheckpointId,
) -> Vec<Result<Location>> {
    let operator = OperatorId::from_uid("source");
    let written = Box::new(state).write(targets, operator, 0);
    let complete = |(target, state): (&&SnapshotTarget, Result<StateMetadata>)| {
        let place = target.directory().parent().and_then(Path::file_name);
        let own = place.and_then(|name| name.to_str()?.parse().ok());
        let mut source = OperatorMetadata::new("source", "source", 1);
        source.add_state(state?);
        target.complete(&SnapshotMetadata {
            job_id: own.unwrap_or(job(1)),
            job_name: "ledgers".to_owned(),
            checkpoint_id: number,
            kind: if target.may_share() {
                SnapshotKind::Checkpoint
            } else {
                SnapshotKind::Savepoint
            },
            format: target.format(),
            drained: false,
            last: false,
            savepoint: None,
            owed_notes: Vec::new(),
            lineage: Lineage::fresh(1),
            run: 1,
            numbers: Numbers::default(),
            created: 1_790_000_000_000,
            millstream_version: "0.1.0".to_owned(),
            max_parallelism: MaxParallelism::DEFAULT,
            operators: vec![source],
        })
    };
    targets.iter().zip(written).map(complete).collect()
}

fn checkpoint(layout: &SnapshotLayout, number: CheckpointId, parts: &[&OpaquePart]) -> Location {
    let target = SnapshotTarget::checkpoint(layout, number, SnapshotFormat::Native);
    let mut written = write(state(parts), &[&target.expect("writable")], number);
    written.remove(0).expect("writable")
}

/// The parts of the state in a snapshot.
fn parts(location: &Location) -> Vec<(FileEntry, VerifiedFile)> {
    let snapshot = Snapshot::open(location).expect("intact");
    let source = snapshot.operator("source").expect("written");
    let ledger = source.state("ledger").expect("written");
    let verified = |file: &FileEntry| (file.clone(), source.verified(file).expect("intact"));
    ledger.files.iter().map(verified).collect()
}

fn contents(location: &Location) -> Vec<Vec<u8>> {
    let parts = parts(location);
    parts
        .iter()
        .map(|(_, file)| file.read().expect("intact"))
        .collect()
}

fn files_in(directory: &Path) -> usize {
    fs::read_dir(directory).map_or(0, Iterator::count)
}

#[test]
fn each_checkpoint_writes_what_is_new() {
    let temp = tempfile::tempdir().expect("a directory");
    let layout = layout(temp.path(), 1);
    let old = OpaquePart::shared("ledger-1-0", 2, b"old".to_vec());
    let new = OpaquePart::shared("ledger-1-1", 1, b"new".to_vec());
    let tail = |text: &str| OpaquePart::new("ledger-tail", 1, text.into());
    let first = checkpoint(&layout, 1, &[&old, &tail("a")]);
    let second = checkpoint(&layout, 2, &[&old, &new, &tail("b")]);
    assert_eq!(contents(&first), [b"old".to_vec(), b"a".to_vec()]);
    assert_eq!(contents(&second), [&b"old"[..], b"new", b"b"]);
    assert_eq!(files_in(&layout.shared()), 2);
    assert_eq!(files_in(second.path()), 2, "its own part and _metadata");

    dispose(&first, false).expect("writable");
    assert_eq!(
        contents(&second).len(),
        3,
        "the second needs what is shared"
    );
    let third = checkpoint(&layout, 3, &[&new]);
    let told = dispose(&second, true).expect("readable");
    let gone = dispose(&second, false).expect("writable");
    assert_eq!(told.bytes(), gone.bytes());
    assert_eq!(contents(&third), [b"new"]);
    assert_eq!(files_in(&layout.shared()), 1, "nothing needs the old one");
    dispose(&third, false).expect("writable");
    assert_eq!(files_in(&layout.shared()), 0);
}

#[test]
fn a_savepoint_holds_all_of_it_and_can_be_moved() {
    let temp = tempfile::tempdir().expect("a directory");
    let layout = layout(temp.path(), 1);
    let part = OpaquePart::shared("ledger-1-0", 2, b"all".to_vec());
    checkpoint(&layout, 1, &[&part]);
    let native = SnapshotTarget::checkpoint(&layout, 2, SnapshotFormat::Native);
    let savepoint = SnapshotTarget::create(temp.path().join("sp"), SnapshotFormat::Canonical);
    let (native, savepoint) = (native.expect("writable"), savepoint.expect("writable"));
    let written = write(state(&[&part]), &[&native, &savepoint], 2);
    let written: Vec<Location> = written
        .into_iter()
        .map(|location| location.expect("writable"))
        .collect();
    assert_eq!(contents(&written[0]), contents(&written[1]));
    let moved = temp.path().join("moved");
    fs::rename(written[1].path(), &moved).expect("writable");
    fs::remove_dir_all(layout.job_directory()).expect("writable");
    let moved = Location::from_path(moved).expect("a path");
    assert_eq!(contents(&moved), [b"all"]);
}

#[test]
fn what_is_restored_stays_with_its_job_and_is_copied_by_another() {
    let temp = tempfile::tempdir().expect("a directory");
    let first = layout(temp.path(), 1);
    let part = OpaquePart::shared("ledger-1-0", 2, b"all".to_vec());
    let restored = checkpoint(&first, 1, &[&part]);
    let (entry, file) = parts(&restored).remove(0);
    let same = checkpoint(
        &first,
        2,
        &[&OpaquePart::restored("ledger-2-0", &entry, &file)],
    );
    assert_eq!(contents(&same), [b"all"]);
    assert_eq!(files_in(&first.shared()), 1);

    let second = layout(temp.path(), 2);
    let other = OpaquePart::restored("ledger-3-0", &entry, &file);
    let copied = checkpoint(&second, 3, &[&other]);
    let again = checkpoint(&second, 4, &[&other]);
    assert_eq!(files_in(&second.shared()), 1);
    fs::remove_dir_all(first.job_directory()).expect("writable");
    assert_eq!(contents(&copied), [b"all"]);
    assert_eq!(contents(&again), [b"all"]);
}

#[test]
fn one_target_that_cannot_be_written_does_not_keep_the_other_from_it() {
    let temp = tempfile::tempdir().expect("a directory");
    let layout = layout(temp.path(), 1);
    let native = SnapshotTarget::checkpoint(&layout, 1, SnapshotFormat::Native);
    let savepoint = SnapshotTarget::create(temp.path().join("sp"), SnapshotFormat::Canonical);
    let (native, savepoint) = (native.expect("writable"), savepoint.expect("writable"));
    fs::remove_dir_all(temp.path().join("sp")).expect("writable");
    let part = OpaquePart::shared("ledger-1-0", 2, b"all".to_vec());
    let written = write(state(&[&part]), &[&native, &savepoint], 1);
    assert_eq!(contents(written[0].as_ref().expect("writable")), [b"all"]);
    let error = written[1].as_ref().expect_err("its directory is gone");
    assert_eq!(error.code(), "MS-3008");
}

#[test]
fn what_a_crash_left_is_swept_away_and_nothing_that_is_needed() {
    let temp = tempfile::tempdir().expect("a directory");
    let layout = layout(temp.path(), 1);
    let kept = OpaquePart::shared("ledger-1-0", 2, b"kept".to_vec());
    let dropped = OpaquePart::shared("ledger-1-1", 2, b"dropped".to_vec());
    let first = checkpoint(&layout, 1, &[&kept, &dropped]);
    let second = checkpoint(&layout, 2, &[&kept]);
    // A snapshot that was never completed.
    let target = SnapshotTarget::checkpoint(&layout, 3, SnapshotFormat::Native);
    let orphan = OpaquePart::shared("ledger-1-2", 1, b"orphan".to_vec());
    let operator = OperatorId::from_uid("source");
    let written = Box::new(state(&[&orphan])).write(&[&target.expect("writable")], operator, 0);
    assert!(written[0].is_ok());
    // A deletion that had begun.
    let (path, disposed) = (
        first.path().join("_metadata"),
        first.path().join("_metadata.disposed"),
    );
    fs::rename(path, disposed).expect("the first step");
    assert_eq!(files_in(&layout.shared()), 3);

    let swept = sweep(&layout).expect("writable");
    assert!(swept.bytes() > 0);
    assert!(!first.path().exists());
    assert_eq!(contents(&second), [b"kept"]);
    assert_eq!(files_in(&layout.shared()), 1);

    fs::write(second.path().join("_metadata"), "{").expect("writable");
    sweep(&layout).expect("writable");
    assert_eq!(
        files_in(&layout.shared()),
        1,
        "what a damaged _metadata may name is kept"
    );
}
