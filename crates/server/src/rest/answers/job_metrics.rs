//! The metrics of jobs, under Flink's names.

use millstream_core::JobStatus;
use millstream_protocol::link::CheckpointReport;

use super::checkpoints;
use super::job::all_running_since;
use super::metrics::{Metrics, Value};
use super::numbers::difference;
use super::tasks;
use crate::views::JobView;

/// The metrics of a job. `metadata`: the bytes of the `_metadata` of its newest checkpoint, where it is there.
pub(crate) fn of_job(job: &JobView, metadata: Option<u64>, now: u64) -> Metrics {
    let mut metrics = of_checkpoints(job, metadata);
    metrics.push((
        "timeSinceLastCompletedCheckpoint".to_owned(),
        since_checkpoint(job, now),
    ));
    let restarts = u64::from(tasks::attempt_number(job));
    metrics.push(("numRestarts".to_owned(), Value::count(restarts)));
    // A job keeps its parallelism while it runs.
    metrics.push(("numRescales".to_owned(), Value::Whole(0)));
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
    metrics.extend(of_numbers(job));
    metrics
}

/// Where the job's records went up to the newest boundary that is committed; nothing before there is one.
fn of_numbers(job: &JobView) -> Metrics {
    let report = job.report.as_ref();
    let Some((report, closed)) = report.and_then(|report| Some((report, report.numbers?))) else {
        return Metrics::new();
    };
    let named = |(name, count): (&str, u64)| {
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let name: String = first.into_iter().chain(letters).collect();
        (format!("records{name}"), Value::count(count))
    };
    let mut metrics: Metrics = closed.numbers.parts().into_iter().map(named).collect();
    let difference = Value::Whole(difference(&closed.numbers));
    metrics.push(("recordsDifference".to_owned(), difference));
    let from = report.counted_from.as_ref();
    let leaves_out = from.is_some_and(|from| from.leaves_out.is_some());
    metrics.push((
        "recordsLeaveOutCommitted".to_owned(),
        Value::count(u64::from(leaves_out)),
    ));
    metrics
}

/// How long ago `then` was; 0 where it was never.
fn since(then: Option<u64>, now: u64) -> Value {
    Value::count(then.map_or(0, |then| now.saturating_sub(then)))
}

/// How long ago the newest checkpoint was completed; -1: there is none.
fn since_checkpoint(job: &JobView, now: u64) -> Value {
    let completed = checkpoints::latest_completed(job).and_then(|checkpoint| checkpoint.ended);
    completed.map_or(Value::Whole(-1), |completed| since(Some(completed), now))
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

fn of_checkpoints(job: &JobView, metadata: Option<u64>) -> Metrics {
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
        ("lastCheckpointMetadataSize", number(metadata)),
        (
            "lastCheckpointDuration",
            number(latest.and_then(CheckpointReport::duration_ms)),
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
