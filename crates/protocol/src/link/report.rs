//! The state of a job, as its process tells it. Times are milliseconds since 1970-01-01T00:00:00Z.

use std::collections::BTreeMap;

use millstream_core::{
    AttemptId, CheckpointId, Configuration, JobId, JobStatus, Numbers, OperatorId, TaskStatus,
    TriggerId,
};
use serde::{Deserialize, Serialize};

use super::summary::CheckpointSummary;
use crate::operations::OperationResult;
use crate::types::{Attempt, SavepointFormat};

/// Everything that is known of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobReport {
    /// The job.
    pub job: JobId,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: JobStatus,
    /// The process that runs it; 0: its server has ended it, and had heard of none.
    pub process: u32,
    /// When the process began.
    pub started: u64,
    /// When it last switched to each status that it had in this process.
    pub switched: BTreeMap<JobStatus, u64>,
    /// The number of the present attempt within this process; 0 before the first.
    pub attempt: Attempt,
    /// The number of key groups.
    pub max_parallelism: u32,
    /// The settings as they count (the program's and those of the submission), without secrets.
    pub configuration: Configuration,
    /// The chains of operators, inputs first.
    pub vertices: Vec<VertexReport>,
    /// How many snapshots there were in this process.
    pub counts: CheckpointCounts,
    /// How large the completed ones were, and how long they took.
    #[serde(default)]
    pub summary: CheckpointSummary,
    /// The newest snapshots, oldest first; at most 10 and the one that runs.
    pub checkpoints: Vec<CheckpointReport>,
    /// The newest checkpoint that was completed, however many others have ended since.
    #[serde(default)]
    pub completed: Option<CheckpointReport>,
    /// The newest savepoint.
    pub savepoint: Option<CheckpointReport>,
    /// The snapshot that failed last.
    pub failed: Option<CheckpointReport>,
    /// What this process or its present attempt went on from.
    pub restored: Option<CheckpointReport>,
    /// The number that the next snapshot will have.
    pub next_checkpoint: CheckpointId,
    /// The newest failures, oldest first; at most 20.
    pub failures: Vec<FailureReport>,
    /// Why the job was not restarted, where it has failed.
    pub gave_up: Option<String>,
    /// What holds a running job up, in one line: a snapshot that waits for tasks, a commit. `None`: nothing.
    pub held_up: Option<String>,
    /// The attempt that begins next, of a job that waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<NextAttempt>,
    /// The longest time between two checkpoints that the job can be given while it runs, in milliseconds: what its sinks keep
    /// open would be lost otherwise. `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_interval_ms: Option<u64>,
    /// Where the job's records went, up to the newest boundary that is committed; `None`: there is none yet.
    #[serde(default)]
    pub numbers: Option<ClosedNumbers>,
    /// What they go on from; `None`: the job began with nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_from: Option<CountedFrom>,
    /// Operations that have ended, until they are recorded.
    pub operations: Vec<EndedOperation>,
}

impl JobReport {
    /// What is told of a job in `status` of which nothing else is known yet: `process` began with it at `now`, in milliseconds since 1970.
    pub fn begun(job: JobId, name: String, status: JobStatus, process: u32, now: u64) -> Self {
        Self {
            job,
            name,
            status,
            process,
            started: now,
            switched: BTreeMap::from([(status, now)]),
            attempt: 0,
            max_parallelism: 0,
            configuration: Configuration::new(),
            vertices: Vec::new(),
            counts: CheckpointCounts::default(),
            summary: CheckpointSummary::default(),
            checkpoints: Vec::new(),
            completed: None,
            savepoint: None,
            failed: None,
            restored: None,
            next_checkpoint: 0,
            failures: Vec::new(),
            gave_up: None,
            held_up: None,
            next_attempt: None,
            longest_interval_ms: None,
            numbers: None,
            counted_from: None,
            operations: Vec::new(),
        }
    }
}

/// An attempt that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAttempt {
    /// When it begins.
    pub at: u64,
    /// Which one it is, and why the one before has ended, in one line.
    pub why: String,
}

/// The numbers of a job at a boundary, where nothing is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedNumbers {
    /// The boundary, by the number of its checkpoint.
    pub checkpoint: CheckpointId,
    /// Where records went since the job, or the first that it goes on from, began.
    pub numbers: Numbers,
}

/// What the numbers of a job go on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedFrom {
    /// The snapshot that the job was started from: its numbers are among those of the job.
    pub snapshot: String,
    /// Output had been committed behind it when the job was started, up to here, for people: that is not among the numbers. `None`:
    /// none had.
    pub leaves_out: Option<String>,
}

/// A chain of operators that runs as one task for each subtask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VertexReport {
    /// Its id over REST.
    pub id: OperatorId,
    /// The operators' names joined by ` -> `.
    pub name: String,
    /// The operators' names, first to last.
    pub operators: Vec<String>,
    /// Whether a source is at its head.
    pub is_source: bool,
    /// Where records come from.
    pub inputs: Vec<EdgeReport>,
    /// The present attempt of each subtask.
    pub subtasks: Vec<SubtaskReport>,
}

/// An edge between two vertices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeReport {
    /// The vertex that it comes from.
    pub from: OperatorId,
    /// How records get there, as Flink says it: `FORWARD`, `HASH`, `REBALANCE` or `BROADCAST`.
    pub ship_strategy: String,
}

/// One execution of one subtask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubtaskReport {
    /// The id of this execution; `None` before the first attempt.
    pub id: Option<AttemptId>,
    /// Its status.
    pub status: TaskStatus,
    /// When it last switched to each status that it had in this attempt.
    pub switched: BTreeMap<TaskStatus, u64>,
    /// What it has counted in this attempt.
    pub numbers: TaskNumbers,
    /// How far the splits of its source are, where their records are counted by place: those with the largest lag, if
    /// they are many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<SplitReport>,
    /// Numbers that its connectors show by names of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gauges: Vec<(String, f64)>,
}

/// How far a split of a source has been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitReport {
    /// Its name: `topic/number` of a partition.
    pub name: String,
    /// The place of the next record.
    pub next: u64,
    /// What the outside was told to be done with.
    #[serde(default)]
    pub committed: Option<u64>,
    /// How many records are there and not read yet; `None`: it is not known.
    #[serde(default)]
    pub lag: Option<u64>,
}

/// What a subtask counts.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TaskNumbers {
    /// Records taken in from other tasks or, at a source, from outside.
    pub records_in: u64,
    /// Records handed out to other tasks.
    pub records_out: u64,
    /// Bytes that its source has read; 0 where it is not known.
    pub bytes_in: u64,
    /// Bytes of input that its source knows of, read or not; 0 where it is not known.
    #[serde(default)]
    pub bytes_total: u64,
    /// Bad records that its source has met.
    #[serde(default)]
    pub bad_records: u64,
    /// Files and other entries that its source can't read and has passed over.
    #[serde(default)]
    pub bad_files: u64,
    /// Files that were gone before its source had read them to their end, which was accepted.
    #[serde(default)]
    pub lost_files: u64,
    /// Records that are there and that its source has not read yet, over all splits; `None`: it can't tell.
    #[serde(default)]
    pub pending_records: Option<u64>,
    /// The same of the split that has the most.
    #[serde(default)]
    pub largest_lag: Option<u64>,
    /// Milliseconds spent working.
    pub busy_ms: u64,
    /// Milliseconds spent waiting for a slower task or sink.
    pub backpressured_ms: u64,
    /// Of the last second: records in per second.
    pub records_in_per_second: f64,
    /// Of the last second: records out per second.
    pub records_out_per_second: f64,
    /// Of the last second: bytes that its source has read, per second.
    #[serde(default)]
    pub bytes_in_per_second: f64,
    /// Of the last second: the share spent working, 0 to 1.
    pub busy: f64,
    /// Of the last second: the share spent waiting for a slower task or sink, 0 to 1.
    pub backpressured: f64,
    /// The watermark that its operators have seen, in event time; `None`: none yet.
    pub watermark: Option<i64>,
}

/// How many snapshots there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CheckpointCounts {
    /// Attempts that went on from a snapshot.
    pub restored: u64,
    /// Triggered.
    pub total: u64,
    /// Under way.
    pub in_progress: u64,
    /// Completed.
    pub completed: u64,
    /// Given up.
    pub failed: u64,
}

/// How far a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CheckpointState {
    /// Under way.
    InProgress,
    /// Its `_metadata` is in place.
    Completed,
    /// Given up.
    Failed,
}

/// A checkpoint or savepoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointReport {
    /// Its number.
    pub id: CheckpointId,
    /// How far it is.
    pub state: CheckpointState,
    /// How it is written if it is a savepoint; `None`: it is a checkpoint.
    pub savepoint: Option<SavepointFormat>,
    /// Whether the job ends with it.
    pub last: bool,
    /// When it was triggered (of a restored one: when it was restored).
    pub triggered: u64,
    /// When the last task acknowledged it.
    pub acknowledged: Option<u64>,
    /// When it was complete, or given up.
    pub ended: Option<u64>,
    /// Bytes of state.
    pub bytes: u64,
    /// The longest time that any task could not take a record, in milliseconds.
    pub longest_pause_ms: u64,
    /// Its directory as a URI, once it is complete.
    pub path: Option<String>,
    /// Whether it was deleted since.
    pub discarded: bool,
    /// Why it was given up.
    pub failure: Option<String>,
    /// Where the job's records had gone at its boundary, once it is committed.
    #[serde(default)]
    pub numbers: Option<Numbers>,
    /// What its tasks have handed in, by vertex, then subtask; `None`: not yet.
    pub tasks: Vec<Vec<Option<TaskCheckpoint>>>,
}

impl CheckpointReport {
    /// How long it took until its last acknowledgement, in milliseconds; `None`: it goes on.
    pub fn duration_ms(&self) -> Option<u64> {
        let end = self.acknowledged.or(self.ended)?;
        Some(end.saturating_sub(self.triggered))
    }
}

impl CheckpointSummary {
    /// One more.
    pub fn add(&mut self, completed: &CheckpointReport) {
        self.bytes.add(completed.bytes);
        if let Some(duration) = completed.duration_ms() {
            self.duration_ms.add(duration);
        }
    }
}

/// The part of a task in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCheckpoint {
    /// When it was acknowledged.
    pub acknowledged: u64,
    /// Bytes of state.
    pub bytes: u64,
    /// Milliseconds from the trigger until everything before the boundary had been processed.
    #[serde(default)]
    pub start_delay_ms: u64,
    /// Milliseconds that it took to freeze the state.
    #[serde(default)]
    pub freeze_ms: u64,
    /// Milliseconds from then until output and state were durable.
    #[serde(default)]
    pub write_ms: u64,
    /// The longest time that the task could not take a record meanwhile, in milliseconds.
    #[serde(default)]
    pub longest_pause_ms: u64,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureReport {
    /// When.
    pub at: u64,
    /// The stable error code.
    pub code: String,
    /// One line: what happened and where.
    pub message: String,
    /// The task's name with its number, where it was one.
    pub task: Option<String>,
    /// The number of the attempt that failed.
    pub attempt: Attempt,
    /// The id of the process that it happened in, where a server has noted it.
    #[serde(default)]
    pub process: Option<u32>,
}

/// An operation that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedOperation {
    /// Which.
    pub id: TriggerId,
    /// When.
    pub at: u64,
    /// What came of it.
    pub result: OperationResult,
}
