//! The part of one vertex in a checkpoint.

use millstream_protocol::link::{CheckpointReport, TaskCheckpoint};
use serde::Serialize;
use utoipa::ToSchema;

use super::checkpoints::TaskCheckpointStatistics;
use super::summary::StatsSummary;

/// The part of a vertex in a checkpoint, with its subtasks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TaskCheckpointStatisticsWithSubtasks {
    #[serde(flatten)]
    task: TaskCheckpointStatistics,
    summary: SubtasksSummary,
    subtasks: Vec<SubtaskCheckpoint>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct SubtasksSummary {
    checkpointed_size: StatsSummary,
    state_size: StatsSummary,
    end_to_end_duration: StatsSummary,
    checkpoint_duration: PhaseSummary,
    alignment: AlignmentSummary,
    start_delay: StatsSummary,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct PhaseSummary {
    sync: StatsSummary,
    r#async: StatsSummary,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct AlignmentSummary {
    buffered: StatsSummary,
    processed: StatsSummary,
    persisted: StatsSummary,
    duration: StatsSummary,
}

/// The part of a subtask in a checkpoint: `completed`, or `pending` where it has not been handed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "className", rename_all = "lowercase")]
enum SubtaskCheckpoint {
    Completed(CompletedSubtask),
    Pending { index: usize, status: &'static str },
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct CompletedSubtask {
    index: usize,
    ack_timestamp: u64,
    end_to_end_duration: u64,
    checkpointed_size: u64,
    state_size: u64,
    checkpoint: Phases,
    alignment: Alignment,
    start_delay: u64,
    /// The longest time that it could not take a record meanwhile, in milliseconds.
    longest_pause: u64,
    unaligned_checkpoint: bool,
    aborted: bool,
    status: &'static str,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Phases {
    sync: u64,
    r#async: u64,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
struct Alignment {
    buffered: u64,
    processed: u64,
    persisted: u64,
    duration: u64,
}

impl TaskCheckpointStatisticsWithSubtasks {
    /// The part of the vertex at `position` of the job's vertices; `None`: it is not known.
    pub(crate) fn of(checkpoint: &CheckpointReport, position: usize) -> Option<Self> {
        let tasks = checkpoint.tasks.get(position)?;
        let subtasks = tasks.iter().enumerate();
        Some(Self {
            task: TaskCheckpointStatistics::of(checkpoint, tasks),
            summary: SubtasksSummary::of(checkpoint, tasks),
            subtasks: subtasks
                .map(|(index, task)| SubtaskCheckpoint::of(checkpoint, index, task.as_ref()))
                .collect(),
        })
    }
}

impl SubtasksSummary {
    fn of(checkpoint: &CheckpointReport, tasks: &[Option<TaskCheckpoint>]) -> Self {
        let acknowledged = || tasks.iter().flatten();
        let sizes = StatsSummary::without_percentiles(acknowledged().map(|task| task.bytes));
        let durations =
            acknowledged().map(|task| task.acknowledged.saturating_sub(checkpoint.triggered));
        let over = |number: fn(&TaskCheckpoint) -> u64| {
            StatsSummary::without_percentiles(acknowledged().map(number))
        };
        // Nothing waits for alignment: what comes early is stashed, and the task goes on with what is before the boundary.
        let nothing = StatsSummary::without_percentiles(acknowledged().map(|_| 0));
        Self {
            checkpointed_size: sizes.clone(),
            state_size: sizes,
            end_to_end_duration: StatsSummary::without_percentiles(durations),
            checkpoint_duration: PhaseSummary {
                sync: over(|task| task.freeze_ms),
                r#async: over(|task| task.write_ms),
            },
            alignment: AlignmentSummary {
                // The one with percentiles, in Flink too.
                buffered: StatsSummary::of(acknowledged().map(|_| 0)),
                processed: nothing.clone(),
                persisted: nothing.clone(),
                duration: nothing,
            },
            start_delay: over(|task| task.start_delay_ms),
        }
    }
}

impl SubtaskCheckpoint {
    fn of(checkpoint: &CheckpointReport, index: usize, task: Option<&TaskCheckpoint>) -> Self {
        let Some(task) = task else {
            return Self::Pending {
                index,
                status: "pending_or_failed",
            };
        };
        Self::Completed(CompletedSubtask {
            index,
            ack_timestamp: task.acknowledged,
            end_to_end_duration: task.acknowledged.saturating_sub(checkpoint.triggered),
            checkpointed_size: task.bytes,
            state_size: task.bytes,
            checkpoint: Phases {
                sync: task.freeze_ms,
                r#async: task.write_ms,
            },
            alignment: Alignment::default(),
            start_delay: task.start_delay_ms,
            longest_pause: task.longest_pause_ms,
            unaligned_checkpoint: false,
            aborted: false,
            status: "completed",
        })
    }
}
