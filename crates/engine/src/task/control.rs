//! What the tasks of one worker share: the coordinator's commands, the failure, and the clock of
//! ticks.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use millstream_core::{CheckpointId, Error};
use millstream_protocol::Then;
use millstream_storage::SnapshotTarget;
use timely::scheduling::Activator;

use super::TaskKey;
use crate::time::{Time, epoch};

/// A boundary between two epochs, as every task learns of it.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    /// The number of the snapshot and of the epoch that begins.
    pub(crate) checkpoint: CheckpointId,
    /// What the sources do behind it.
    pub(crate) then: Then,
    /// Where state is written; `None`: nothing is kept, only commits are prepared.
    pub(crate) target: Option<SnapshotTarget>,
    /// When the coordinator said so.
    pub(crate) asked: Instant,
}

/// The latest time that any source of the process has come to. Sources without records follow it, so
/// that none of them holds the others up.
#[derive(Debug, Clone, Default)]
pub(crate) struct TickClock {
    latest: Arc<AtomicU64>,
}

impl TickClock {
    /// A source has come to `time`.
    pub(crate) fn reached(&self, time: Time) {
        self.latest.fetch_max(time, Ordering::Relaxed);
    }

    /// The time that a source at `time` should come to: at least its own, never another epoch.
    pub(crate) fn follow(&self, time: Time) -> Time {
        let latest = self.latest.load(Ordering::Relaxed);
        if epoch(latest) == epoch(time) {
            latest.max(time)
        } else {
            time
        }
    }
}

/// The state that the tasks of a worker share with its loop.
#[derive(Default)]
pub(crate) struct Control {
    /// Boundaries that a task of this worker has not passed yet, in order.
    triggers: VecDeque<Trigger>,
    /// Whether sources are to end, with everything committed.
    pub(crate) finish: bool,
    /// The newest boundary behind which sources are not to wait any more.
    pub(crate) resumed: Option<CheckpointId>,
    /// The newest snapshot that is complete.
    pub(crate) completed: Option<CheckpointId>,
    /// The first failure on this worker; tasks do nothing any more.
    pub(crate) failure: Option<(TaskKey, Error)>,
    /// The task that runs right now, for the blame of a panic.
    pub(crate) current: Cell<Option<TaskKey>>,
    /// Whether a source waits for the sinks to catch up.
    pub(crate) waits_for_sinks: bool,
    /// Activators of all tasks, to be used after a command.
    pub(crate) tasks: Vec<Activator>,
    /// The epoch of each local task, by its place in `tasks`.
    epochs: Vec<CheckpointId>,
}

impl Control {
    /// Registers a task; answers its place.
    pub(crate) fn register(&mut self, activator: Activator, epoch: CheckpointId) -> usize {
        self.tasks.push(activator);
        self.epochs.push(epoch);
        self.epochs.len() - 1
    }

    /// A task has passed the boundary to `epoch`: forgets boundaries that all have passed.
    pub(crate) fn passed(&mut self, place: usize, epoch: CheckpointId) {
        if let Some(known) = self.epochs.get_mut(place) {
            *known = epoch;
        }
        let all = self.epochs.iter().copied().min().unwrap_or(epoch);
        while self
            .triggers
            .front()
            .is_some_and(|trigger| trigger.checkpoint <= all)
        {
            self.triggers.pop_front();
        }
    }

    /// Learns of a boundary.
    pub(crate) fn trigger(&mut self, trigger: Trigger) {
        self.triggers.push_back(trigger);
    }

    /// The first boundary behind `epoch`.
    pub(crate) fn next_trigger(&self, epoch: CheckpointId) -> Option<Trigger> {
        self.triggers
            .iter()
            .find(|trigger| trigger.checkpoint > epoch)
            .cloned()
    }

    /// Has every task look at its commands.
    pub(crate) fn activate_all(&self) {
        for task in &self.tasks {
            task.activate();
        }
    }

    /// Keeps the first failure.
    pub(crate) fn fail(&mut self, task: TaskKey, error: Error) {
        if self.failure.is_none() {
            self.failure = Some((task, error));
        }
    }
}
