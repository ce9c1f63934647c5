//! Commits: what follows from their results.

use millstream_core::{CheckpointId, JobStatus, codes};

use super::JobMachine;
use super::snapshots::Untold;
use crate::action::Action;
use crate::commit::{CommitResult, Committed, Outcome, Target};
use crate::event::Nature;
use crate::operations::OperationResult;
use crate::types::{Attempt, Failure, Millis, SnapshotRef};

impl JobMachine {
    pub(super) fn commit_ended(
        &mut self,
        now: Millis,
        checkpoint: CheckpointId,
        result: CommitResult,
    ) {
        self.take_result(now, Target::Snapshot(checkpoint), result);
    }

    pub(super) fn recovery_commit_ended(
        &mut self,
        now: Millis,
        attempt: Attempt,
        result: CommitResult,
    ) {
        if self.is_present(attempt) {
            self.take_result(now, Target::Recovery, result);
        }
    }

    fn take_result(&mut self, now: Millis, target: Target, result: CommitResult) {
        if !self.commits.awaits(target) {
            return;
        }
        // Where the attempt ends anyway nothing is tried again: the next one begins with that.
        let may_retry = self.status == JobStatus::Running;
        let outcome = self.commits.ended(now, result, may_retry);
        match outcome {
            Outcome::Done(accepted) => {
                if !accepted.is_empty() {
                    self.actions
                        .push(Action::OutputAccepted { outputs: accepted });
                }
                self.tell_written(now);
                self.committed(now, target);
            }
            Outcome::Retry(message) => {
                if target == Target::Recovery {
                    self.refuse_waiting(now, &format!("the job has not begun yet: {message}"));
                }
                self.warn(message);
            }
            Outcome::Failed {
                code,
                message,
                recoverable,
                committed,
            } => {
                let attempt = self.attempt;
                self.not_committed(now, committed, &message);
                let failure = Failure {
                    at: now,
                    attempt,
                    task: None,
                    code,
                    message,
                    recoverable,
                };
                self.commit_failed(now, target, failure, committed);
            }
        }
    }

    /// The operation whose snapshot is written ends: its output is committed, and that is noted beside it.
    fn tell_written(&mut self, now: Millis) {
        if let Some(Untold { id, snapshot }) = self.written.take() {
            let SnapshotRef {
                checkpoint, path, ..
            } = snapshot;
            self.end_operation(now, id, OperationResult::Completed { checkpoint, path });
        }
    }

    /// The same, where nobody commits its output in this attempt any more. The snapshot is there all the same: whoever goes on
    /// from it commits what is left.
    pub(super) fn not_committed(&mut self, now: Millis, committed: Committed, why: &str) {
        let Some(Untold { id, snapshot }) = self.written.take() else {
            return;
        };
        let known = match committed {
            Committed::Yes | Committed::No => "is not committed",
            Committed::Unknown => "may not be committed",
        };
        let SnapshotRef {
            checkpoint,
            path,
            savepoint,
        } = snapshot;
        let noun = if savepoint { "savepoint" } else { "checkpoint" };
        let result = OperationResult::Failed {
            code: codes::CHECKPOINT_FAILED.id.into(),
            reason: format!("{noun} {checkpoint} is written, but its output {known}: {why}"),
            savepoint: savepoint.then_some(path),
            committed: savepoint.then_some(committed),
        };
        self.end_operation(now, id, result);
    }

    /// What the attempt was to begin with could not even be tried.
    pub(super) fn recovery_failed(
        &mut self,
        now: Millis,
        attempt: Attempt,
        (code, message): (&'static str, String),
        nature: Nature,
    ) {
        if !self.is_present(attempt) || !self.commits.awaits(Target::Recovery) {
            return;
        }
        self.commits.give_up();
        let failure = Failure {
            recoverable: !matches!(nature, Nature::Damaged | Nature::Taken),
            ..self.failure(now, code, message)
        };
        let committed = match nature {
            // A sink may have committed some of it before it failed; whoever has taken the checkpoints goes on from them.
            Nature::Program | Nature::Taken => Committed::Unknown,
            Nature::Unreachable | Nature::Damaged => Committed::No,
        };
        self.commit_failed(now, Target::Recovery, failure, committed);
    }

    fn committed(&mut self, now: Millis, target: Target) {
        let checkpoint = match target {
            Target::Snapshot(checkpoint) => Some(checkpoint),
            Target::Recovery => self.restore.as_ref().map(|restore| restore.checkpoint),
        };
        if let Some(checkpoint) = checkpoint {
            self.snapshots.committed(checkpoint);
        }
        let patience = self.settings.checkpoints.timeout;
        let last = checkpoint.and_then(|checkpoint| self.last_of(checkpoint));
        let is_last = last.is_some();
        if let Some(last) = last {
            last.committed(now, patience);
        }
        if self.status != JobStatus::Running {
            return;
        }
        if let Target::Snapshot(checkpoint) = target
            && self.workers
        {
            let attempt = self.attempt;
            self.actions.push(Action::NotifyCompleted {
                attempt,
                checkpoint,
            });
        }
        match target {
            Target::Recovery if !is_last => self.start_workers(),
            Target::Snapshot(_) if is_last && self.workers && self.cancellation.is_none() => {
                self.actions.push(Action::FinishSources {
                    attempt: self.attempt,
                });
            }
            // The workers go on, or there are none that would have to be told.
            Target::Recovery | Target::Snapshot(_) => {}
        }
    }

    fn commit_failed(
        &mut self,
        now: Millis,
        target: Target,
        mut failure: Failure,
        committed: Committed,
    ) {
        if target != Target::Recovery && self.last.as_ref().is_some_and(|l| !l.is_persisted()) {
            // There is no snapshot of this output: the next attempt would not know what is committed.
            failure.recoverable = false;
            failure.message.push_str(
                "; without checkpoints a restart would write committed output again: see what is there, and set execution.checkpointing.interval",
            );
        }
        if let Some(last) = self
            .last
            .as_mut()
            .filter(|last| covers(target, last.checkpoint()))
        {
            last.not_committed(committed);
        }
        match self.status {
            JobStatus::Running => self.fail_attempt(now, failure),
            JobStatus::Failing => self.failed_further(failure),
            _ => self.warn(failure.message),
        }
    }

    /// Has committers that wait for their sinks give up.
    pub(super) fn cancel_commit(&mut self) {
        if self.commits.in_flight() {
            let attempt = self.attempt;
            self.actions.push(Action::CancelCommit { attempt });
        }
    }

    /// Asks for what is due to be tried again, and gives a commit up that hangs.
    pub(super) fn watch_commit(&mut self, now: Millis) {
        if self.status != JobStatus::Running {
            return;
        }
        if self.commits.is_overdue(now)
            && let Some(target) = self.commits.target()
        {
            self.cancel_commit();
            let message = "a sink does not answer to a commit".to_owned();
            let failure = self.failure(now, codes::SINK_WRITE.id, message);
            return self.commit_failed(now, target, failure, Committed::Unknown);
        }
        let attempt = self.attempt;
        match self.commits.take_due(now) {
            Some(Target::Recovery) => {
                let restore = self.restore.clone();
                self.actions
                    .push(Action::RecoverCommits { attempt, restore });
            }
            Some(Target::Snapshot(checkpoint)) => {
                self.actions.push(Action::Commit {
                    attempt,
                    checkpoint,
                });
            }
            None => {}
        }
    }
}

/// Whether `target` is the commit of the job's last snapshot. A recovery is only awaited together with a
/// last snapshot where an earlier process has left its stop behind.
fn covers(target: Target, last: CheckpointId) -> bool {
    target == Target::Recovery || target == Target::Snapshot(last)
}
