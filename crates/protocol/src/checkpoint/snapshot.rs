//! Snapshots: wanted, running and ended.

use std::collections::{BTreeMap, BTreeSet};

use millstream_core::{CheckpointId, TriggerId};
use serde::Serialize;

use crate::types::{Attempt, Millis, SnapshotKind, TaskId, Then};

/// A snapshot to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is for.
    pub kind: SnapshotKind,
    /// What sources do at its boundary.
    pub then: Then,
    /// The operation that asked for it.
    pub operation: Option<TriggerId>,
}

/// How far a running snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Not every task has acknowledged.
    Collecting,
    /// `_metadata` is being written.
    Writing,
}

/// A running snapshot.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// The attempt that takes it.
    pub attempt: Attempt,
    /// What was wanted.
    pub wanted: Wanted,
    /// When it began.
    pub began: Millis,
    /// When it is given up.
    pub deadline: Millis,
    /// How far it is.
    pub stage: Stage,
    /// The tasks that have not acknowledged.
    pub missing: BTreeSet<TaskId>,
}

/// How a snapshot ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum CheckpointEnd {
    /// Complete, in this directory; empty where it is not persisted.
    Completed(String),
    /// Given up, for this reason.
    Aborted(String),
}

/// A snapshot that has ended, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckpointRecord {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// What it was for.
    pub kind: SnapshotKind,
    /// When it began.
    pub began: Millis,
    /// When it ended.
    pub ended: Millis,
    /// How it ended.
    pub end: CheckpointEnd,
}

/// What an acknowledgement comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Others are missing.
    Counted,
    /// It was the last one: the snapshot is being written now.
    Complete,
    /// Its snapshot was given up: its files are to be deleted.
    TooLate,
    /// It says nothing new.
    Ignored,
}

/// Whose write has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOf {
    /// The running snapshot's.
    Running,
    /// A snapshot's that was given up meanwhile.
    GivenUp,
    /// Nothing that is known to be written.
    Nobody,
}

impl Wanted {
    /// Whether its failure counts among the tolerable ones: savepoints do not.
    pub fn counts_as_checkpoint(&self) -> bool {
        !matches!(self.kind, SnapshotKind::Savepoint { .. })
    }
}

impl Pending {
    /// Whether tasks of this attempt are taking this snapshot.
    pub(super) fn is(&self, attempt: Attempt, checkpoint: CheckpointId) -> bool {
        self.attempt == attempt && self.checkpoint == checkpoint && self.stage == Stage::Collecting
    }

    /// The task that keeps it from being complete because its sink waits, and for what. `sinks`: what sinks of tasks of
    /// `attempt` wait for. `None`: nothing outside the job is known to hold the snapshot up.
    pub fn held_up_by<'a>(
        &self,
        attempt: Attempt,
        sinks: &'a BTreeMap<TaskId, String>,
    ) -> Option<(TaskId, &'a str)> {
        if !self.is(attempt, self.checkpoint) {
            return None;
        }
        let mut missing = self.missing.iter();
        missing.find_map(|task| Some((*task, sinks.get(task)?.as_str())))
    }
}

impl CheckpointRecord {
    /// Whether it was given up.
    pub fn is_aborted(&self) -> bool {
        matches!(self.end, CheckpointEnd::Aborted(_))
    }
}
