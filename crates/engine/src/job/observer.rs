//! What people and programs can watch of a job while it runs.

use std::time::Duration;

use millstream_core::{AttemptId, CheckpointId, JobStatus, TaskStatus, TriggerId};
use millstream_protocol::OperationResult;

use crate::metrics::TaskMetrics;
use crate::task::TaskKey;

/// A task of the attempt that has just started.
#[derive(Debug, Clone)]
pub struct TaskView {
    /// Which task.
    pub key: TaskKey,
    /// Its name with its number, for example `Source: words (1/2)`.
    pub name: String,
    /// The id of this execution.
    pub attempt: AttemptId,
    /// Whether a source runs in it.
    pub is_source: bool,
    /// Its numbers.
    pub metrics: TaskMetrics,
}

/// The numbers of a completed snapshot.
#[derive(Debug, Clone)]
pub struct CheckpointStatistics {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// Whether it is a savepoint.
    pub savepoint: bool,
    /// From the trigger until `_metadata` was in place.
    pub duration: Duration,
    /// Bytes of state written.
    pub bytes: u64,
    /// The longest time that any task could not process a record while the snapshot was taken.
    pub longest_pause: Duration,
}

/// Watches a job. Called on the driver's thread, so it must be quick.
pub trait Observer: Send {
    /// The job switched.
    fn job_switched(&mut self, from: JobStatus, to: JobStatus) {
        let _ = (from, to);
    }

    /// A task switched.
    fn task_switched(&mut self, task: TaskKey, from: TaskStatus, to: TaskStatus) {
        let _ = (task, from, to);
    }

    /// A new attempt has started with these tasks.
    fn attempt_started(&mut self, tasks: &[TaskView]) {
        let _ = tasks;
    }

    /// A checkpoint or savepoint is complete.
    fn checkpoint_completed(&mut self, statistics: &CheckpointStatistics) {
        let _ = statistics;
    }

    /// A checkpoint or savepoint was given up.
    fn checkpoint_failed(&mut self, checkpoint: CheckpointId, reason: &str) {
        let _ = (checkpoint, reason);
    }

    /// Something that was asked for has ended.
    fn operation_ended(&mut self, id: TriggerId, result: &OperationResult) {
        let _ = (id, result);
    }
}
