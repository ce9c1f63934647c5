//! What people and programs can watch of a job while it runs.

use std::time::Duration;

use millstream_core::{AttemptId, CheckpointId, JobStatus, Numbers, Result, TaskStatus, TriggerId};
use millstream_protocol::{Failure, OperationResult, SnapshotKind, Uncommitted};
use millstream_storage::{Location, Verified};

use crate::messages::{TaskKey, TaskSnapshot};
use crate::metrics::TaskMetrics;

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

/// A checkpoint or savepoint that is about to begin.
#[derive(Debug, Clone)]
pub struct CheckpointStart {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// What it is for.
    pub kind: SnapshotKind,
    /// Where it goes, the savepoint where it is one; `None`: nothing is written.
    pub location: Option<Location>,
    /// Whether the job ends with it.
    pub last: bool,
    /// The stop that wants it, where it is one's savepoint.
    pub stop: Option<TriggerId>,
}

/// The numbers of a completed snapshot.
#[derive(Debug, Clone)]
pub struct CheckpointStatistics {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// Whether it is a savepoint; not where the savepoint could not be written though the checkpoint was.
    pub savepoint: bool,
    /// Where it lies, as a URI: the savepoint, if it is one.
    pub path: String,
    /// Where its checkpoint lies, which every savepoint is as well.
    pub checkpoint_path: String,
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

    /// A checkpoint or savepoint is about to begin; no task has been told yet.
    ///
    /// # Errors
    /// It must not begin: its operation fails with this.
    fn checkpoint_starts(&mut self, start: &CheckpointStart) -> Result<()> {
        let _ = start;
        Ok(())
    }

    /// The savepoint of a stop is complete, and nothing that it covers is committed yet. Whoever goes on after a crash must
    /// find this noted, so it is durable when this returns.
    ///
    /// # Errors
    /// It can't be noted: the stop fails.
    fn savepoint_written(&mut self, stop: TriggerId, checkpoint: CheckpointId) -> Result<()> {
        let _ = (stop, checkpoint);
        Ok(())
    }

    /// An attempt is about to begin, by which output is removed that the snapshot does not hold which it goes on from. A stop
    /// that has begun is carried on by it if it is `stop`, whose savepoint is written; any other is over for good. Whoever goes on
    /// after a crash must find that noted, so it is durable when this returns.
    ///
    /// # Errors
    /// It can't be noted: the attempt fails.
    fn recovery_starts(&mut self, stop: Option<TriggerId>) -> Result<()> {
        let _ = stop;
        Ok(())
    }

    /// The start waits, for this; until the job switches. Told again when it waits for something else.
    fn held_up(&mut self, why: &str) {
        let _ = why;
    }

    /// The attempt is over, and the next one begins after this time; `why` says which it is, and why the one before has ended.
    fn restarts_later(&mut self, after: Duration, why: &str) {
        let _ = (after, why);
    }

    /// The output of a checkpoint or savepoint that is complete is being committed, or has to be before the attempt begins; in one
    /// line how far that is. `None`: it is not any more.
    fn commits(&mut self, what: Option<&str>) {
        let _ = what;
    }

    /// Output is lost, or may be, and taken for committed, as the user has asked.
    fn output_accepted(&mut self, outputs: &[Uncommitted]) {
        let _ = outputs;
    }

    /// A task has handed in its part of a checkpoint or savepoint.
    fn checkpoint_acknowledged(
        &mut self,
        checkpoint: CheckpointId,
        task: TaskKey,
        part: TaskSnapshot,
    ) {
        let _ = (checkpoint, task, part);
    }

    /// A checkpoint or savepoint is complete.
    fn checkpoint_completed(&mut self, statistics: &CheckpointStatistics) {
        let _ = statistics;
    }

    /// A checkpoint or savepoint was given up.
    fn checkpoint_failed(&mut self, checkpoint: CheckpointId, reason: &str) {
        let _ = (checkpoint, reason);
    }

    /// All that comes before this boundary is committed, and where its records went since the job, or the first that it
    /// goes on from, began. Also told when an attempt goes on from there.
    fn numbers(&mut self, checkpoint: CheckpointId, numbers: &Numbers) {
        let _ = (checkpoint, numbers);
    }

    /// A completed snapshot is to be deleted.
    fn checkpoint_discarded(&mut self, checkpoint: CheckpointId) {
        let _ = checkpoint;
    }

    /// The present attempt goes on from the snapshot at `path`.
    fn restored(&mut self, checkpoint: CheckpointId, path: &str, savepoint: bool) {
        let _ = (checkpoint, path, savepoint);
    }

    /// The tasks of the present attempt read their state, whose checksums are verified on the way: `progress` tells how far.
    fn reads_state(&mut self, progress: Box<dyn Fn() -> Verified + Send>) {
        let _ = progress;
    }

    /// Something failed.
    fn failed(&mut self, failure: &Failure) {
        let _ = failure;
    }

    /// Something that was asked for has ended.
    fn operation_ended(&mut self, id: TriggerId, result: &OperationResult) {
        let _ = (id, result);
    }
}
