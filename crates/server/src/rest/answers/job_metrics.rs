//! The metrics of jobs and tasks, under Flink's names.

use millstream_core::JobStatus;
use millstream_protocol::link::{SubtaskReport, VertexReport};

use super::checkpoints;
use super::job::all_running_since;
use super::metrics::{Metrics, Value};
use super::tasks;
use crate::views::JobView;

/// A watermark that has not come yet, in Flink's words.
const NO_WATERMARK: i64 = i64::MIN;

/// The metrics of a job.
pub(crate) fn of_job(job: &JobView, now: u64) -> Metrics {
    let mut metrics = of_checkpoints(job);
    let restarts = u64::from(job.launches.saturating_sub(1))
        + job
            .report
            .as_ref()
            .map_or(0, |report| u64::from(report.attempt.saturating_sub(1)));
    metrics.push(("numRestarts".to_owned(), Value::count(restarts)));
    let in_status = |status: JobStatus| match job.status == status {
        true => since(job.timestamps.get(&status).copied(), now),
        false => Value::Whole(0),
    };
    for (name, status) in [
        ("initializingTime", JobStatus::Initializing),
        ("createdTime", JobStatus::Created),
        ("runningTime", JobStatus::Running),
        ("restartingTime", JobStatus::Restarting),
        ("failingTime", JobStatus::Failing),
        ("cancellingTime", JobStatus::Cancelling),
    ] {
        metrics.push((name.to_owned(), in_status(status)));
    }
    let running = job.status == JobStatus::Running;
    let all_running = all_running_since(job).filter(|_| running);
    metrics.push((
        "allSubTasksRunningOrFinishedTime".to_owned(),
        since(all_running, now),
    ));
    metrics.push(("deployingTime".to_owned(), deploying(job, all_running, now)));
    metrics.push(("uptime".to_owned(), uptime(job, now)));
    metrics.push(("downtime".to_owned(), downtime(job, now)));
    metrics
}

/// How long ago `then` was; 0 where it was never.
fn since(then: Option<u64>, now: u64) -> Value {
    Value::count(then.map_or(0, |then| now.saturating_sub(then)))
}

/// How long a job that runs has waited for all of its tasks.
fn deploying(job: &JobView, all_running: Option<u64>, now: u64) -> Value {
    match (job.status, all_running) {
        (JobStatus::Running, None) => since(job.timestamps.get(&JobStatus::Running).copied(), now),
        _ => Value::Whole(0),
    }
}

/// How long a job runs without a break; 0 while it does not, -1 once it has ended.
fn uptime(job: &JobView, now: u64) -> Value {
    match job.status {
        JobStatus::Running => since(job.timestamps.get(&JobStatus::Running).copied(), now),
        status if status.is_terminal() => Value::Whole(-1),
        _ => Value::Whole(0),
    }
}

/// How long a job that had run is out of service; 0 while it runs, -1 once it has ended.
fn downtime(job: &JobView, now: u64) -> Value {
    match job.status {
        status if status.is_terminal() => Value::Whole(-1),
        JobStatus::Failing | JobStatus::Restarting | JobStatus::Suspended => {
            since(Some(job.last_modification), now)
        }
        _ => Value::Whole(0),
    }
}

fn of_checkpoints(job: &JobView) -> Metrics {
    let counts = &job.checkpoint_totals;
    let latest = checkpoints::latest_completed(job);
    let number = |number: Option<u64>| Value::Whole(tasks::or_minus_one(number));
    let size = number(latest.map(|checkpoint| checkpoint.bytes));
    let restored = job.report.as_ref().and_then(|r| r.restored.as_ref());
    let path = latest.and_then(|checkpoint| checkpoint.path.clone());
    let metrics = [
        ("totalNumberOfCheckpoints", Value::count(counts.total)),
        (
            "numberOfInProgressCheckpoints",
            Value::count(counts.in_progress),
        ),
        (
            "numberOfCompletedCheckpoints",
            Value::count(counts.completed),
        ),
        ("numberOfFailedCheckpoints", Value::count(counts.failed)),
        (
            "lastCheckpointRestoreTimestamp",
            number(restored.map(|r| r.triggered)),
        ),
        ("lastCheckpointSize", size.clone()),
        ("lastCheckpointFullSize", size),
        (
            "lastCheckpointDuration",
            number(latest.and_then(checkpoints::duration)),
        ),
        ("lastCheckpointProcessedData", number(latest.map(|_| 0))),
        ("lastCheckpointPersistedData", number(latest.map(|_| 0))),
        (
            "lastCheckpointCompletedTimestamp",
            number(latest.and_then(|c| c.ended)),
        ),
        ("lastCompletedCheckpointId", number(latest.map(|c| c.id))),
        (
            "lastCheckpointExternalPath",
            Value::Text(path.unwrap_or_else(|| "n/a".to_owned())),
        ),
    ];
    metrics
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The metrics of a task.
pub(crate) fn of_task(task: &SubtaskReport) -> Metrics {
    let numbers = &task.numbers;
    let idle = (1.0 - numbers.busy - numbers.backpressured).clamp(0.0, 1.0);
    let per_second = |share: f64| Value::Fraction((share * 1_000.0).round());
    let metrics = [
        ("numRecordsIn", Value::count(numbers.records_in)),
        (
            "numRecordsInPerSecond",
            Value::Fraction(numbers.records_in_per_second),
        ),
        ("numRecordsOut", Value::count(numbers.records_out)),
        (
            "numRecordsOutPerSecond",
            Value::Fraction(numbers.records_out_per_second),
        ),
        ("numBytesIn", Value::count(numbers.bytes_in)),
        ("busyTimeMsPerSecond", per_second(numbers.busy)),
        (
            "backPressuredTimeMsPerSecond",
            per_second(numbers.backpressured),
        ),
        ("idleTimeMsPerSecond", per_second(idle)),
        ("accumulateBusyTimeMs", Value::count(numbers.busy_ms)),
        (
            "accumulateBackPressuredTimeMs",
            Value::count(numbers.backpressured_ms),
        ),
        ("accumulateIdleTimeMs", Value::count(tasks::idle_ms(task))),
        ("currentInputWatermark", watermark(task)),
    ];
    metrics
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The watermark of a task.
pub(crate) fn watermark(task: &SubtaskReport) -> Value {
    Value::Whole(task.numbers.watermark.unwrap_or(NO_WATERMARK))
}

/// The metrics of a vertex: those of its tasks, each behind the number of its task and a dot.
pub(crate) fn of_vertex(vertex: &VertexReport) -> Metrics {
    let tasks = vertex.subtasks.iter().enumerate();
    tasks
        .flat_map(|(subtask, task)| {
            of_task(task)
                .into_iter()
                .map(move |(name, value)| (format!("{subtask}.{name}"), value))
        })
        .collect()
}

/// The watermarks of a vertex; none of a source, which takes none in.
pub(crate) fn watermarks_of(vertex: &VertexReport) -> Metrics {
    if vertex.is_source {
        return Vec::new();
    }
    let tasks = vertex.subtasks.iter().enumerate();
    tasks
        .map(|(subtask, task)| (format!("{subtask}.currentInputWatermark"), watermark(task)))
        .collect()
}
