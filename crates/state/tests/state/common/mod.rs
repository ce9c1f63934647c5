//! Writing and reading whole snapshots of one operator, as the engine does.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;

use millstream_core::hash::stable_hash;
use millstream_core::{MaxParallelism, OperatorId, Result};
use millstream_state::{StateKey, StateRegistry, WriteState};
use millstream_storage::{
    Location, OperatorMetadata, OperatorSnapshot, Snapshot, SnapshotFormat, SnapshotKind,
    SnapshotMetadata, SnapshotTarget,
};

pub(crate) const MAX: MaxParallelism = MaxParallelism::DEFAULT;
pub(crate) const FORMATS: [SnapshotFormat; 2] = [SnapshotFormat::Native, SnapshotFormat::Canonical];

/// The registry of one subtask.
pub(crate) fn registry<K: StateKey>(
    subtask: usize,
    parallelism: usize,
    restored: Option<&OperatorSnapshot>,
) -> StateRegistry<K> {
    StateRegistry::new(MAX, MAX.range(subtask, parallelism), restored.cloned())
}

/// Which of `parallelism` subtasks owns `key`.
pub(crate) fn owner<K: StateKey>(key: &K, parallelism: usize) -> usize {
    MAX.owner(MAX.group_of(stable_hash(key)), parallelism)
}

/// Completes a snapshot of what the subtasks have frozen, each written on a thread of its own.
pub(crate) fn write(
    directory: &Path,
    format: SnapshotFormat,
    subtasks: Vec<Vec<Box<dyn WriteState>>>,
) -> Result<Location> {
    let target = SnapshotTarget::create(directory, format)?;
    let mut operator = OperatorMetadata::new("sum", "sum", subtasks.len());
    let written: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = subtasks
            .into_iter()
            .enumerate()
            .map(|(subtask, states)| {
                let target = target.clone();
                let id = OperatorId::from_uid("sum");
                scope.spawn(move || -> Result<Vec<_>> {
                    states
                        .into_iter()
                        .flat_map(|state| state.write(&[&target], id, subtask))
                        .collect()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    for states in written {
        states?
            .into_iter()
            .for_each(|state| operator.add_state(state));
    }
    target.complete(&SnapshotMetadata {
        job_id: "f8cccb14cd33babade335fd60aefa9e4".parse()?,
        job_name: "fixture".into(),
        checkpoint_id: 3,
        kind: SnapshotKind::Savepoint,
        format,
        drained: false,
        last: false,
        savepoint: None,
        owed_notes: Vec::new(),
        lineage: millstream_core::Lineage::default(),
        run: 0,
        numbers: millstream_core::Numbers::default(),
        created: 1_790_000_000_000,
        millstream_version: "0.1.0".into(),
        max_parallelism: MAX,
        operators: vec![operator],
    })
}

/// Opens the snapshot at `location` and takes the operator out of it.
pub(crate) fn open(location: &Location) -> OperatorSnapshot {
    Snapshot::open(location)
        .expect("intact")
        .operator("sum")
        .expect("written")
}
