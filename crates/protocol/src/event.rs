//! What a machine is told.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_core::{CheckpointId, TaskStatus, TriggerId};
use serde::{Deserialize, Serialize};

use crate::commit::CommitResult;
use crate::recovery::Facts;
use crate::types::{Attempt, SavepointFormat, TaskId};

/// Something that happened. Reports of an attempt that is over are recognised by their number and do
/// no harm, so a driver may deliver them late, twice or never.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Start the job. Once.
    Start,
    /// A task has reached a status. `FAILED` is reported by [`Event::TaskFailed`].
    TaskReported {
        /// The attempt.
        attempt: Attempt,
        /// The task.
        task: TaskId,
        /// Its status now.
        status: TaskStatus,
    },
    /// A task, or the attempt as a whole, failed.
    TaskFailed {
        /// The attempt.
        attempt: Attempt,
        /// The task; `None`: the attempt as a whole.
        task: Option<TaskId>,
        /// The stable error code.
        code: &'static str,
        /// One line: what happened and where.
        cause: String,
        /// Whether another attempt may help.
        recoverable: bool,
    },
    /// A source task has handed out its last record and waits.
    SourceEnded {
        /// The attempt.
        attempt: Attempt,
        /// The task.
        task: TaskId,
    },
    /// All workers of the attempt are gone. Must follow every
    /// [`Action::StartAttempt`](crate::Action::StartAttempt).
    AttemptEnded {
        /// The attempt.
        attempt: Attempt,
    },
    /// A task has written its part of a snapshot and its sinks have prepared their output.
    Acknowledged {
        /// The attempt.
        attempt: Attempt,
        /// The snapshot.
        checkpoint: CheckpointId,
        /// The task.
        task: TaskId,
    },
    /// A task can't take part in a snapshot.
    Declined {
        /// The attempt.
        attempt: Attempt,
        /// The snapshot.
        checkpoint: CheckpointId,
        /// The task; `None`: the snapshot could not even begin.
        task: Option<TaskId>,
        /// Why, in one line.
        reason: String,
    },
    /// What sinks wait for just now that lies outside the job, by their tasks. To be told before anything else where a snapshot
    /// [is overdue](crate::JobMachine::is_snapshot_overdue): one that such a task keeps from being complete is given up by this,
    /// and not counted.
    SinksWait {
        /// The attempt.
        attempt: Attempt,
        /// Why, in one line each; tasks whose sinks do not wait are not in it.
        sinks: BTreeMap<TaskId, String>,
    },
    /// The answer to [`Action::WriteSnapshot`](crate::Action::WriteSnapshot): `_metadata` of the checkpoint is in place.
    SnapshotWritten {
        /// The snapshot.
        checkpoint: CheckpointId,
        /// The checkpoint's directory.
        path: String,
        /// The directory of the savepoint that was asked for, or why it could not be written; `None`: none was asked for.
        savepoint: Option<Result<String, String>>,
    },
    /// The other answer to [`Action::WriteSnapshot`](crate::Action::WriteSnapshot): nothing is in place.
    SnapshotFailed {
        /// The snapshot.
        checkpoint: CheckpointId,
        /// Why, in one line.
        reason: String,
    },
    /// The answer to [`Action::Commit`](crate::Action::Commit).
    CommitEnded {
        /// The snapshot.
        checkpoint: CheckpointId,
        /// What came of it.
        result: CommitResult,
    },
    /// The answer to [`Action::RecoverCommits`](crate::Action::RecoverCommits).
    RecoveryCommitEnded {
        /// The attempt.
        attempt: Attempt,
        /// What came of it.
        result: CommitResult,
    },
    /// The other answer to [`Action::RecoverCommits`](crate::Action::RecoverCommits): the snapshot can't be opened, a
    /// committer can't be made, or recovers by a panic or with an answer that makes no sense.
    RecoveryFailed {
        /// The attempt.
        attempt: Attempt,
        /// The stable error code.
        code: &'static str,
        /// One line: what happened and where.
        cause: String,
        /// What kind of failure it is.
        nature: Nature,
    },
    /// The answer to [`Action::LookAgain`](crate::Action::LookAgain): what is known now.
    Facts(Box<Facts>),
    /// The time between the starts of two checkpoints is another from now on. A job that takes none by itself goes on taking none.
    IntervalChanged(Duration),
    /// Time has passed; due at [`JobMachine::next_deadline`](crate::JobMachine::next_deadline).
    Tick,
    /// A user asks for something.
    Request(Request),
}

/// What kind of failure kept an attempt from beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nature {
    /// Something is not there or can't be reached now.
    Unreachable,
    /// The snapshot is damaged or does not fit the job: no other try changes that.
    Damaged,
    /// The code of the job or of a sink failed.
    Program,
    /// Somebody else has taken the checkpoints of the job, and goes on with it.
    Taken,
}

/// What a user can ask of a job. Each is an operation with an id; asking again with the same id is the
/// same operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Write a savepoint and go on.
    Savepoint {
        /// The operation.
        id: TriggerId,
        /// Where; `None`: the configured directory.
        directory: Option<String>,
        /// How it is written.
        format: SavepointFormat,
    },
    /// Take a checkpoint now.
    Checkpoint {
        /// The operation.
        id: TriggerId,
    },
    /// Stop with a savepoint.
    Stop {
        /// The operation.
        id: TriggerId,
        /// Whether every window and timer fires first.
        drain: bool,
        /// Where; `None`: the configured directory.
        directory: Option<String>,
        /// How it is written.
        format: SavepointFormat,
    },
    /// End the job at once.
    Cancel {
        /// The operation.
        id: TriggerId,
    },
}

impl Request {
    /// The operation.
    pub const fn id(&self) -> TriggerId {
        match self {
            Self::Savepoint { id, .. }
            | Self::Checkpoint { id }
            | Self::Stop { id, .. }
            | Self::Cancel { id } => *id,
        }
    }
}
