//! Small snapshots for the tests.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray, UInt16Array, UInt64Array};
use arrow::datatypes::{DataType, Field};
use millstream_core::{KeyGroupRange, Lineage, MaxParallelism, Numbers, OperatorId};
use millstream_storage::canonical::{self, CanonicalWriter};
use millstream_storage::native::NativeWriter;
use millstream_storage::{
    FileEntry, Location, OperatorMetadata, Snapshot, SnapshotFormat, SnapshotKind,
    SnapshotMetadata, SnapshotTarget, StateKind, StateMetadata, VerifiedFile,
};

pub(crate) const ALL: KeyGroupRange = KeyGroupRange { start: 0, end: 128 };

/// Completes a snapshot in `directory` with one operator `sum` that has one state `count` of groups 1, 5 and 9.
pub(crate) fn write_snapshot(
    directory: &Path,
    format: SnapshotFormat,
    job_name: &str,
    created: u64,
) -> Location {
    let target = SnapshotTarget::create(directory, format).expect("a new directory");
    let file = match format {
        SnapshotFormat::Native => write_native(&target),
        SnapshotFormat::Canonical => write_canonical(&target),
    };
    target
        .complete(&metadata(format, job_name, created, file))
        .expect("writable")
}

pub(crate) fn write_native(target: &SnapshotTarget) -> FileEntry {
    let file = target
        .create_file(OperatorId::from_uid("sum"), 0, "count")
        .expect("writable");
    let mut writer = NativeWriter::new(file).expect("writable");
    for group in [1, 5, 9] {
        writer
            .section(group, 2, &[group as u8; 100])
            .expect("writable");
    }
    writer.finish(ALL).expect("writable")
}

pub(crate) fn write_canonical(target: &SnapshotTarget) -> FileEntry {
    let key = Arc::new(Field::new("key", DataType::Utf8, false));
    let value = Arc::new(Field::new("value", DataType::UInt64, false));
    let schema = canonical::schema(&key, None, &value);
    let file = target
        .create_file(OperatorId::from_uid("sum"), 0, "count")
        .expect("writable");
    let mut writer = CanonicalWriter::new(file, Arc::clone(&schema)).expect("writable");
    let batch = RecordBatch::try_new(
        schema,
        vec![
            Arc::new(UInt16Array::from(vec![1, 5, 9])),
            Arc::new(StringArray::from(vec!["a", "b", "c"])),
            Arc::new(StringArray::new_null(3)),
            Arc::new(UInt64Array::from(vec![10, 20, 30])),
        ],
    );
    writer
        .write(&batch.expect("the schema's columns"))
        .expect("writable");
    writer.finish(ALL).expect("writable")
}

pub(crate) fn metadata(
    format: SnapshotFormat,
    job_name: &str,
    created: u64,
    file: FileEntry,
) -> SnapshotMetadata {
    let mut operator = OperatorMetadata::new("sum", "sum", 1);
    operator.add_state(StateMetadata {
        name: "count".into(),
        kind: StateKind::Value,
        key_type: "string".into(),
        value_type: "u64".into(),
        format,
        files: vec![file],
    });
    SnapshotMetadata {
        job_id: "f8cccb14cd33babade335fd60aefa9e4".parse().expect("an id"),
        job_name: job_name.into(),
        checkpoint_id: created,
        kind: SnapshotKind::Checkpoint,
        format,
        drained: false,
        last: false,
        savepoint: None,
        owed_notes: Vec::new(),
        lineage: Lineage::default(),
        run: 0,
        numbers: Numbers::default(),
        created,
        millstream_version: "0.1.0".into(),
        max_parallelism: MaxParallelism::DEFAULT,
        operators: vec![operator],
    }
}

/// Completes a snapshot that holds `file`, and gives it out as readers are given it.
pub(crate) fn verified(target: &SnapshotTarget, file: &FileEntry) -> VerifiedFile {
    let content = metadata(target.format(), "job", 1, file.clone());
    let location = target.complete(&content).expect("writable");
    let snapshot = Snapshot::open(&location).expect("intact");
    snapshot.verified(file).expect("intact")
}
