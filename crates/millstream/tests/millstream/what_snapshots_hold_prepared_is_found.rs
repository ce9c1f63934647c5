//! What snapshots hold prepared is found in the directories of the configuration and where it is named, with the job that
//! wrote it and whether it was committed; a snapshot that can't be read is told of.

use std::path::Path;

use millstream::prepared::{Found, prepared};
use millstream_core::{
    Configuration, JobId, Lineage, MaxParallelism, Numbers,
    options::{CHECKPOINT_DIRECTORY, SAVEPOINT_DIRECTORY},
};
use millstream_storage::{
    METADATA_FILE, OperatorMetadata, PreparedMetadata, SnapshotFormat, SnapshotKind,
    SnapshotMetadata, SnapshotTarget, mark_committed,
};
use serde_json::json;

const JOB: &str = "f8cccb14cd33babade335fd60aefa9e4";

fn write(directory: &Path, checkpoint: u64, kind: SnapshotKind, output: &str) {
    let mut sink = OperatorMetadata::new("sink", "Sink: kafka", 1);
    sink.prepared.push(PreparedMetadata {
        name: output.to_owned(),
        value: json!({ "id": output }),
    });
    let job: JobId = JOB.parse().expect("an id");
    let metadata = SnapshotMetadata {
        job_id: job,
        job_name: "orders".to_owned(),
        checkpoint_id: checkpoint,
        kind,
        format: SnapshotFormat::Native,
        drained: false,
        last: false,
        savepoint: None,
        owed_notes: Vec::new(),
        lineage: Lineage::default(),
        run: 1,
        numbers: Numbers::default(),
        created: 0,
        millstream_version: "0.1.0".to_owned(),
        max_parallelism: MaxParallelism::default(),
        operators: vec![sink],
    };
    let target = SnapshotTarget::create(directory, SnapshotFormat::Native).expect("a directory");
    target.complete(&metadata).expect("written");
}

fn names(found: &Found) -> Vec<(&str, u64, bool)> {
    let outputs = found.prepared.iter();
    outputs
        .map(|output| (output.name.as_str(), output.checkpoint, output.committed))
        .collect()
}

#[test]
fn wherever_they_lie() {
    let top = tempfile::tempdir().expect("a directory");
    let (checkpoints, savepoints) = (top.path().join("cp"), top.path().join("sp"));
    let mut configuration = Configuration::new();
    configuration.set(CHECKPOINT_DIRECTORY.name, checkpoints.display().to_string());
    configuration.set(SAVEPOINT_DIRECTORY.name, savepoints.display().to_string());
    let found = prepared(&configuration, &[]).expect("nothing there yet");
    assert!(found.prepared.is_empty() && found.unread.is_empty());

    let job = checkpoints.join(JOB);
    write(&job.join("chk-7"), 7, SnapshotKind::Checkpoint, "seven");
    write(&job.join("chk-8"), 8, SnapshotKind::Checkpoint, "eight");
    write(
        &savepoints.join("savepoint-1"),
        8,
        SnapshotKind::Savepoint,
        "eight",
    );
    let elsewhere = top.path().join("elsewhere");
    write(&elsewhere, 3, SnapshotKind::Savepoint, "three");
    mark_committed(&job.join("chk-7")).expect("noted");

    let found = prepared(&configuration, &[]).expect("found");
    let expected = [("seven", 7, true), ("eight", 8, false), ("eight", 8, false)];
    assert_eq!(names(&found), expected);
    assert_eq!(found.prepared[0].job_name, "orders");
    assert_eq!(found.prepared[0].job.to_string(), JOB);
    assert!(found.prepared[1].snapshot.ends_with("chk-8"), "{found:?}");
    let named = [elsewhere.display().to_string()];
    let found = prepared(&configuration, &named).expect("found");
    assert_eq!(names(&found).len(), 4);
    assert!(names(&found).contains(&("three", 3, false)));

    std::fs::write(job.join("chk-8").join(METADATA_FILE), "{").expect("damaged");
    let found = prepared(&configuration, &[]).expect("found");
    assert_eq!(found.prepared.len(), 2);
    assert_eq!(found.unread.len(), 1);
    assert!(found.unread[0].to_string().contains("chk-8"), "{found:?}");
}
