//! Tasks and vertices as they count: the last report of a process, corrected by what the server knows of the job.

use std::collections::BTreeMap;

use millstream_core::{JobStatus, TaskStatus};
use millstream_protocol::link::{SubtaskReport, VertexReport};

use crate::views::JobView;

/// A status of tasks that Flink names and that no task of ours has.
const RECONCILING: &str = "RECONCILING";

/// The vertices of a job, inputs first; none before its process has reported.
pub(crate) fn vertices(job: &JobView) -> &[VertexReport] {
    job.report
        .as_ref()
        .map(|report| report.vertices.as_slice())
        .unwrap_or_default()
}

/// The status of a task. A job that has ended has no task that runs, whatever its process said last.
pub(crate) fn status(job: &JobView, task: &SubtaskReport) -> TaskStatus {
    match job.status {
        _ if task.status.is_terminal() => task.status,
        JobStatus::Failed => TaskStatus::Failed,
        JobStatus::Canceled => TaskStatus::Canceled,
        JobStatus::Finished => TaskStatus::Finished,
        _ => task.status,
    }
}

/// The status of a vertex, from those of its tasks: the one that matters most, as in Flink.
pub(crate) fn vertex_status(job: &JobView, vertex: &VertexReport) -> TaskStatus {
    let statuses: Vec<_> = vertex
        .subtasks
        .iter()
        .map(|task| status(job, task))
        .collect();
    let any = |status| statuses.contains(&status);
    let decisive = [
        TaskStatus::Failed,
        TaskStatus::Canceling,
        TaskStatus::Canceled,
        TaskStatus::Initializing,
        TaskStatus::Running,
    ];
    if let Some(status) = decisive.into_iter().find(|status| any(*status)) {
        return status;
    }
    match any(TaskStatus::Finished) {
        true if statuses.iter().all(|s| *s == TaskStatus::Finished) => TaskStatus::Finished,
        true => TaskStatus::Running,
        false => TaskStatus::Created,
    }
}

/// How many of `statuses` there are of each status, by its name.
pub(crate) fn count(statuses: impl IntoIterator<Item = TaskStatus>) -> BTreeMap<&'static str, u32> {
    let mut counts: BTreeMap<_, _> = TaskStatus::ALL
        .iter()
        .map(|status| (status.name(), 0))
        .collect();
    counts.insert(RECONCILING, 0);
    for status in statuses {
        *counts.entry(status.name()).or_default() += 1;
    }
    counts
}

/// The same over the whole job, with the lower-case names of the overview and the total.
pub(crate) fn count_of_job(job: &JobView) -> BTreeMap<&'static str, u32> {
    let mut counts = BTreeMap::from([("total", 0), ("reconciling", 0)]);
    for status in TaskStatus::ALL {
        counts.insert(lower_case(*status), 0);
    }
    for task in vertices(job).iter().flat_map(|vertex| &vertex.subtasks) {
        *counts.entry(lower_case(status(job, task))).or_default() += 1;
        *counts.entry("total").or_default() += 1;
    }
    counts
}

const fn lower_case(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Created => "created",
        TaskStatus::Scheduled => "scheduled",
        TaskStatus::Deploying => "deploying",
        TaskStatus::Initializing => "initializing",
        TaskStatus::Running => "running",
        TaskStatus::Finished => "finished",
        TaskStatus::Canceling => "canceling",
        TaskStatus::Canceled => "canceled",
        TaskStatus::Failed => "failed",
    }
}

/// When something began and ended, with Flink's -1 for what has not come yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Milliseconds since 1970; -1: not yet.
    pub(crate) start: i64,
    /// Milliseconds since 1970; -1: not yet.
    pub(crate) end: i64,
    /// Milliseconds, until now where it has not ended; -1: it has not begun.
    pub(crate) duration: i64,
}

impl Span {
    /// From `start` to `end`, or to `now`.
    pub(crate) fn new(start: Option<u64>, end: Option<u64>, now: u64) -> Self {
        let duration = start.map(|start| end.unwrap_or(now).saturating_sub(start));
        Self {
            start: or_minus_one(start),
            end: or_minus_one(end),
            duration: or_minus_one(duration),
        }
    }

    /// The life of a task.
    pub(crate) fn of_task(job: &JobView, task: &SubtaskReport, now: u64) -> Self {
        Self::new(deployed(task), ended(job, task), now)
    }

    /// The life of a vertex: from its first task that begins to its last that ends.
    pub(crate) fn of_vertex(job: &JobView, vertex: &VertexReport, now: u64) -> Self {
        let start = vertex.subtasks.iter().filter_map(deployed).min();
        let ends: Option<Vec<u64>> = vertex
            .subtasks
            .iter()
            .map(|task| ended(job, task))
            .collect();
        let end = ends.and_then(|ends| ends.into_iter().max());
        Self::new(start, end, now)
    }
}

/// A number, or Flink's -1 for none.
pub(crate) fn or_minus_one(number: Option<u64>) -> i64 {
    number.map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX))
}

fn deployed(task: &SubtaskReport) -> Option<u64> {
    task.switched.get(&TaskStatus::Deploying).copied()
}

/// When a task ended; a task whose process went away ended with its job.
fn ended(job: &JobView, task: &SubtaskReport) -> Option<u64> {
    let status = status(job, task);
    status
        .is_terminal()
        .then(|| task.switched.get(&status).copied().or(job.end_time))
        .flatten()
}

/// How long a task was in each status that it left or is in, in milliseconds: from the first to the one before the last
/// where it has ended, as in Flink.
pub(crate) fn status_durations(
    job: &JobView,
    task: &SubtaskReport,
    now: u64,
) -> BTreeMap<&'static str, i64> {
    let on_the_way = [
        TaskStatus::Created,
        TaskStatus::Scheduled,
        TaskStatus::Deploying,
        TaskStatus::Initializing,
        TaskStatus::Running,
    ];
    let end = ended(job, task).unwrap_or(now);
    let mut durations = BTreeMap::new();
    let mut next = end;
    for status in on_the_way.into_iter().rev() {
        let began = task.switched.get(&status).copied();
        let lasted = began.map(|began| next.saturating_sub(began));
        durations.insert(status.name(), or_minus_one(lasted));
        next = began.unwrap_or(next);
    }
    durations
}

/// The number of the task's execution, counted from 0 over all processes of the job, as Flink does.
pub(crate) fn attempt_number(job: &JobView) -> u32 {
    job.attempts.saturating_sub(1)
}

/// Milliseconds in which a task had nothing to do since it began to run.
pub(crate) fn idle_ms(job: &JobView, task: &SubtaskReport, now: u64) -> u64 {
    let Some(began) = task.switched.get(&TaskStatus::Running) else {
        return 0;
    };
    // What a process that is gone has counted stands still with its last report.
    let gone = job.process.is_none().then_some(job.heard).flatten();
    let until = ended(job, task).or(gone).unwrap_or(now);
    let numbers = &task.numbers;
    until
        .saturating_sub(*began)
        .saturating_sub(numbers.busy_ms)
        .saturating_sub(numbers.backpressured_ms)
}

/// What holds a running job up, in one line; `None`: nothing.
pub(crate) fn held_up(job: &JobView) -> Option<&str> {
    job.process?;
    job.report.as_ref()?.held_up.as_deref()
}
