//! Checkpoints and savepoints of a job.

use std::collections::BTreeMap;

use millstream_protocol::SavepointFormat;
use millstream_protocol::link::{CheckpointReport, CheckpointState, TaskCheckpoint, VertexReport};
use serde::Serialize;
use utoipa::ToSchema;

use super::numbers::JobNumbers;
use super::summary::StatsSummary;
use super::tasks::{self, or_minus_one};
use crate::views::JobView;

/// All that is remembered of the checkpoints of a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CheckpointingStatistics {
    counts: Counts,
    summary: Summary,
    latest: Latest,
    history: Vec<CheckpointStatistics>,
    /// What the one that is under way waits for, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_up: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Counts {
    restored: u64,
    total: u64,
    in_progress: u64,
    completed: u64,
    failed: u64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Summary {
    checkpointed_size: StatsSummary,
    state_size: StatsSummary,
    end_to_end_duration: StatsSummary,
    alignment_buffered: StatsSummary,
    processed_data: StatsSummary,
    persisted_data: StatsSummary,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Latest {
    completed: Option<CheckpointStatistics>,
    savepoint: Option<CheckpointStatistics>,
    failed: Option<CheckpointStatistics>,
    restored: Option<RestoredCheckpoint>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct RestoredCheckpoint {
    id: u64,
    restore_timestamp: u64,
    is_savepoint: bool,
    external_path: Option<String>,
}

/// A checkpoint or savepoint: under way, completed or failed, as `className` says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CheckpointStatistics {
    #[serde(rename = "className")]
    class_name: &'static str,
    id: u64,
    status: &'static str,
    is_savepoint: bool,
    #[serde(rename = "savepointFormat")]
    savepoint_format: Option<&'static str>,
    trigger_timestamp: u64,
    latest_ack_timestamp: i64,
    checkpointed_size: u64,
    state_size: u64,
    end_to_end_duration: i64,
    alignment_buffered: u64,
    processed_data: u64,
    persisted_data: u64,
    num_subtasks: usize,
    num_acknowledged_subtasks: usize,
    checkpoint_type: &'static str,
    tasks: BTreeMap<String, TaskCheckpointStatistics>,
    /// The longest time that any task could not take a record because of it, in milliseconds.
    longest_pause: u64,
    /// Of a completed one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_path: Option<String>,
    /// Of a completed one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    discarded: Option<bool>,
    /// Of a failed one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_timestamp: Option<i64>,
    /// Of a failed one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_message: Option<String>,
    /// Where the job's records had gone at its boundary, once it is committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<JobNumbers>,
}

/// The part of a vertex in a checkpoint.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TaskCheckpointStatistics {
    id: u64,
    status: &'static str,
    latest_ack_timestamp: i64,
    checkpointed_size: u64,
    state_size: u64,
    end_to_end_duration: i64,
    alignment_buffered: u64,
    processed_data: u64,
    persisted_data: u64,
    num_subtasks: usize,
    num_acknowledged_subtasks: usize,
}

impl CheckpointingStatistics {
    /// The statistics of `job`.
    pub(crate) fn of(job: &JobView) -> Self {
        let history = history(job);
        let restored = job.report.as_ref().and_then(|r| r.restored.as_ref());
        let listed = |checkpoint: &CheckpointReport| CheckpointStatistics::listed(checkpoint);
        Self {
            counts: counts(job),
            summary: Summary::of(job, &history),
            latest: Latest {
                completed: latest_completed(job).map(listed),
                savepoint: newest(job, |c| is_completed(c) && c.savepoint.is_some()).map(listed),
                failed: newest(job, |c| c.state == CheckpointState::Failed).map(listed),
                restored: restored.map(|restored| RestoredCheckpoint {
                    id: restored.id,
                    restore_timestamp: restored.triggered,
                    is_savepoint: restored.savepoint.is_some(),
                    external_path: restored.path.clone(),
                }),
            },
            history: history.into_iter().map(listed).collect(),
            held_up: tasks::held_up(job).map(str::to_owned),
        }
    }
}

fn counts(job: &JobView) -> Counts {
    let counts = &job.checkpoint_totals;
    Counts {
        restored: counts.restored,
        total: counts.total,
        in_progress: counts.in_progress,
        completed: counts.completed,
        failed: counts.failed,
    }
}

/// The checkpoint of a job that is under way, if there is one; one that a process has taken along is not.
fn under_way(job: &JobView) -> impl Iterator<Item = &CheckpointReport> {
    let present = job.report.iter().filter(|_| job.process.is_some());
    let present = present.flat_map(|report| &report.checkpoints);
    present.filter(|checkpoint| checkpoint.state == CheckpointState::InProgress)
}

/// The checkpoints of a job that are listed, newest first.
fn history(job: &JobView) -> Vec<&CheckpointReport> {
    let mut all: Vec<_> = under_way(job).chain(&job.checkpoints).collect();
    all.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.id));
    all.truncate(job.checkpoint_history);
    all
}

/// The checkpoint of that number, as far as it is remembered.
pub(crate) fn find(job: &JobView, id: u64) -> Option<&CheckpointReport> {
    let mut all = under_way(job).chain(&job.checkpoints);
    all.find(|checkpoint| checkpoint.id == id)
}

fn is_completed(checkpoint: &CheckpointReport) -> bool {
    checkpoint.state == CheckpointState::Completed
}

/// The newest that has ended and is as wanted.
fn newest(job: &JobView, wanted: impl Fn(&CheckpointReport) -> bool) -> Option<&CheckpointReport> {
    job.checkpoints.iter().rev().find(|c| wanted(c))
}

/// The newest checkpoint, not savepoint, that is complete: of those that are there, if any is.
pub(crate) fn latest_completed(job: &JobView) -> Option<&CheckpointReport> {
    let is_checkpoint = |c: &CheckpointReport| is_completed(c) && c.savepoint.is_none();
    newest(job, |c| is_checkpoint(c) && !c.discarded).or_else(|| newest(job, is_checkpoint))
}

impl Summary {
    /// Over all completed checkpoints of `job`, with percentiles of those that `history` lists.
    fn of(job: &JobView, history: &[&CheckpointReport]) -> Self {
        let completed: Vec<_> = history.iter().filter(|c| is_completed(c)).collect();
        let all = &job.checkpoint_summary;
        let sizes = StatsSummary::of_all(all.bytes, completed.iter().map(|c| c.bytes));
        let durations = completed.iter().filter_map(|c| c.duration_ms());
        // Epochs are aligned without holding records back: nothing is buffered, processed or persisted meanwhile.
        let nothing = StatsSummary::of(completed.iter().map(|_| 0));
        Self {
            checkpointed_size: sizes.clone(),
            state_size: sizes,
            end_to_end_duration: StatsSummary::of_all(all.duration_ms, durations),
            alignment_buffered: nothing.clone(),
            processed_data: nothing.clone(),
            persisted_data: nothing,
        }
    }
}

impl CheckpointStatistics {
    /// A checkpoint as it is listed: without its tasks.
    fn listed(checkpoint: &CheckpointReport) -> Self {
        let subtasks = || checkpoint.tasks.iter().flatten();
        let completed = is_completed(checkpoint);
        let failed = checkpoint.state == CheckpointState::Failed;
        Self {
            class_name: match checkpoint.state {
                CheckpointState::InProgress => "in_progress",
                CheckpointState::Completed => "completed",
                CheckpointState::Failed => "failed",
            },
            id: checkpoint.id,
            status: status(checkpoint.state),
            is_savepoint: checkpoint.savepoint.is_some(),
            savepoint_format: checkpoint.savepoint.map(format_name),
            trigger_timestamp: checkpoint.triggered,
            latest_ack_timestamp: or_minus_one(latest_acknowledgement(checkpoint)),
            checkpointed_size: checkpoint.bytes,
            state_size: checkpoint.bytes,
            end_to_end_duration: or_minus_one(checkpoint.duration_ms()),
            alignment_buffered: 0,
            processed_data: 0,
            persisted_data: 0,
            num_subtasks: subtasks().count(),
            num_acknowledged_subtasks: subtasks().flatten().count(),
            checkpoint_type: match (checkpoint.savepoint, checkpoint.last) {
                (None, _) => "CHECKPOINT",
                (Some(_), false) => "SAVEPOINT",
                (Some(_), true) => "SYNC_SAVEPOINT",
            },
            tasks: BTreeMap::new(),
            longest_pause: longest_pause(checkpoint),
            external_path: completed.then(|| checkpoint.path.clone().unwrap_or_default()),
            discarded: completed.then_some(checkpoint.discarded),
            failure_timestamp: failed.then(|| or_minus_one(checkpoint.ended)),
            failure_message: failed.then(|| checkpoint.failure.clone().unwrap_or_default()),
            numbers: checkpoint
                .numbers
                .map(|numbers| JobNumbers::at(checkpoint.id, &numbers)),
        }
    }

    /// A checkpoint with the parts of `job`'s vertices.
    pub(crate) fn detailed(job: &JobView, checkpoint: &CheckpointReport) -> Self {
        let of_vertex = |(vertex, tasks): (&VertexReport, &Vec<Option<TaskCheckpoint>>)| {
            let statistics = TaskCheckpointStatistics::of(checkpoint, tasks);
            (vertex.id.to_string(), statistics)
        };
        let tasks = tasks::vertices(job).iter().zip(&checkpoint.tasks);
        Self {
            tasks: tasks.map(of_vertex).collect(),
            ..Self::listed(checkpoint)
        }
    }
}

/// Of one that has not been completed: of the tasks that have handed in their part.
fn longest_pause(checkpoint: &CheckpointReport) -> u64 {
    let tasks = checkpoint.tasks.iter().flatten().flatten();
    let of_tasks = tasks.map(|task| task.longest_pause_ms).max();
    checkpoint.longest_pause_ms.max(of_tasks.unwrap_or(0))
}

fn latest_acknowledgement(checkpoint: &CheckpointReport) -> Option<u64> {
    let of_tasks = checkpoint.tasks.iter().flatten().flatten();
    of_tasks
        .map(|task| task.acknowledged)
        .max()
        .or(checkpoint.acknowledged)
}

const fn status(state: CheckpointState) -> &'static str {
    match state {
        CheckpointState::InProgress => "IN_PROGRESS",
        CheckpointState::Completed => "COMPLETED",
        CheckpointState::Failed => "FAILED",
    }
}

const fn format_name(format: SavepointFormat) -> &'static str {
    match format {
        SavepointFormat::Canonical => "CANONICAL",
        SavepointFormat::Native => "NATIVE",
    }
}

impl TaskCheckpointStatistics {
    /// What `tasks` of one vertex have handed in.
    pub(crate) fn of(checkpoint: &CheckpointReport, tasks: &[Option<TaskCheckpoint>]) -> Self {
        let acknowledged: Vec<_> = tasks.iter().flatten().collect();
        let bytes = acknowledged.iter().map(|task| task.bytes).sum();
        let latest = acknowledged.iter().map(|task| task.acknowledged).max();
        Self {
            id: checkpoint.id,
            status: match acknowledged.len() == tasks.len() {
                true => status(CheckpointState::Completed),
                false => status(checkpoint.state),
            },
            latest_ack_timestamp: or_minus_one(latest),
            checkpointed_size: bytes,
            state_size: bytes,
            end_to_end_duration: or_minus_one(
                latest.map(|latest| latest.saturating_sub(checkpoint.triggered)),
            ),
            alignment_buffered: 0,
            processed_data: 0,
            persisted_data: 0,
            num_subtasks: tasks.len(),
            num_acknowledged_subtasks: acknowledged.len(),
        }
    }
}
