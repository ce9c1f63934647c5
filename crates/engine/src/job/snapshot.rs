//! Snapshots under way: where they go, what tasks have handed in, and what `_metadata` says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::{CheckpointId, Error, JobId, Lineage, Numbers, Result, codes};
use millstream_protocol::{SavepointFormat, SnapshotKind, Then};
use millstream_storage::{
    EntryMetadata, Location, OperatorMetadata, PreparedMetadata, SnapshotFormat,
    SnapshotKind as StoredKind, SnapshotLayout, SnapshotMetadata, SnapshotTarget,
};

use super::observer::{CheckpointStatistics, Observer};
use crate::connector::{Committable, SnapshotRequest};
use crate::graph::JobGraph;
use crate::messages::Acknowledgement;
use crate::plan::Plan;

/// A snapshot that has been triggered.
struct Pending {
    /// Where it goes; `None`: nothing is written.
    directory: Option<PathBuf>,
    /// The same once it is there.
    target: Option<SnapshotTarget>,
    savepoint: bool,
    drained: bool,
    last: bool,
    /// The time of day of the trigger.
    created: u64,
    /// The driver's time of the trigger.
    triggered: Duration,
    acknowledged: Vec<Acknowledgement>,
}

/// The snapshots of a job that are under way.
pub(super) struct Snapshots {
    job: JobId,
    graph: Arc<JobGraph>,
    plan: Arc<Plan>,
    layout: SnapshotLayout,
    savepoints: Option<Location>,
    pending: BTreeMap<CheckpointId, Pending>,
}

impl Snapshots {
    pub(super) fn new(
        job: JobId,
        graph: Arc<JobGraph>,
        plan: Arc<Plan>,
        layout: SnapshotLayout,
        savepoints: Option<Location>,
    ) -> Self {
        Self {
            job,
            graph,
            plan,
            layout,
            savepoints,
            pending: BTreeMap::new(),
        }
    }

    /// Keeps a snapshot that is about to be triggered in its [place](Self::place).
    pub(super) fn begin(
        &mut self,
        checkpoint: CheckpointId,
        kind: &SnapshotKind,
        then: Then,
        (created, triggered): (u64, Duration),
        directory: Option<PathBuf>,
    ) {
        let pending = Pending {
            directory,
            target: None,
            savepoint: matches!(kind, SnapshotKind::Savepoint { .. }),
            drained: then == Then::Drain,
            last: then.is_last(),
            created,
            triggered,
            acknowledged: Vec::new(),
        };
        self.pending.insert(checkpoint, pending);
    }

    /// The directory is there. Whether the snapshot is still wanted.
    pub(super) fn made(&mut self, checkpoint: CheckpointId, target: &SnapshotTarget) -> bool {
        let pending = self.pending.get_mut(&checkpoint);
        pending
            .map(|pending| pending.target = Some(target.clone()))
            .is_some()
    }

    /// The directory of a snapshot, and how it is written; `None`: nothing is written.
    pub(super) fn place(
        &self,
        checkpoint: CheckpointId,
        kind: &SnapshotKind,
        random: u64,
    ) -> Result<Option<(PathBuf, SnapshotFormat)>> {
        let place = match kind {
            SnapshotKind::FinalCommit => return Ok(None),
            SnapshotKind::Checkpoint => {
                (self.layout.checkpoint(checkpoint), SnapshotFormat::Native)
            }
            SnapshotKind::Savepoint { directory, format } => {
                let parent = self.savepoint_directory(directory.as_deref())?;
                let format = match format {
                    SavepointFormat::Canonical => SnapshotFormat::Canonical,
                    SavepointFormat::Native => SnapshotFormat::Native,
                };
                (SnapshotLayout::savepoint(&parent, self.job, random), format)
            }
        };
        Ok(Some(place))
    }

    fn savepoint_directory(&self, directory: Option<&str>) -> Result<Location> {
        match directory {
            Some(text) => text.parse(),
            None => self.savepoints.clone().ok_or_else(|| {
                Error::new(
                    &codes::OPTION_CONFLICT,
                    "no directory for the savepoint is known",
                )
                .next("name one, or set execution.checkpointing.savepoint-dir")
            }),
        }
    }

    /// A task has handed in its part. Parts of snapshots that were given up are not kept.
    pub(super) fn acknowledged(&mut self, acknowledgement: Acknowledgement) {
        if let Some(pending) = self.pending.get_mut(&acknowledgement.checkpoint) {
            pending.acknowledged.push(acknowledgement);
        }
    }

    /// The directory and the metadata of a snapshot that every task has handed in for.
    pub(super) fn complete(
        &self,
        checkpoint: CheckpointId,
    ) -> Option<(SnapshotTarget, SnapshotMetadata)> {
        let pending = self.pending.get(&checkpoint)?;
        let target = pending.target.clone()?;
        let metadata = SnapshotMetadata {
            job_id: self.job,
            job_name: self.graph.name.clone(),
            checkpoint_id: checkpoint,
            kind: if pending.savepoint {
                StoredKind::Savepoint
            } else {
                StoredKind::Checkpoint
            },
            format: target.format(),
            drained: pending.drained,
            last: pending.last,
            lineage: Lineage::default(),
            run: 0,
            numbers: Numbers::default(),
            created: pending.created,
            millstream_version: env!("CARGO_PKG_VERSION").to_owned(),
            max_parallelism: self.graph.max_parallelism,
            operators: self.operators(pending),
        };
        Some((target, metadata))
    }

    fn operators(&self, pending: &Pending) -> Vec<OperatorMetadata> {
        let nodes = self.graph.nodes.iter().zip(&self.plan.uids);
        let mut operators: Vec<OperatorMetadata> = nodes
            .map(|(node, uid)| OperatorMetadata::new(uid.clone(), node.title(), node.parallelism))
            .collect();
        for part in pending.acknowledged.iter().flat_map(|task| &task.operators) {
            let Some(operator) = operators.iter_mut().find(|known| known.uid == part.uid) else {
                continue;
            };
            for state in &part.states {
                operator.add_state(state.clone());
            }
            operator
                .entries
                .extend(part.entries.iter().map(|entry| EntryMetadata {
                    key: entry.key.clone(),
                    value: entry.value.clone(),
                }));
            operator
                .prepared
                .extend(part.prepared.iter().map(|prepared| PreparedMetadata {
                    name: prepared.name.clone(),
                    value: prepared.value.clone(),
                }));
        }
        operators
    }

    /// What tasks are asked for.
    pub(super) fn request(
        &self,
        checkpoint: CheckpointId,
        target: Option<&SnapshotTarget>,
    ) -> SnapshotRequest {
        let is_savepoint = self
            .pending
            .get(&checkpoint)
            .is_some_and(|pending| pending.savepoint);
        SnapshotRequest {
            checkpoint,
            kind: if is_savepoint {
                StoredKind::Savepoint
            } else {
                StoredKind::Checkpoint
            },
            format: target.map_or(SnapshotFormat::Native, SnapshotTarget::format),
            full: true,
        }
    }

    /// Everything that tasks had prepared and not seen committed when they handed in for `checkpoint`, by uid.
    pub(super) fn prepared(&self, checkpoint: CheckpointId) -> Vec<(String, Committable)> {
        let tasks = self
            .pending
            .get(&checkpoint)
            .into_iter()
            .flat_map(|p| &p.acknowledged);
        tasks
            .flat_map(|task| &task.operators)
            .flat_map(|part| part.prepared.iter().map(|p| (part.uid.clone(), p.clone())))
            .collect()
    }

    /// Where a snapshot goes or lies; `None`: nothing is written.
    pub(super) fn directory(&self, checkpoint: CheckpointId) -> Option<PathBuf> {
        self.pending.get(&checkpoint)?.directory.clone()
    }

    /// The snapshot is in place at the driver's time `now`.
    pub(super) fn written(
        &mut self,
        checkpoint: CheckpointId,
        path: &str,
        observer: &mut dyn Observer,
        now: Duration,
    ) {
        let Some(pending) = self.pending.get(&checkpoint) else {
            return;
        };
        let tasks = &pending.acknowledged;
        observer.checkpoint_completed(&CheckpointStatistics {
            checkpoint,
            savepoint: pending.savepoint,
            path: path.to_owned(),
            duration: now.saturating_sub(pending.triggered),
            bytes: tasks.iter().map(|task| task.part.bytes).sum(),
            longest_pause: tasks
                .iter()
                .map(|task| task.part.longest_pause)
                .max()
                .unwrap_or_default(),
        });
    }

    /// Gives a snapshot up; the directory that was meant for it.
    pub(super) fn forget(&mut self, checkpoint: CheckpointId) -> Option<PathBuf> {
        let pending = self.pending.remove(&checkpoint)?;
        if let Some(target) = &pending.target {
            target.give_up();
        }
        pending.directory
    }

    /// Forgets every snapshot up to `checkpoint`, which is complete and committed.
    pub(super) fn settled(&mut self, checkpoint: CheckpointId) {
        self.pending.retain(|number, _| *number > checkpoint);
    }

    /// The job's own directory below that of the checkpoints.
    pub(super) fn job_directory(&self) -> PathBuf {
        self.layout.job_directory()
    }

    /// Where the checkpoint of this number goes or went.
    pub(super) fn checkpoint_directory(&self, checkpoint: CheckpointId) -> PathBuf {
        self.layout.checkpoint(checkpoint)
    }
}
