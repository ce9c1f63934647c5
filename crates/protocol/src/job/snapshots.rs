//! Snapshots: how they begin, complete and fail, and what that means for the job.

use millstream_core::{CheckpointId, JobStatus, TriggerId, codes, counted};

use super::{JobMachine, Next};
use crate::action::{Action, DiscardReason};
use crate::checkpoint::{Acknowledgement, Pending, Wanted, WriteOf};
use crate::commit::{Committed, Target};
use crate::operations::OperationResult;
use crate::stop::Last;
use crate::types::{Attempt, Failure, Millis, SnapshotKind, SnapshotRef, TaskId};

/// What was written of a snapshot.
#[derive(Debug)]
pub(super) struct Written {
    /// The directory of the checkpoint.
    pub(super) path: String,
    /// That of the savepoint, or why it could not be written.
    pub(super) savepoint: Option<Result<String, String>>,
}

/// How a snapshot fails by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    /// It is declined, or takes too long.
    Itself,
    /// It takes too long because sinks wait for something outside the job.
    HeldUp,
    /// It can't be written.
    Write,
}

/// An operation whose snapshot is written, while its output is not known to be committed.
#[derive(Debug, Clone)]
pub(super) struct Untold {
    pub(super) id: TriggerId,
    pub(super) snapshot: SnapshotRef,
}

impl Wanted {
    /// The error code of an operation that wanted this and did not get it.
    pub(super) fn failure_code(&self) -> &'static str {
        if self.then.is_last() {
            codes::STOP_FAILED.id
        } else {
            codes::CHECKPOINT_FAILED.id
        }
    }
}

impl JobMachine {
    /// Whether a snapshot could begin. Not while a commit is under way: were the next snapshot complete
    /// first, a restart from it would not know of the output that waits to be committed.
    pub(super) fn may_begin_snapshot(&self) -> bool {
        self.status == JobStatus::Running
            && self.workers
            && self.last.is_none()
            && self.tasks.all_running()
            && self.commits.target().is_none()
    }

    pub(super) fn begin_due_snapshot(&mut self, now: Millis) {
        if !self.may_begin_snapshot() {
            return;
        }
        let Some(wanted) =
            self.checkpoints
                .take_next(now, self.tasks.input_ended(), self.snapshots.has_own())
        else {
            return;
        };
        let attempt = self.attempt;
        let pending = self
            .checkpoints
            .begin(now, attempt, wanted.clone(), self.tasks.ids());
        let checkpoint = pending.checkpoint;
        let Wanted {
            kind,
            then,
            operation,
        } = wanted;
        if then.is_last() {
            self.last = Some(Last::new(operation, checkpoint, then));
        }
        let full = kind.is_persisted() && self.snapshots.next_is_full();
        self.actions.push(Action::Trigger {
            attempt,
            checkpoint,
            kind,
            then,
            full,
        });
    }

    pub(super) fn acknowledged(
        &mut self,
        now: Millis,
        attempt: Attempt,
        checkpoint: CheckpointId,
        task: TaskId,
    ) {
        match self.checkpoints.acknowledge(attempt, checkpoint, task) {
            Acknowledgement::Counted | Acknowledgement::Ignored => {}
            Acknowledgement::TooLate => {
                self.actions.push(Action::DiscardAcknowledged {
                    attempt,
                    checkpoint,
                    task,
                });
            }
            Acknowledgement::Complete => self.all_acknowledged(now, attempt, checkpoint),
        }
    }

    fn all_acknowledged(&mut self, now: Millis, attempt: Attempt, checkpoint: CheckpointId) {
        if let Some(last) = self.last_of(checkpoint) {
            last.all_acknowledged();
        }
        let kind = self
            .checkpoints
            .running()
            .map(|running| running.wanted.kind.clone());
        match kind {
            Some(SnapshotKind::FinalCommit) => self.complete_snapshot(now, None),
            Some(kind) => {
                self.actions.push(Action::WriteSnapshot {
                    attempt,
                    checkpoint,
                    kind,
                });
            }
            None => {}
        }
    }

    pub(super) fn declined(
        &mut self,
        now: Millis,
        attempt: Attempt,
        checkpoint: CheckpointId,
        task: Option<TaskId>,
        reason: &str,
    ) {
        if self.checkpoints.is_collecting(attempt, checkpoint) {
            let reason = match task {
                Some(task) => format!("declined by {}: {reason}", self.tasks.name(task)),
                None => reason.to_owned(),
            };
            self.fail_snapshot(now, &reason, Failing::Itself);
        }
    }

    pub(super) fn snapshot_written(
        &mut self,
        now: Millis,
        checkpoint: CheckpointId,
        written: Written,
    ) {
        match self.checkpoints.write_ended(checkpoint) {
            WriteOf::Running => match (&written.savepoint, self.last_of(checkpoint).is_some()) {
                // The job can't end with a savepoint that is not there.
                (Some(Err(reason)), true) => {
                    let reason = format!("its savepoint could not be written: {reason}");
                    self.discard_given_up(checkpoint, written);
                    self.fail_snapshot(now, &reason, Failing::Write);
                }
                _ => self.complete_snapshot(now, Some(written)),
            },
            WriteOf::Nobody => {}
            WriteOf::GivenUp => self.discard_given_up(checkpoint, written),
        }
    }

    fn discard_given_up(&mut self, checkpoint: CheckpointId, written: Written) {
        let savepoint = written.savepoint.and_then(Result::ok);
        let paths = [(Some(written.path), false), (savepoint, true)];
        for (path, savepoint) in paths {
            self.actions
                .extend(path.map(|path| Action::DiscardSnapshot {
                    snapshot: SnapshotRef {
                        checkpoint,
                        path,
                        savepoint,
                    },
                    reason: DiscardReason::Aborted,
                }));
        }
    }

    pub(super) fn snapshot_failed(&mut self, now: Millis, checkpoint: CheckpointId, reason: &str) {
        if self.checkpoints.write_ended(checkpoint) == WriteOf::Running {
            let reason = format!("it could not be written: {reason}");
            self.fail_snapshot(now, &reason, Failing::Write);
        }
    }

    /// The running snapshot is complete: in these directories, unless nothing of it is written.
    fn complete_snapshot(&mut self, now: Millis, written: Option<Written>) {
        let path = written.as_ref().map(|written| written.path.as_str());
        let Some(pending) = self.checkpoints.complete(now, path.unwrap_or_default()) else {
            return;
        };
        let Pending {
            checkpoint, wanted, ..
        } = pending;
        let is_last = self.last_of(checkpoint).is_some();
        match written {
            None => {
                if let Some(last) = self.last_of(checkpoint) {
                    last.completed(None);
                }
            }
            Some(Written { path, savepoint }) => {
                let wanted = wanted.operation.filter(|_| !is_last).map(|id| (id, wanted));
                if let Some((id, wanted)) = wanted {
                    self.written_for(now, (id, &wanted), checkpoint, (&path, savepoint.as_ref()));
                }
                self.keep_snapshot(checkpoint, path, savepoint.and_then(Result::ok));
            }
        }
        // An attempt that has failed commits nothing: the next one commits what this snapshot holds.
        if self.status == JobStatus::Running {
            self.commit(now, checkpoint);
        } else {
            self.not_committed(now, Committed::No, "the job failed meanwhile");
        }
    }

    /// The snapshot of an operation is written: it ends once its output is committed and that is noted.
    fn written_for(
        &mut self,
        now: Millis,
        (id, wanted): (TriggerId, &Wanted),
        checkpoint: CheckpointId,
        (path, savepoint): (&String, Option<&Result<String, String>>),
    ) {
        let (path, savepoint) = match savepoint {
            None => (path, false),
            Some(Ok(path)) => (path, true),
            Some(Err(reason)) => {
                let reason = format!(
                    "the savepoint could not be written, though checkpoint {checkpoint} was: {reason}"
                );
                let result = OperationResult::failed(wanted.failure_code(), reason);
                return self.end_operation(now, id, result);
            }
        };
        let snapshot = SnapshotRef {
            checkpoint,
            path: path.clone(),
            savepoint,
        };
        self.written = Some(Untold { id, snapshot });
    }

    /// Holds a checkpoint and, if the job ends with one, its savepoint. Older checkpoints are not needed any more.
    fn keep_snapshot(&mut self, checkpoint: CheckpointId, path: String, savepoint: Option<String>) {
        let of = |path, savepoint| SnapshotRef {
            checkpoint,
            path,
            savepoint,
        };
        let kept = of(path, false);
        let stop = savepoint.map(|path| of(path, true));
        for snapshot in self.snapshots.completed(kept.clone()) {
            let reason = DiscardReason::Subsumed;
            self.actions
                .push(Action::DiscardSnapshot { snapshot, reason });
        }
        let Some(last) = self.last_of(checkpoint) else {
            return;
        };
        last.completed(Some(stop.clone().unwrap_or(kept)));
        if let Some(savepoint) = stop {
            self.snapshots.anchored(savepoint);
        }
    }

    fn commit(&mut self, now: Millis, checkpoint: CheckpointId) {
        let attempt = self.attempt;
        self.commits.begin(now, Target::Snapshot(checkpoint));
        self.actions.push(Action::Commit {
            attempt,
            checkpoint,
        });
    }

    /// The running snapshot failed by itself.
    pub(super) fn fail_snapshot(&mut self, now: Millis, reason: &str, failing: Failing) {
        let given_up = match failing {
            Failing::Write => self.checkpoints.write_failed(now, reason),
            Failing::Itself | Failing::HeldUp => self.checkpoints.abort(now, reason),
        };
        let Some(pending) = given_up else {
            return;
        };
        let last = self.snapshot_given_up(now, &pending, reason);
        if self.status != JobStatus::Running {
            return;
        }
        let noun = pending.wanted.kind.noun();
        let message = format!("{noun} {} failed: {reason}", pending.checkpoint);
        match last {
            Some(last) if last.operation().is_some() => {
                self.after_failed_stop(now, pending.checkpoint, last, message);
            }
            last => self.after_failed_checkpoint(now, (&pending, failing), last, message),
        }
    }

    /// A stop failed before its savepoint was there: the job goes on as if nothing had been asked.
    fn after_failed_stop(
        &mut self,
        now: Millis,
        checkpoint: CheckpointId,
        mut last: Last,
        message: String,
    ) {
        if let Some(failure) = last.take_held_back() {
            self.fail_attempt(now, failure);
        } else if last.needs_restart_on_failure() {
            let message =
                format!("a drain can't be taken back, so the job is restarted: {message}");
            let failure = self.failure(now, codes::STOP_FAILED.id, message);
            // Nothing is wrong with the job: no strategy is asked, and none of its restarts used up.
            let next = Next::Restart {
                at: now,
                restart: None,
            };
            self.end_attempt(now, failure, next);
        } else {
            self.warn(format!("the stop failed, the job goes on: {message}"));
            self.actions.push(Action::ResumeSources {
                attempt: self.attempt,
                checkpoint,
            });
        }
    }

    fn after_failed_checkpoint(
        &mut self,
        now: Millis,
        (pending, failing): (&Pending, Failing),
        last: Option<Last>,
        message: String,
    ) {
        if let Some(failure) = last.and_then(|mut last| last.take_held_back()) {
            return self.fail_attempt(now, failure);
        }
        if failing == Failing::HeldUp {
            self.checkpoints.note_held_up();
            return self.warn(format!("{message}; that is not counted"));
        }
        self.warn(message.clone());
        if pending.wanted.counts_as_checkpoint() && self.checkpoints.count_failure() {
            let failures = self.checkpoints.failures();
            let tolerable = self.settings.checkpoints.tolerable_failures;
            let message = format!(
                "{} failed one after the other, {tolerable} {} tolerated; the last: {message}",
                counted(failures, "checkpoint"),
                if tolerable == 1 { "is" } else { "are" }
            );
            let failure = self.failure(now, codes::CHECKPOINTS_FAILING.id, message);
            self.fail_attempt(now, failure);
        }
    }

    /// Gives the running snapshot up because of something else.
    pub(super) fn abort_running(&mut self, now: Millis, reason: &str) {
        if let Some(pending) = self.checkpoints.abort(now, reason) {
            self.snapshot_given_up(now, &pending, reason);
        }
    }

    /// Tells workers and users of a snapshot that was given up. Answers the stop that it was to be the
    /// last snapshot of.
    fn snapshot_given_up(&mut self, now: Millis, pending: &Pending, reason: &str) -> Option<Last> {
        let Pending {
            attempt,
            checkpoint,
            wanted,
            ..
        } = pending;
        let (attempt, checkpoint) = (*attempt, *checkpoint);
        let reason = reason.to_owned();
        let last = self.last.take_if(|last| last.checkpoint() == checkpoint);
        match (&last, wanted.operation) {
            (Some(last), _) => self.fail_stop(now, last, &reason),
            (None, Some(id)) => {
                let result = OperationResult::failed(wanted.failure_code(), reason.clone());
                self.end_operation(now, id, result);
            }
            (None, None) => {}
        }
        self.actions.push(Action::AbortCheckpoint {
            attempt,
            checkpoint,
            reason,
        });
        last
    }

    /// A recoverable failure of the attempt as a whole.
    pub(super) fn failure(&self, now: Millis, code: &'static str, message: String) -> Failure {
        let attempt = self.attempt;
        Failure {
            at: now,
            attempt,
            task: None,
            code,
            message,
            recoverable: true,
        }
    }

    pub(super) fn last_of(&mut self, checkpoint: CheckpointId) -> Option<&mut Last> {
        self.last
            .as_mut()
            .filter(|last| last.checkpoint() == checkpoint)
    }
}
