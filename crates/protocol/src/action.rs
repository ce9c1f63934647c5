//! What a machine wants done.

use std::time::Duration;

use millstream_core::{CheckpointId, JobStatus, TaskStatus, TriggerId};

use crate::commit::Uncommitted;
use crate::operations::OperationResult;
use crate::types::{Attempt, Failure, SnapshotKind, SnapshotRef, TaskId, Then};

/// Something the driver does, in the order given. Actions that take long are started, and answered by
/// an event when they are done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Log one line: the job switched.
    JobSwitched {
        /// From this status.
        from: JobStatus,
        /// To this one.
        to: JobStatus,
    },
    /// Log one line: a task switched.
    TaskSwitched {
        /// The attempt.
        attempt: Attempt,
        /// The task.
        task: TaskId,
        /// From this status.
        from: TaskStatus,
        /// To this one.
        to: TaskStatus,
        /// The cause of a failure.
        cause: Option<String>,
    },
    /// Have every sink's committer recover from `restore`. Before that, where a stop is under way that an earlier process has
    /// left behind, it is noted that its savepoint is written; where none is, that a stop that had begun has ended: what its
    /// savepoint holds is removed now. Answered by
    /// [`Event::RecoveryCommitEnded`](crate::Event::RecoveryCommitEnded) or
    /// [`Event::RecoveryFailed`](crate::Event::RecoveryFailed). Asked for again where a sink could not be reached. The answer
    /// that all is done comes after that is noted beside the snapshot.
    RecoverCommits {
        /// The attempt that is about to start.
        attempt: Attempt,
        /// The snapshot that it goes on from; `None`: a fresh start.
        restore: Option<SnapshotRef>,
    },
    /// The start waits: what it has to go on from is missing or can't be reached. Log a warning and show it.
    HeldUp {
        /// One line: what is missing, and what to do.
        why: String,
    },
    /// The attempt is over, and the next one waits for its time. Log a warning and show it.
    RestartsLater {
        /// From now on.
        after: Duration,
        /// The number of the next attempt.
        attempt: Attempt,
        /// Which restart it is, of how many the strategy allows; `None`: it counts none.
        restart: Option<(u32, u32)>,
        /// Why the attempt before has ended, in one line.
        cause: String,
    },
    /// Look again at what is there. Answered by [`Event::Facts`](crate::Event::Facts).
    LookAgain,
    /// Tell every committer of the attempt that waits for its sink to give up.
    CancelCommit {
        /// The attempt.
        attempt: Attempt,
    },
    /// Output is lost, or may be, and taken for committed, as the user has asked. Log a warning for each and show it.
    OutputAccepted {
        /// The outputs; at least one.
        outputs: Vec<Uncommitted>,
    },
    /// Build the dataflow and run it. The end is told by [`Event::AttemptEnded`](crate::Event::AttemptEnded).
    StartAttempt {
        /// Its number.
        attempt: Attempt,
        /// The snapshot to go on from; `None`: from the beginning.
        restore: Option<SnapshotRef>,
        /// The lowest number that the next snapshot can have.
        next_checkpoint: CheckpointId,
    },
    /// Tell every worker of the boundary of a snapshot. Answered by an
    /// [`Event::Acknowledged`](crate::Event::Acknowledged) or [`Event::Declined`](crate::Event::Declined) of every task.
    Trigger {
        /// The attempt.
        attempt: Attempt,
        /// The snapshot and the epoch that begins with it.
        checkpoint: CheckpointId,
        /// What it is for.
        kind: SnapshotKind,
        /// What sources do at the boundary. Sources that wait at an older boundary go on to this one.
        then: Then,
        /// Whether it must not refer to files of older snapshots.
        full: bool,
    },
    /// Give a snapshot up: tasks that work on it may stop and hear that it will not be completed, state files of those that
    /// have acknowledged are deleted. **Output that sinks have prepared for it is kept**: it goes into the next snapshot
    /// of this attempt.
    AbortCheckpoint {
        /// The attempt.
        attempt: Attempt,
        /// The snapshot.
        checkpoint: CheckpointId,
        /// Why, in one line.
        reason: String,
    },
    /// An acknowledgement came after its snapshot was given up: delete the state files that it names.
    /// Output prepared in the running attempt is kept, as for [`Action::AbortCheckpoint`].
    DiscardAcknowledged {
        /// The attempt.
        attempt: Attempt,
        /// The snapshot.
        checkpoint: CheckpointId,
        /// The task.
        task: TaskId,
    },
    /// Every task has acknowledged: put `_metadata` in place, with all output that was prepared in this
    /// attempt up to this snapshot and not committed yet: of the checkpoint, and then of the savepoint if it is for one. The
    /// savepoint of a stop comes before its checkpoint, and it is noted that it is written before this is answered. Answered by
    /// [`Event::SnapshotWritten`](crate::Event::SnapshotWritten) or [`Event::SnapshotFailed`](crate::Event::SnapshotFailed).
    WriteSnapshot {
        /// The attempt.
        attempt: Attempt,
        /// The snapshot.
        checkpoint: CheckpointId,
        /// What it is for.
        kind: SnapshotKind,
    },
    /// Commit all output that was prepared in this attempt up to this snapshot and not committed yet.
    /// Committers must outlive the attempt's workers until this is answered by
    /// [`Event::CommitEnded`](crate::Event::CommitEnded). Asked for again where a sink could not be reached. The answer that
    /// all is done comes after that is noted, durably, beside every snapshot of that number.
    Commit {
        /// The attempt.
        attempt: Attempt,
        /// The snapshot.
        checkpoint: CheckpointId,
    },
    /// Tell sources and sinks that the output up to this snapshot is committed and that the job will never go back behind
    /// it.
    NotifyCompleted {
        /// The attempt.
        attempt: Attempt,
        /// The snapshot.
        checkpoint: CheckpointId,
    },
    /// A stop failed: sources that wait at the boundary read on.
    ResumeSources {
        /// The attempt.
        attempt: Attempt,
        /// The number of the savepoint that failed. A source may come to its boundary after it hears of this.
        checkpoint: CheckpointId,
    },
    /// All is committed: sources drop their capabilities and the dataflow ends by itself.
    FinishSources {
        /// The attempt.
        attempt: Attempt,
    },
    /// Drop the dataflow at once.
    CancelTasks {
        /// The attempt.
        attempt: Attempt,
    },
    /// Delete a snapshot that nothing will go back to. A checkpoint that was given up must be gone before the next recovery is
    /// tried, which removes output that it holds; where it can't be deleted, that recovery has failed, and the savepoint of its
    /// number, which is deleted after it, stays.
    DiscardSnapshot {
        /// Which.
        snapshot: SnapshotRef,
        /// Why it is not needed.
        reason: DiscardReason,
    },
    /// An operation has ended. Exactly once for each.
    OperationEnded {
        /// Which.
        id: TriggerId,
        /// What came of it.
        result: OperationResult,
    },
    /// Log one line of warning.
    Warn {
        /// The line.
        message: String,
    },
    /// End the process now: it can't be brought to an end in order. The machine answers nothing more.
    KillProcess {
        /// One line that names what did not end.
        message: String,
    },
    /// The job has ended for good.
    JobEnded {
        /// FINISHED, CANCELED or FAILED.
        status: JobStatus,
        /// Why it failed: the first failure of its last attempt.
        cause: Option<Failure>,
        /// Why it was not restarted.
        gave_up: Option<String>,
    },
}

/// Why a snapshot is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiscardReason {
    /// Newer checkpoints are complete, as many as are kept.
    Subsumed,
    /// The job has ended and its retention says so.
    JobEnded,
    /// It was given up and got written nevertheless.
    Aborted,
}
