//! The plain words that the machines share.

use std::fmt;
use std::time::Duration;

use millstream_core::CheckpointId;
use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since an origin that the driver chooses and never changes while a
/// machine lives. It must not go back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// The point this long after, at most the last one there is.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// How long ago `earlier` was; zero if it is yet to come.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// The number of an execution attempt of the whole job: 1, 2, 3, …; 0 before the first.
pub type Attempt = u32;

/// One subtask of one vertex of the job's graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId {
    /// The vertex, counted from 0 in the order of the graph.
    pub vertex: u32,
    /// The subtask, below the vertex's parallelism.
    pub subtask: u32,
}

/// What the machine knows of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInfo {
    /// Which task.
    pub task: TaskId,
    /// Its name as printed, for example `Source: words -> split (1/2)`.
    pub name: String,
    /// Whether a source runs in it: the input has ended when all of these say so.
    pub is_source: bool,
}

/// How a savepoint is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SavepointFormat {
    /// Parquet that every state backend restores and every tool reads.
    #[default]
    Canonical,
    /// The state backend's own files.
    Native,
}

/// What a snapshot is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotKind {
    /// Belongs to the job, which goes back to it after a failure and deletes it.
    Checkpoint,
    /// Belongs to the user.
    Savepoint {
        /// Where it goes; `None`: the configured directory.
        directory: Option<String>,
        /// How it is written.
        format: SavepointFormat,
    },
    /// The last epoch of a job without checkpoints: sinks prepare and commit, nothing is written.
    FinalCommit,
}

impl SnapshotKind {
    /// Whether a snapshot is written; all but [`SnapshotKind::FinalCommit`] are.
    pub const fn is_persisted(&self) -> bool {
        !matches!(self, Self::FinalCommit)
    }

    /// `checkpoint`, `savepoint` or `final commit`, for messages.
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::Savepoint { .. } => "savepoint",
            Self::FinalCommit => "final commit",
        }
    }
}

/// What the sources do at the boundary of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Then {
    /// Read on at once.
    Continue,
    /// Wait at the boundary: to be told to finish or to resume.
    Suspend,
    /// The same, with the watermark MAX announced just before the boundary.
    Drain,
}

impl Then {
    /// Whether the job is to end with this snapshot.
    pub const fn is_last(self) -> bool {
        !matches!(self, Self::Continue)
    }
}

/// A completed snapshot: its `_metadata` is in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRef {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// Its directory, as the storage knows it.
    pub path: String,
    /// Whether it is a savepoint, which belongs to the user.
    pub savepoint: bool,
}

impl fmt::Display for SnapshotRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.savepoint {
            "savepoint"
        } else {
            "checkpoint"
        };
        write!(f, "{noun} {} ({})", self.checkpoint, self.path)
    }
}

/// A failure of a task, of a commit or of an attempt as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// When it was reported.
    pub at: Millis,
    /// The attempt that failed; 0 if the job failed before its first.
    pub attempt: Attempt,
    /// The task, where it was one.
    pub task: Option<TaskId>,
    /// The stable error code.
    pub code: &'static str,
    /// One line: what happened and where.
    pub message: String,
    /// Whether another attempt may help. If not, the job fails without a restart.
    pub recoverable: bool,
}
