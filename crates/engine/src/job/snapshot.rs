//! Snapshots under way: where they go, what tasks have handed in, and what `_metadata` says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use millstream_core::{CheckpointId, Error, JobId, Numbers, Result, codes};
use millstream_protocol::{SavepointFormat, SnapshotKind, Then};
use millstream_storage::{
    EntryMetadata, Location, OperatorMetadata, PreparedMetadata, SnapshotFormat,
    SnapshotKind as StoredKind, SnapshotLayout, SnapshotMetadata, SnapshotTarget,
};

use super::io::{Write, WrittenAs};
use super::keeper::Run;
use super::observer::{CheckpointStatistics, Observer};
use crate::connector::{Committable, SnapshotRequest, StateEntry};
use crate::graph::JobGraph;
use crate::messages::{Acknowledgement, Targets};
use crate::plan::Plan;

/// So many snapshots that were given up are remembered, for parts that are handed in late.
const GIVEN_UP_REMEMBERED: usize = 16;

/// Where a snapshot goes: into a checkpoint, and into a savepoint if it is one as well.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) checkpoint: PathBuf,
    pub(super) savepoint: Option<(PathBuf, SnapshotFormat)>,
}

impl Place {
    /// Where users look for it.
    pub(super) fn shown(&self) -> &Path {
        let savepoint = self.savepoint.as_ref();
        savepoint.map_or(&self.checkpoint, |(directory, _)| directory)
    }

    fn directories(self) -> Vec<PathBuf> {
        let savepoint = self.savepoint.into_iter().map(|(directory, _)| directory);
        std::iter::once(self.checkpoint).chain(savepoint).collect()
    }
}

/// A snapshot that has been triggered.
struct Pending {
    /// Where it goes; `None`: nothing is written.
    place: Option<Place>,
    /// The same once it is there.
    targets: Option<Targets>,
    /// Whether it must refer to no file of an earlier one.
    full: bool,
    /// The attempt that takes it.
    run: Run,
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
    /// Where snapshots went that were given up, newest last.
    given_up: VecDeque<(CheckpointId, Vec<PathBuf>)>,
    /// What was counted before the present attempt, in all and by the uid of each operator.
    before: (Numbers, BTreeMap<String, Numbers>),
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
            given_up: VecDeque::new(),
            before: Default::default(),
        }
    }

    /// An attempt begins, which goes on from the snapshot that `restored` describes; from then on it counts.
    pub(super) fn attempt_begins(&mut self, restored: Option<&SnapshotMetadata>) -> Numbers {
        self.before = match restored {
            None => Default::default(),
            Some(metadata) => {
                let operators = metadata.operators.iter();
                let by_uid = operators.map(|operator| (operator.uid.clone(), operator.numbers));
                (metadata.numbers, by_uid.collect())
            }
        };
        self.before.0
    }

    /// Where records went up to a boundary that every task has handed in for; `None`: it is not under way.
    pub(super) fn numbers(&self, checkpoint: CheckpointId) -> Option<Numbers> {
        self.pending
            .get(&checkpoint)
            .map(|pending| self.total(pending))
    }

    fn total(&self, pending: &Pending) -> Numbers {
        let aside = self.graph.aside();
        let uids = self.plan.uids.iter().zip(aside);
        let counting: BTreeSet<&str> = uids
            .filter(|(_, is_aside)| !is_aside)
            .map(|(uid, _)| uid.as_str())
            .collect();
        let mut total = self.before.0;
        let parts = pending.acknowledged.iter().flat_map(|task| &task.operators);
        for part in parts.filter(|part| counting.contains(part.uid.as_str())) {
            total += part.numbers;
        }
        total
    }

    /// Keeps a snapshot that is about to be triggered in its [place](Self::place) by attempt `run`.
    pub(super) fn begin(
        &mut self,
        checkpoint: CheckpointId,
        (then, full): (Then, bool),
        (created, triggered): (u64, Duration),
        place: Option<Place>,
        run: Run,
    ) {
        let pending = Pending {
            place,
            targets: None,
            full,
            run,
            drained: then == Then::Drain,
            last: then.is_last(),
            created,
            triggered,
            acknowledged: Vec::new(),
        };
        self.pending.insert(checkpoint, pending);
    }

    /// The directories are there. Whether the snapshot is still wanted.
    pub(super) fn made(&mut self, checkpoint: CheckpointId, targets: &Targets) -> bool {
        let pending = self.pending.get_mut(&checkpoint);
        pending
            .map(|pending| pending.targets = Some(targets.clone()))
            .is_some()
    }

    /// Whether tasks were told of the boundary: they are once the directories are there, where there are any.
    pub(super) fn is_told(&self, checkpoint: CheckpointId) -> bool {
        let pending = self.pending.get(&checkpoint);
        pending.is_some_and(|pending| pending.place.is_none() || pending.targets.is_some())
    }

    /// Where a snapshot goes, and how it is written; `None`: nothing is written.
    pub(super) fn place(
        &self,
        checkpoint: CheckpointId,
        kind: &SnapshotKind,
        random: u64,
    ) -> Result<Option<Place>> {
        let savepoint = match kind {
            SnapshotKind::FinalCommit => return Ok(None),
            SnapshotKind::Checkpoint => None,
            SnapshotKind::Savepoint { directory, format } => {
                let parent = self.savepoint_directory(directory.as_deref())?;
                let format = match format {
                    SavepointFormat::Canonical => SnapshotFormat::Canonical,
                    SavepointFormat::Native => SnapshotFormat::Native,
                };
                let directory = SnapshotLayout::savepoint(&parent, self.job, random);
                Some((directory, format))
            }
        };
        Ok(Some(Place {
            checkpoint: self.layout.checkpoint(checkpoint),
            savepoint,
        }))
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

    /// What is to be put in place of a snapshot that every task has handed in for.
    pub(super) fn complete(&self, checkpoint: CheckpointId) -> Option<Write> {
        let pending = self.pending.get(&checkpoint)?;
        let targets = pending.targets.as_ref()?;
        let part = |target: &SnapshotTarget, kind| {
            let metadata = self.metadata(checkpoint, pending, target, kind);
            let target = target.clone().of_job_below(self.layout.checkpoints());
            (target, metadata)
        };
        let mut tasks = pending.acknowledged.iter();
        let failed = tasks.find_map(|task| task.no_savepoint.as_ref());
        let savepoint = targets.savepoint.as_ref().map(|target| match failed {
            None => Ok(part(target, StoredKind::Savepoint)),
            Some(error) => Err((target.directory().to_path_buf(), error.to_string())),
        });
        let mut own = part(&targets.checkpoint, StoredKind::Checkpoint);
        own.1.savepoint = savepoint.as_ref().and_then(|savepoint| {
            let (target, _) = savepoint.as_ref().ok()?;
            let location = Location::from_path(target.directory()).ok()?;
            Some(location.to_string())
        });
        Some(Write {
            checkpoint,
            part: own,
            savepoint,
            of_stop: targets.of_stop,
        })
    }

    fn metadata(
        &self,
        checkpoint: CheckpointId,
        pending: &Pending,
        target: &SnapshotTarget,
        kind: StoredKind,
    ) -> SnapshotMetadata {
        SnapshotMetadata {
            job_id: self.job,
            job_name: self.graph.name.clone(),
            checkpoint_id: checkpoint,
            kind,
            format: target.format(),
            drained: pending.drained,
            last: pending.last,
            savepoint: None,
            owed_notes: Vec::new(),
            lineage: pending.run.lineage.clone(),
            run: pending.run.number,
            numbers: self.total(pending),
            created: pending.created,
            millstream_version: env!("CARGO_PKG_VERSION").to_owned(),
            max_parallelism: self.graph.max_parallelism,
            operators: self.operators(pending, kind),
        }
    }

    fn operators(&self, pending: &Pending, kind: StoredKind) -> Vec<OperatorMetadata> {
        let nodes = self.graph.nodes.iter().zip(&self.plan.uids);
        let mut operators: Vec<OperatorMetadata> = nodes
            .map(|(node, uid)| OperatorMetadata {
                numbers: self.before.1.get(uid).copied().unwrap_or_default(),
                ..OperatorMetadata::new(uid.clone(), node.title(), node.parallelism)
            })
            .collect();
        for part in pending.acknowledged.iter().flat_map(|task| &task.operators) {
            let Some(operator) = operators.iter_mut().find(|known| known.uid == part.uid) else {
                continue;
            };
            let states = match kind {
                StoredKind::Checkpoint => &part.states,
                StoredKind::Savepoint => &part.savepoint,
            };
            for state in states {
                operator.add_state(state.clone());
            }
            operator.numbers += part.numbers;
            operator.entries.extend(entries(&part.entries));
            operator.enumerator.extend(entries(&part.enumerator));
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
        targets: Option<&Targets>,
    ) -> SnapshotRequest {
        let savepoint = targets.and_then(|targets| targets.savepoint.as_ref());
        SnapshotRequest {
            checkpoint,
            kind: match savepoint {
                Some(_) => StoredKind::Savepoint,
                None => StoredKind::Checkpoint,
            },
            format: savepoint.map_or(SnapshotFormat::Native, SnapshotTarget::format),
            full: self
                .pending
                .get(&checkpoint)
                .is_none_or(|pending| pending.full),
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

    /// Where a snapshot lies that is complete: its checkpoint, and its savepoint.
    pub(super) fn directories(
        &self,
        checkpoint: CheckpointId,
    ) -> (Option<PathBuf>, Option<PathBuf>) {
        let pending = self.pending.get(&checkpoint);
        let place = pending.and_then(|pending| pending.place.as_ref());
        let savepoint = place.and_then(|place| place.savepoint.as_ref());
        (
            place.map(|place| place.checkpoint.clone()),
            savepoint.map(|(directory, _)| directory.clone()),
        )
    }

    /// Whether the snapshot is one that a stop waits for; `None`: nobody wants it any more.
    pub(super) fn is_of_stop(&self, checkpoint: CheckpointId) -> Option<bool> {
        let pending = self.pending.get(&checkpoint)?;
        Some(
            pending
                .targets
                .as_ref()
                .is_some_and(|targets| targets.of_stop),
        )
    }

    /// The snapshot is in place at the driver's time `now`.
    pub(super) fn written(
        &mut self,
        checkpoint: CheckpointId,
        written: &WrittenAs,
        observer: &mut dyn Observer,
        now: Duration,
    ) {
        let Some(pending) = self.pending.get_mut(&checkpoint) else {
            return;
        };
        let savepoint = written.savepoint.as_ref().and_then(|s| s.as_ref().ok());
        if savepoint.is_none()
            && let Some(place) = &mut pending.place
        {
            // There is none to note anything beside.
            place.savepoint = None;
        }
        let tasks = &pending.acknowledged;
        observer.checkpoint_completed(&CheckpointStatistics {
            checkpoint,
            savepoint: savepoint.is_some(),
            path: savepoint.unwrap_or(&written.path).clone(),
            checkpoint_path: written.path.clone(),
            duration: now.saturating_sub(pending.triggered),
            bytes: tasks.iter().map(|task| task.part.bytes).sum(),
            longest_pause: tasks
                .iter()
                .map(|task| task.part.longest_pause)
                .max()
                .unwrap_or_default(),
        });
    }

    /// Gives a snapshot up; the directories that were meant for it.
    pub(super) fn forget(&mut self, checkpoint: CheckpointId) -> Option<Vec<PathBuf>> {
        let pending = self.pending.remove(&checkpoint)?;
        if let Some(targets) = &pending.targets {
            targets.give_up();
        }
        let directories = pending.place?.directories();
        if self.given_up.len() == GIVEN_UP_REMEMBERED {
            self.given_up.pop_front();
        }
        self.given_up.push_back((checkpoint, directories.clone()));
        Some(directories)
    }

    /// Where a snapshot went that was given up.
    pub(super) fn given_up(&self, checkpoint: CheckpointId) -> Vec<PathBuf> {
        let mut given_up = self.given_up.iter();
        let found = given_up.find(|(number, _)| *number == checkpoint);
        match found {
            Some((_, directories)) => directories.clone(),
            None => vec![self.layout.checkpoint(checkpoint)],
        }
    }

    /// Forgets every snapshot up to `checkpoint`, which is complete and committed.
    pub(super) fn settled(&mut self, checkpoint: CheckpointId) {
        self.pending.retain(|number, _| *number > checkpoint);
    }

    /// The job's own directory below that of the checkpoints.
    pub(super) fn job_directory(&self) -> PathBuf {
        self.layout.job_directory()
    }
}

fn entries(entries: &[StateEntry]) -> impl Iterator<Item = EntryMetadata> {
    entries.iter().map(|entry| EntryMetadata {
        key: entry.key.clone(),
        value: entry.value.clone(),
    })
}

#[cfg(test)]
mod tests;
