//! Checkpoint coordination: when a snapshot begins, is complete, or is given up.
//!
//! At most one snapshot runs at a time. Requests wait in line behind it, first come first served; a
//! periodic checkpoint begins when nobody waits. Numbers count up over restarts and are never used
//! twice, also not after a snapshot that was given up.

mod snapshot;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use millstream_core::{CheckpointId, options};

use crate::settings::CheckpointSettings;
use crate::types::{Attempt, Millis, SnapshotKind, TaskId, Then};

pub use snapshot::{
    Acknowledgement, CheckpointEnd, CheckpointRecord, Pending, Stage, Wanted, WriteOf,
};

/// So many ended snapshots are remembered.
const REMEMBERED: usize = 100;

/// Least pause before the last snapshot at the end of the input is tried again.
const FINAL_RETRY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
struct Waiting {
    wanted: Wanted,
    deadline: Millis,
}

/// The coordinator of one job's snapshots.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    settings: CheckpointSettings,
    next: CheckpointId,
    running: Option<Pending>,
    waiting: VecDeque<Waiting>,
    /// Given up while they were being written: the driver has not answered yet.
    writing_given_up: BTreeSet<CheckpointId>,
    /// When the next periodic checkpoint is due, pauses aside; `None`: tasks do not all run.
    due: Option<Millis>,
    last_end: Option<Millis>,
    failures: u32,
    /// The newest checkpoint was held up from outside, and given up.
    held_up: bool,
    history: BTreeMap<CheckpointId, CheckpointRecord>,
}

impl Checkpoints {
    /// A coordinator whose next snapshot has the number `next`.
    pub fn new(settings: CheckpointSettings, next: CheckpointId) -> Self {
        Self {
            settings,
            next,
            running: None,
            waiting: VecDeque::new(),
            writing_given_up: BTreeSet::new(),
            due: None,
            last_end: None,
            failures: 0,
            held_up: false,
            history: BTreeMap::new(),
        }
    }

    /// The number that the next snapshot will have.
    pub fn next_number(&self) -> CheckpointId {
        self.next
    }

    /// No snapshot has a lower number than `next` from now on.
    pub fn raise_to(&mut self, next: CheckpointId) {
        self.next = self.next.max(next);
    }

    /// The snapshot that runs.
    pub fn running(&self) -> Option<&Pending> {
        self.running.as_ref()
    }

    /// The newest snapshots that have ended, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &CheckpointRecord> {
        self.history.values()
    }

    /// Whether the driver is writing the running snapshot.
    pub fn is_writing_running(&self) -> bool {
        self.running
            .as_ref()
            .is_some_and(|running| running.stage == Stage::Writing)
    }

    /// Whether the driver is writing a snapshot, given up or not.
    pub fn is_writing(&self) -> bool {
        self.is_writing_running() || !self.writing_given_up.is_empty()
    }

    /// Every task of a new attempt runs: the interval begins.
    pub fn arm(&mut self, now: Millis) {
        self.failures = 0;
        self.held_up = false;
        self.due = self.settings.interval.map(|interval| now.plus(interval));
    }

    /// From now on a checkpoint begins each `interval`, where any does by itself. Answers whether that is another one.
    pub fn set_interval(&mut self, now: Millis, interval: Duration) -> bool {
        let interval = interval.max(Duration::from_millis(1));
        let before = self.settings.interval;
        let is_other = before.is_some_and(|before| before != interval);
        if is_other {
            self.settings.interval = Some(interval);
            self.due = self.due.map(|_| now.plus(interval));
        }
        is_other
    }

    /// Why checkpoints begin less often than the interval says; `None`: they do not.
    pub fn why_less_often(&self) -> Option<String> {
        let CheckpointSettings {
            interval: Some(interval),
            min_pause,
            ..
        } = self.settings
        else {
            return None;
        };
        (min_pause > interval).then(|| {
            format!(
                "checkpoints begin less often than each {}, which {} says: {} is {}",
                options::format_duration(interval),
                options::CHECKPOINT_INTERVAL.name,
                options::CHECKPOINT_MIN_PAUSE.name,
                options::format_duration(min_pause)
            )
        })
    }

    /// The attempt is over or ends: no snapshot begins by itself.
    pub fn disarm(&mut self) {
        self.due = None;
        self.last_end = None;
    }

    /// Puts a request in line. It is given up after the time that two snapshots may take: the one before
    /// it, and itself.
    pub fn enqueue(&mut self, now: Millis, wanted: Wanted) {
        let deadline = now.plus(self.settings.timeout.saturating_mul(2));
        self.waiting.push_back(Waiting { wanted, deadline });
    }

    /// The requests in line.
    pub fn waiting(&self) -> impl Iterator<Item = &Wanted> {
        self.waiting.iter().map(|waiting| &waiting.wanted)
    }

    /// Takes all requests out of the line.
    pub fn drain_waiting(&mut self) -> Vec<Wanted> {
        self.waiting
            .drain(..)
            .map(|waiting| waiting.wanted)
            .collect()
    }

    /// Takes the requests out of the line that have waited too long.
    pub fn take_overdue(&mut self, now: Millis) -> Vec<Wanted> {
        let (overdue, rest): (Vec<_>, Vec<_>) = self
            .waiting
            .drain(..)
            .partition(|waiting| now >= waiting.deadline);
        self.waiting = rest.into();
        overdue.into_iter().map(|waiting| waiting.wanted).collect()
    }

    /// What is to begin now, if nothing runs: who waits first, then the last snapshot if the input has
    /// ended, then a periodic checkpoint that is due. `has_own`: whether the job has a checkpoint that it would go back to, so
    /// that its last commit must not be without one either.
    pub fn take_next(&mut self, now: Millis, input_ended: bool, has_own: bool) -> Option<Wanted> {
        if self.running.is_some() {
            return None;
        }
        if let Some(waiting) = self.waiting.pop_front() {
            return Some(waiting.wanted);
        }
        if now < self.own_due(input_ended)? {
            return None;
        }
        let (kind, then) = match (input_ended, self.settings.interval) {
            (false, _) => (SnapshotKind::Checkpoint, Then::Continue),
            (true, Some(_)) => (SnapshotKind::Checkpoint, Then::Drain),
            (true, None) if has_own => (SnapshotKind::Checkpoint, Then::Drain),
            (true, None) => (SnapshotKind::FinalCommit, Then::Drain),
        };
        Some(Wanted {
            kind,
            then,
            operation: None,
        })
    }

    /// When the next snapshot that nobody asked for is due.
    fn own_due(&self, input_ended: bool) -> Option<Millis> {
        if input_ended {
            let pause = FINAL_RETRY.max(self.settings.min_pause);
            let retry = self
                .last_end
                .filter(|_| self.failures > 0 || self.held_up)
                .map(|end| end.plus(pause));
            return Some(retry.unwrap_or(Millis(0)));
        }
        let after_pause = self.last_end.map(|end| end.plus(self.settings.min_pause));
        self.due.map(|due| due.max(after_pause.unwrap_or(due)))
    }

    /// Begins `wanted`; the next periodic checkpoint is due an interval from now.
    pub fn begin(
        &mut self,
        now: Millis,
        attempt: Attempt,
        wanted: Wanted,
        tasks: BTreeSet<TaskId>,
    ) -> &Pending {
        let checkpoint = self.next;
        self.next = self.next.saturating_add(1);
        if wanted.kind == SnapshotKind::Checkpoint {
            self.due = self.settings.interval.map(|interval| now.plus(interval));
        }
        self.running.insert(Pending {
            checkpoint,
            attempt,
            wanted,
            began: now,
            deadline: now.plus(self.settings.timeout),
            stage: Stage::Collecting,
            missing: tasks,
        })
    }

    /// Takes an acknowledgement.
    pub fn acknowledge(
        &mut self,
        attempt: Attempt,
        checkpoint: CheckpointId,
        task: TaskId,
    ) -> Acknowledgement {
        let aborted = self
            .history
            .get(&checkpoint)
            .is_some_and(CheckpointRecord::is_aborted);
        let Some(running) = self.collecting(attempt, checkpoint) else {
            // What is not known to be given up may be part of a complete snapshot: never deleted.
            return if aborted {
                Acknowledgement::TooLate
            } else {
                Acknowledgement::Ignored
            };
        };
        if !running.missing.remove(&task) {
            return Acknowledgement::Ignored;
        }
        if !running.missing.is_empty() {
            return Acknowledgement::Counted;
        }
        running.stage = Stage::Writing;
        Acknowledgement::Complete
    }

    /// Whether tasks of this attempt are taking this snapshot.
    pub fn is_collecting(&self, attempt: Attempt, checkpoint: CheckpointId) -> bool {
        self.running
            .as_ref()
            .is_some_and(|running| running.is(attempt, checkpoint))
    }

    fn collecting(&mut self, attempt: Attempt, checkpoint: CheckpointId) -> Option<&mut Pending> {
        self.running
            .as_mut()
            .filter(|running| running.is(attempt, checkpoint))
    }

    /// Whether the snapshot of that number, if it is remembered, was to be a savepoint.
    pub fn was_savepoint(&self, checkpoint: CheckpointId) -> bool {
        let record = self.history.get(&checkpoint);
        record.is_some_and(|record| matches!(record.kind, SnapshotKind::Savepoint { .. }))
    }

    /// The driver has answered a write.
    pub fn write_ended(&mut self, checkpoint: CheckpointId) -> WriteOf {
        if self.writing_given_up.remove(&checkpoint) {
            return WriteOf::GivenUp;
        }
        let running = self.running.as_ref().filter(|p| p.checkpoint == checkpoint);
        match running.map(|running| running.stage) {
            Some(Stage::Writing) => WriteOf::Running,
            _ => WriteOf::Nobody,
        }
    }

    /// The running snapshot is complete.
    pub fn complete(&mut self, now: Millis, path: &str) -> Option<Pending> {
        let pending = self.running.take()?;
        if pending.wanted.counts_as_checkpoint() {
            self.failures = 0;
            self.held_up = false;
        }
        self.remember(now, &pending, CheckpointEnd::Completed(path.to_owned()));
        Some(pending)
    }

    /// Gives the running snapshot up. Its write, if it was being written, is still awaited.
    pub fn abort(&mut self, now: Millis, reason: &str) -> Option<Pending> {
        let pending = self.running.take()?;
        if pending.stage == Stage::Writing && pending.wanted.kind.is_persisted() {
            self.writing_given_up.insert(pending.checkpoint);
        }
        self.remember(now, &pending, CheckpointEnd::Aborted(reason.to_owned()));
        Some(pending)
    }

    /// The write of the running snapshot has failed, so nothing is awaited.
    pub fn write_failed(&mut self, now: Millis, reason: &str) -> Option<Pending> {
        let pending = self.abort(now, reason)?;
        self.writing_given_up.remove(&pending.checkpoint);
        Some(pending)
    }

    /// Counts a checkpoint that failed by itself. Whether more have failed than are tolerated.
    pub fn count_failure(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures > self.settings.tolerable_failures
    }

    /// Notes that a checkpoint was given up that something outside the job has held up. It is no failure of the job, so it is not
    /// counted; the last one at the end of the input is tried again after a pause all the same.
    pub fn note_held_up(&mut self) {
        self.held_up = true;
    }

    /// How many checkpoints have failed one after the other.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the running snapshot has taken too long.
    pub fn is_overdue(&self, now: Millis) -> bool {
        self.running
            .as_ref()
            .is_some_and(|running| now >= running.deadline)
    }

    /// When to look next. `may_begin`: whether a snapshot could begin if it were due.
    pub fn deadline(&self, may_begin: bool, input_ended: bool) -> Option<Millis> {
        let running = self.running.as_ref().map(|running| running.deadline);
        let waiting = self.waiting.iter().map(|waiting| waiting.deadline).min();
        let own = if may_begin && self.running.is_none() {
            self.own_due(input_ended)
        } else {
            None
        };
        [running, waiting, own].into_iter().flatten().min()
    }

    fn remember(&mut self, now: Millis, pending: &Pending, end: CheckpointEnd) {
        self.last_end = Some(now);
        let record = CheckpointRecord {
            checkpoint: pending.checkpoint,
            kind: pending.wanted.kind.clone(),
            began: pending.began,
            ended: now,
            end,
        };
        self.history.insert(pending.checkpoint, record);
        if self.history.len() > REMEMBERED {
            self.history.pop_first();
        }
    }
}

#[cfg(test)]
mod tests;
