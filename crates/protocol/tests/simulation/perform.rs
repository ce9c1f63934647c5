//! Performs the actions of the machine, and checks each against the rules.

use std::collections::BTreeSet;

use millstream_core::{CheckpointId, JobStatus, TaskStatus, TriggerId};
use millstream_protocol::{
    Action, Attempt, ClaimMode, DiscardReason, OperationResult, SnapshotKind, Then,
};

use crate::process::{Process, Triggered, Work};
use crate::tasks::{Boundary, Task};
use crate::world::{OutputId, OutputState, first};

impl Process<'_> {
    pub(crate) fn perform(&mut self, action: Action) {
        match action {
            Action::JobSwitched { from, to } => self.job_switched(from, to),
            Action::TaskSwitched {
                attempt, from, to, ..
            } => {
                assert_eq!(attempt, self.attempt);
                assert!(from != to && !from.is_terminal());
            }
            Action::RecoverCommits { attempt, restore } => {
                assert_eq!(restore.map(|r| r.checkpoint), self.world.newest());
                self.recover(attempt);
            }
            Action::StartAttempt {
                attempt,
                restore,
                next_checkpoint,
            } => {
                assert_eq!(restore.map(|r| r.checkpoint), self.world.newest());
                self.start_attempt(attempt, next_checkpoint);
            }
            Action::DiscardSnapshot { snapshot, reason } => {
                self.discard(snapshot.checkpoint, reason);
            }
            Action::OperationEnded { id, result } => self.operation_ended(id, &result),
            Action::Warn { .. } => {}
            Action::KillProcess { .. } => {
                self.outcome.killed += 1;
                self.assert_all_operations_ended();
                self.crash();
            }
            Action::JobEnded { status, .. } => self.job_ended(status),
            for_snapshot => self.perform_for_snapshot(for_snapshot),
        }
    }

    fn perform_for_snapshot(&mut self, action: Action) {
        match action {
            Action::Trigger {
                attempt,
                checkpoint,
                kind,
                then,
                ..
            } => {
                self.trigger(attempt, checkpoint, kind, then);
            }
            Action::AbortCheckpoint { checkpoint, .. } => {
                for task in &mut self.tasks {
                    task.boundaries
                        .retain(|boundary| boundary.checkpoint != checkpoint);
                }
            }
            Action::DiscardAcknowledged { checkpoint, .. } => self.discard_late(checkpoint),
            Action::WriteSnapshot {
                attempt,
                checkpoint,
                kind,
            } => {
                assert!(kind.is_persisted());
                self.assert_complete(attempt, checkpoint);
                let outputs = self.pending_up_to(checkpoint);
                self.work.push(Work::Write {
                    checkpoint,
                    outputs,
                });
            }
            Action::Commit {
                attempt,
                checkpoint,
            } => self.commit(attempt, checkpoint),
            Action::NotifyCompleted { checkpoint, .. } => {
                let triggered = &self.triggered[&checkpoint];
                assert!(triggered.written || !triggered.kind.is_persisted());
            }
            Action::ResumeSources { .. } => {
                assert_eq!(
                    self.paused,
                    Some(Then::Suspend),
                    "a drain can't be taken back"
                );
                self.paused = None;
            }
            Action::FinishSources { .. } => {
                assert!(
                    self.pending.is_empty(),
                    "output is not committed at the end"
                );
                self.end_tasks(TaskStatus::Finished);
            }
            Action::CancelTasks { attempt } => {
                assert_eq!(attempt, self.attempt);
                self.end_tasks(TaskStatus::Canceled);
            }
            other => panic!("not performed: {other:?}"),
        }
    }

    fn job_switched(&mut self, from: JobStatus, to: JobStatus) {
        assert_eq!(from, self.status);
        assert!(!from.is_terminal(), "{from} to {to}");
        self.status = to;
    }

    fn discard_late(&mut self, checkpoint: CheckpointId) {
        let complete = self.triggered.get(&checkpoint).is_some_and(|t| t.written);
        let held = self.world.newest() == Some(checkpoint);
        assert!(
            !(complete && held),
            "files of a complete snapshot are deleted"
        );
        self.outcome.late += 1;
    }

    fn recover(&mut self, attempt: Attempt) {
        assert!(!self.workers, "the workers before are there");
        self.attempt = attempt;
        self.pending.clear();
        let stored = self
            .world
            .newest()
            .and_then(|number| self.world.stored.get(&number));
        let outputs = stored.map_or_else(Vec::new, |stored| stored.outputs.clone());
        self.begin_commit(Work::Recover { attempt, outputs });
    }

    /// Nothing else is under way when a commit begins, but writes of snapshots that were given up.
    fn begin_commit(&mut self, work: Work) {
        let busy = self
            .work
            .iter()
            .any(|work| !matches!(work, Work::Write { .. }));
        assert!(!busy, "two commits at once");
        self.work.push(work);
    }

    fn start_attempt(&mut self, attempt: Attempt, next_checkpoint: CheckpointId) {
        assert!(!self.workers && self.work.is_empty(), "{:?}", self.work);
        let stopping = self
            .unfinished_stop
            .is_some_and(|id| !self.world.ended.contains(&id));
        assert!(!stopping, "a job that was stopped runs again");
        assert!(next_checkpoint > self.world.newest().unwrap_or(0));
        let stored = self
            .world
            .newest()
            .and_then(|number| self.world.stored.get(&number));
        self.outcome.restores += u32::from(stored.is_some());
        self.position = stored.map_or(0, |stored| stored.position);
        self.attempt = attempt;
        self.workers = true;
        self.paused = None;
        let old = std::mem::take(&mut self.tasks);
        // What an old attempt has sent may still arrive.
        let late = old
            .into_iter()
            .flat_map(|task| task.messages)
            .map(|message| message.event);
        self.answers.extend(late);
        for info in self.world.settings.tasks.clone() {
            let sink = self.world.sinks.iter().position(|sink| *sink == info.task);
            let mut task = Task::new(info.task, sink, self.position);
            task.report(attempt, TaskStatus::Deploying);
            task.report(attempt, TaskStatus::Initializing);
            task.report(attempt, TaskStatus::Running);
            self.tasks.push(task);
        }
    }

    fn trigger(
        &mut self,
        attempt: Attempt,
        checkpoint: CheckpointId,
        kind: SnapshotKind,
        then: Then,
    ) {
        assert_eq!(attempt, self.attempt);
        assert!(
            self.world.newest().is_none_or(|newest| newest < checkpoint),
            "a number again"
        );
        self.world.highest_number = self.world.highest_number.max(checkpoint);
        if then.is_last() {
            self.paused = Some(then);
        }
        let position = self.position;
        for task in self.tasks.iter_mut().filter(|task| task.alive) {
            task.boundaries.push_back(Boundary {
                checkpoint,
                position,
            });
        }
        let acknowledged = BTreeSet::new();
        let triggered = Triggered {
            attempt,
            kind,
            then,
            position,
            acknowledged,
            written: false,
        };
        assert!(
            self.triggered.insert(checkpoint, triggered).is_none(),
            "a number again"
        );
    }

    /// No snapshot is complete without the acknowledgement of every task.
    fn assert_complete(&self, attempt: Attempt, checkpoint: CheckpointId) {
        let triggered = &self.triggered[&checkpoint];
        assert_eq!(attempt, triggered.attempt);
        assert_eq!(
            triggered.acknowledged.len(),
            self.world.settings.tasks.len()
        );
    }

    pub(crate) fn pending_up_to(&self, checkpoint: CheckpointId) -> Vec<OutputId> {
        let up_to = self
            .pending
            .iter()
            .filter(|(boundary, _)| *boundary <= checkpoint);
        up_to.map(|(_, output)| *output).collect()
    }

    /// Output is committed only for a snapshot that is complete.
    fn commit(&mut self, attempt: Attempt, checkpoint: CheckpointId) {
        assert_eq!(attempt, self.attempt);
        self.assert_complete(attempt, checkpoint);
        let triggered = &self.triggered[&checkpoint];
        let persisted = triggered.kind.is_persisted();
        assert!(!persisted || self.world.stored.contains_key(&checkpoint));
        assert!(triggered.written == persisted);
        self.world.unprotected |= !persisted;
        let outputs = self.pending_up_to(checkpoint);
        self.begin_commit(Work::Commit {
            checkpoint,
            outputs,
        });
    }

    pub(crate) fn end_tasks(&mut self, status: TaskStatus) {
        let attempt = self.attempt;
        for task in self.tasks.iter_mut().filter(|task| task.alive) {
            task.alive = false;
            task.boundaries.clear();
            task.report(attempt, status);
        }
    }

    fn discard(&mut self, number: CheckpointId, reason: DiscardReason) {
        let Some(stored) = self.world.stored.remove(&number) else {
            panic!("snapshot {number} is deleted twice");
        };
        let restored_from = self.world.restored_from.filter(|(from, _)| *from == number);
        if let Some((_, claim)) = restored_from {
            assert_eq!(claim, ClaimMode::Claim, "it is not ours");
            // Once newer ones are there, nobody asks for it again.
            self.world.restored_from = None;
        } else {
            assert!(
                !stored.savepoint || reason == DiscardReason::Aborted,
                "a savepoint"
            );
        }
        if reason != DiscardReason::Aborted {
            let mut outputs = stored
                .outputs
                .iter()
                .map(|id| self.world.outputs[*id].state);
            let uncommitted = outputs.any(|state| state == OutputState::Prepared);
            assert!(
                !uncommitted,
                "snapshot {number} is deleted before its output is committed"
            );
        }
        if reason == DiscardReason::JobEnded {
            assert!(self.status.is_terminal());
        } else {
            self.world.check();
        }
    }

    fn operation_ended(&mut self, id: TriggerId, result: &OperationResult) {
        assert!(self.world.requested.contains(&id), "nobody asked for it");
        assert!(self.world.ended.insert(id), "operation {id} ended twice");
        self.world.stop_of.retain(|_, stop| *stop != id);
        match result {
            OperationResult::Stopped { checkpoint, .. } => {
                self.outcome.stopped += 1;
                assert!(self.world.stored.contains_key(checkpoint));
            }
            OperationResult::Completed { checkpoint, .. } => {
                assert!(self.triggered[checkpoint].written);
            }
            OperationResult::Failed { code, .. } if code == "MS-2002" => {
                self.outcome.failed_stops += 1;
            }
            OperationResult::Cancelled => assert_eq!(self.status, JobStatus::Canceled),
            OperationResult::Failed { .. } => {}
        }
    }

    fn assert_all_operations_ended(&self) {
        let open: Vec<_> = self.world.requested.difference(&self.world.ended).collect();
        assert!(open.is_empty(), "operations never ended: {open:?}");
    }

    fn job_ended(&mut self, status: JobStatus) {
        assert_eq!(status, self.status);
        assert!(
            !self.workers && self.work.is_empty(),
            "something is under way"
        );
        self.assert_all_operations_ended();
        self.ended = Some(status);
        if status == JobStatus::Finished {
            self.assert_all_is_committed();
        }
    }

    /// A job that finished has committed all it has read: the whole input, or up to its last savepoint.
    fn assert_all_is_committed(&self) {
        let savepoint = self
            .world
            .stored
            .iter()
            .rev()
            .find(|(_, s)| s.savepoint && s.offered);
        let read = match (self.triggered.values().last(), savepoint) {
            (
                Some(Triggered {
                    kind: SnapshotKind::Savepoint { .. },
                    position,
                    ..
                }),
                _,
            ) => *position,
            (None, Some((_, stored))) => stored.position,
            _ => self.world.input,
        };
        for records in &self.world.committed {
            assert_eq!(*records, first(read), "not all is committed at the end");
        }
    }
}
