//! The last snapshot of a job: a stop with savepoint, or the end of its input.
//!
//! ```text
//! Collecting --all tasks acknowledged--> Writing --written--> Committing --committed--> Finishing
//! ```
//!
//! A failed snapshot gives the last one up. From the moment every task has acknowledged it, the tasks
//! are not needed any more: what they do then, even failing, can't spoil the stop, so failures are held
//! back until it is known whether the snapshot was written.

use std::time::Duration;

use millstream_core::{CheckpointId, TriggerId, codes};

use crate::commit::Committed;
use crate::operations::OperationResult;
use crate::types::{Failure, Millis, SnapshotRef, Then};

/// How far the last snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Tasks are taking it.
    Collecting,
    /// Every task has acknowledged; `_metadata` is being written.
    Writing,
    /// It is written (or need not be), output is being committed.
    Committing,
    /// All is committed; tasks come to their end.
    Finishing,
}

/// The last snapshot of a job, under way.
#[derive(Debug, Clone)]
pub struct Last {
    operation: Option<TriggerId>,
    checkpoint: CheckpointId,
    then: Then,
    stage: Stage,
    /// Left behind by an earlier process, which has written the savepoint.
    resumed: bool,
    snapshot: Option<SnapshotRef>,
    committed: Committed,
    held_back: Option<Failure>,
    finish_by: Option<Millis>,
}

impl Last {
    /// The last snapshot was triggered: for this operation, or at the end of the input.
    pub fn new(operation: Option<TriggerId>, checkpoint: CheckpointId, then: Then) -> Self {
        Self {
            operation,
            checkpoint,
            then,
            stage: Stage::Collecting,
            resumed: false,
            snapshot: None,
            committed: Committed::No,
            held_back: None,
            finish_by: None,
        }
    }

    /// A stop whose savepoint an earlier process has written: only the commit is left.
    pub fn resumed(operation: TriggerId, savepoint: SnapshotRef) -> Self {
        let mut last = Self::new(Some(operation), savepoint.checkpoint, Then::Suspend);
        last.stage = Stage::Committing;
        last.resumed = true;
        last.snapshot = Some(savepoint);
        last
    }

    /// Whether an earlier process has left it behind: it is finished however many attempts that takes.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// Another attempt carries it on, and commits again.
    pub fn again(&mut self) {
        self.stage = Stage::Committing;
        self.finish_by = None;
    }

    /// The operation; `None`: the input has ended.
    pub fn operation(&self) -> Option<TriggerId> {
        self.operation
    }

    /// The snapshot's number.
    pub fn checkpoint(&self) -> CheckpointId {
        self.checkpoint
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Every task has acknowledged.
    pub fn all_acknowledged(&mut self) {
        self.stage = Stage::Writing;
    }

    /// It is complete, as `snapshot` (a stop's savepoint, or the checkpoint at the end of the input) unless it is not persisted.
    pub fn completed(&mut self, snapshot: Option<SnapshotRef>) {
        self.stage = Stage::Committing;
        self.snapshot = snapshot;
    }

    /// All is committed. Tasks that run on for longer than `patience` are to be cancelled.
    pub fn committed(&mut self, now: Millis, patience: Duration) {
        self.stage = Stage::Finishing;
        self.committed = Committed::Yes;
        self.finish_by = Some(now.plus(patience));
    }

    /// Notes what is known of a commit that did not come about.
    pub fn not_committed(&mut self, committed: Committed) {
        self.committed = committed;
    }

    /// Holds a failure of the tasks back, where they are not needed any more.
    ///
    /// # Errors
    /// Gives the failure back where they are needed.
    pub fn hold_back(&mut self, failure: Failure) -> Result<(), Failure> {
        if self.stage == Stage::Collecting {
            return Err(failure);
        }
        self.held_back.get_or_insert(failure);
        Ok(())
    }

    /// The failure that was held back, to be acted on after all.
    pub fn take_held_back(&mut self) -> Option<Failure> {
        self.held_back.take()
    }

    /// Whether the job can't simply read on if the snapshot fails: a drain has told operators that
    /// time has ended, which can't be taken back.
    pub fn needs_restart_on_failure(&self) -> bool {
        self.operation.is_some() && self.then == Then::Drain
    }

    /// Until when tasks may take to come to their end; `None`: not yet, or they were cancelled.
    pub fn finish_by(&self) -> Option<Millis> {
        self.finish_by
    }

    /// Tasks did not come to their end and are cancelled.
    pub fn stop_waiting(&mut self) {
        self.finish_by = None;
    }

    /// The result of a stop that did not come about. Names the savepoint, where there is one.
    pub fn failed(&self, reason: &str) -> OperationResult {
        let savepoint = self.snapshot.as_ref().map(|snapshot| snapshot.path.clone());
        let committed = savepoint.as_ref().map(|_| self.committed);
        let reason = reason.to_owned();
        OperationResult::Failed {
            code: codes::STOP_FAILED.id.into(),
            reason,
            savepoint,
            committed,
        }
    }

    /// The result of a stop that has come about.
    pub fn stopped(&self) -> OperationResult {
        let path = self
            .snapshot
            .as_ref()
            .map_or_else(String::new, |s| s.path.clone());
        OperationResult::Stopped {
            checkpoint: self.checkpoint,
            path,
        }
    }

    /// Whether a snapshot was written; at the end of the input of a job without checkpoints none is.
    pub fn is_persisted(&self) -> bool {
        self.snapshot.is_some()
    }

    /// Whether the output that the snapshot covers is known to be committed.
    pub fn is_committed(&self) -> bool {
        self.stage == Stage::Finishing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure {
            at: Millis(0),
            attempt: 1,
            task: None,
            code: "MS-4001",
            message: "boom".to_owned(),
            recoverable: true,
        }
    }

    fn stop(then: Then) -> Last {
        Last::new(Some(TriggerId::from_bytes([1; 16])), 5, then)
    }

    #[test]
    fn failures_are_held_back_once_every_task_has_acknowledged() {
        let mut last = stop(Then::Suspend);
        assert_eq!(last.hold_back(failure()), Err(failure()));
        last.all_acknowledged();
        assert_eq!(last.hold_back(failure()), Ok(()));
        assert_eq!(last.take_held_back(), Some(failure()));
    }

    #[test]
    fn a_failed_stop_names_the_savepoint_and_whether_it_is_committed() {
        let mut last = stop(Then::Suspend);
        let OperationResult::Failed {
            savepoint,
            committed,
            ..
        } = last.failed("declined")
        else {
            panic!("it failed");
        };
        assert_eq!((savepoint, committed), (None, None));
        last.completed(Some(SnapshotRef {
            checkpoint: 5,
            path: "/s".to_owned(),
            savepoint: true,
        }));
        last.not_committed(Committed::Unknown);
        let OperationResult::Failed {
            savepoint,
            committed,
            ..
        } = last.failed("no route")
        else {
            panic!("it failed");
        };
        assert_eq!(savepoint.as_deref(), Some("/s"));
        assert_eq!(committed, Some(Committed::Unknown));
    }

    #[test]
    fn only_a_failed_drain_needs_a_restart() {
        assert!(stop(Then::Drain).needs_restart_on_failure());
        assert!(!stop(Then::Suspend).needs_restart_on_failure());
        assert!(!Last::new(None, 5, Then::Drain).needs_restart_on_failure());
    }
}
