//! One job: its details, configuration, failures and result.

use std::collections::BTreeMap;

use millstream_core::options::{PARALLELISM, RESTART_STRATEGY};
use millstream_core::{JobStatus, TaskStatus, without_stop};
use millstream_protocol::link::{FailureReport, VertexReport};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::{NextAttemptInfo, Plan};
use super::numbers::JobNumbers;
use super::tasks::{self, Span};
use super::vertex::IoMetrics;
use crate::rest::errors::one_line;
use crate::rest::java_throwable::FailureCause;
use crate::rest::names::Names;
use crate::rest::secrets;
use crate::views::JobView;

/// A job with its vertices.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct JobDetailsInfo {
    jid: String,
    application_id: String,
    name: String,
    #[serde(rename = "isStoppable")]
    is_stoppable: bool,
    state: &'static str,
    job_type: &'static str,
    #[serde(rename = "schedulerType")]
    scheduler_type: Option<&'static str>,
    start_time: i64,
    end_time: i64,
    duration: i64,
    #[serde(rename = "maxParallelism")]
    max_parallelism: i64,
    now: u64,
    #[schema(value_type = BTreeMap<String, u64>)]
    timestamps: BTreeMap<&'static str, u64>,
    vertices: Vec<JobVertexDetails>,
    #[schema(value_type = BTreeMap<String, u32>)]
    status_counts: BTreeMap<&'static str, u32>,
    plan: Plan,
    pending_operators: u32,
    /// What holds the job up while it runs, in one line: the stage that a checkpoint waits for, a commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_up: Option<String>,
    /// Of a job that is restarted later: when its next attempt begins, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<NextAttemptInfo>,
    /// Where the job's records went, up to the newest boundary that is committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<JobNumbers>,
}

/// A vertex as the details of a job show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct JobVertexDetails {
    id: String,
    #[serde(rename = "slotSharingGroupId")]
    slot_sharing_group_id: String,
    name: String,
    #[serde(rename = "maxParallelism")]
    max_parallelism: u32,
    parallelism: usize,
    status: &'static str,
    start_time: i64,
    end_time: i64,
    duration: i64,
    #[schema(value_type = BTreeMap<String, u32>)]
    tasks: BTreeMap<&'static str, u32>,
    metrics: IoMetrics,
}

impl JobDetailsInfo {
    /// The details of `job`.
    pub(crate) fn of(job: &JobView, now: u64) -> Self {
        let span = Span::new(Some(job.start_time), job.end_time, now);
        let vertices = tasks::vertices(job);
        let timestamps = JobStatus::ALL.iter().map(|status| {
            let when = job.timestamps.get(status).copied().unwrap_or(0);
            (status.name(), when)
        });
        let statuses = vertices
            .iter()
            .map(|vertex| tasks::vertex_status(job, vertex));
        Self {
            jid: job.id.to_string(),
            application_id: job.id.to_string(),
            name: job.name.clone(),
            // Flink says so of every job: it means the STOP of old, without a savepoint.
            is_stoppable: false,
            state: job.status.name(),
            job_type: "STREAMING",
            scheduler_type: job.report.is_some().then_some("Default"),
            start_time: span.start,
            end_time: span.end,
            duration: span.duration,
            max_parallelism: job
                .report
                .as_ref()
                .map_or(-1, |report| i64::from(report.max_parallelism)),
            now,
            timestamps: timestamps.collect(),
            vertices: vertices
                .iter()
                .map(|vertex| JobVertexDetails::of(job, vertex, now))
                .collect(),
            status_counts: tasks::count(statuses),
            plan: Plan::of(job),
            pending_operators: 0,
            held_up: tasks::held_up(job).map(str::to_owned),
            next_attempt: NextAttemptInfo::of(job),
            numbers: JobNumbers::of(job),
        }
    }
}

impl JobVertexDetails {
    fn of(job: &JobView, vertex: &VertexReport, now: u64) -> Self {
        let span = Span::of_vertex(job, vertex, now);
        let statuses = vertex.subtasks.iter().map(|task| tasks::status(job, task));
        Self {
            id: vertex.id.to_string(),
            // There is one group of slots: the process of the job.
            slot_sharing_group_id: job.id.to_string(),
            name: vertex.name.clone(),
            max_parallelism: job
                .report
                .as_ref()
                .map_or(0, |report| report.max_parallelism),
            parallelism: vertex.subtasks.len(),
            status: tasks::vertex_status(job, vertex).name(),
            start_time: span.start,
            end_time: span.end,
            duration: span.duration,
            tasks: tasks::count(statuses),
            metrics: IoMetrics::of_vertex(job, vertex, now),
        }
    }
}

/// The settings of a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct JobConfigInfo {
    jid: String,
    name: String,
    execution_config: ExecutionConfigInfo,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct ExecutionConfigInfo {
    restart_strategy: String,
    job_parallelism: u32,
    object_reuse_mode: bool,
    user_config: BTreeMap<String, String>,
}

impl JobConfigInfo {
    /// The settings of `job`: the parameters of its program under `user-config`, secrets masked.
    pub(crate) fn of(job: &JobView) -> Self {
        let settings = match &job.report {
            Some(report) => &report.configuration,
            None => &job.submission.configuration,
        };
        let restart_strategy = settings
            .written(RESTART_STRATEGY.name)
            .unwrap_or("Cluster level default restart strategy");
        Self {
            jid: job.id.to_string(),
            name: job.name.clone(),
            execution_config: ExecutionConfigInfo {
                restart_strategy: restart_strategy.to_owned(),
                job_parallelism: settings.get(&PARALLELISM).ok().flatten().unwrap_or(1),
                object_reuse_mode: true,
                user_config: secrets::parameters(&job.submission.arguments),
            },
        }
    }
}

/// What went wrong in a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobExceptionsInfo {
    exception_history: JobExceptionHistory,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct JobExceptionHistory {
    entries: Vec<RootException>,
    truncated: bool,
}

/// A failure. `exceptionName` is its stable code.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RootException {
    exception_name: String,
    stacktrace: String,
    timestamp: u64,
    failure_labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_manager_id: Option<String>,
    #[schema(value_type = Vec<serde_json::Value>)]
    concurrent_exceptions: Vec<String>,
}

impl JobExceptionsInfo {
    /// The newest `limit` failures of `job` that carry all of `labels`, newest first.
    pub(crate) fn of(job: &JobView, names: &Names, limit: usize, labels: &[(&str, &str)]) -> Self {
        let mut entries: Vec<_> = job
            .failures
            .iter()
            .rev()
            .map(|failure| RootException::of(job, names, failure))
            .filter(|entry| {
                labels
                    .iter()
                    .all(|(key, value)| entry.failure_labels.get(*key).is_some_and(|v| v == value))
            })
            .collect();
        let truncated = entries.len() > limit;
        entries.truncate(limit);
        Self {
            exception_history: JobExceptionHistory { entries, truncated },
        }
    }
}

impl RootException {
    fn of(job: &JobView, names: &Names, failure: &FailureReport) -> Self {
        let process = failure.process;
        Self {
            exception_name: failure.code.clone(),
            stacktrace: format!("{}: {}", failure.code, failure.message),
            timestamp: failure.at,
            failure_labels: BTreeMap::from([("code".to_owned(), failure.code.clone())]),
            task_name: failure.task.clone(),
            endpoint: process.map(|process| names.endpoint_of(process)),
            task_manager_id: process.map(|process| names.process_of(job.id, process)),
            concurrent_exceptions: Vec::new(),
        }
    }
}

/// Whether something is ready.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct QueueStatus {
    id: &'static str,
}

impl QueueStatus {
    /// It goes on.
    pub(crate) const IN_PROGRESS: Self = Self { id: "IN_PROGRESS" };
    /// It has ended, well or not.
    pub(crate) const COMPLETED: Self = Self { id: "COMPLETED" };
}

/// How a job ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct JobExecutionResultInfo {
    status: QueueStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_execution_result: Option<JobResult>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct JobResult {
    id: String,
    application_id: String,
    name: String,
    application_status: &'static str,
    #[schema(value_type = BTreeMap<String, String>)]
    accumulator_results: BTreeMap<&'static str, &'static str>,
    net_runtime: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_cause: Option<FailureCause>,
    start_time: i64,
    end_time: i64,
}

impl JobExecutionResultInfo {
    /// The result of `job`, as far as it has one.
    pub(crate) fn of(job: &JobView, now: u64) -> Self {
        if !job.status.is_terminal() {
            return Self {
                status: QueueStatus::IN_PROGRESS,
                job_execution_result: None,
            };
        }
        let span = Span::new(Some(job.start_time), job.end_time, now);
        let result = JobResult {
            id: job.id.to_string(),
            application_id: job.id.to_string(),
            name: job.name.clone(),
            application_status: match job.status {
                JobStatus::Finished => "SUCCEEDED",
                JobStatus::Canceled => "CANCELED",
                _ => "FAILED",
            },
            accumulator_results: BTreeMap::new(),
            net_runtime: span.duration,
            failure_cause: failure_cause(job),
            start_time: span.start,
            end_time: span.end,
        };
        Self {
            status: QueueStatus::COMPLETED,
            job_execution_result: Some(result),
        }
    }
}

/// Why a job failed: its first failure is the root, the newest is what it ended with.
fn failure_cause(job: &JobView) -> Option<FailureCause> {
    if job.status != JobStatus::Failed {
        return None;
    }
    let gave_up = job.report.as_ref().and_then(|r| r.gave_up.as_deref());
    let cause = match (job.failures.last(), gave_up) {
        (Some(failure), Some(why)) => FailureCause::new(
            &failure.code,
            &one_line(&format!("{}; {why}", without_stop(&failure.message))),
        ),
        (Some(failure), None) => FailureCause::new(&failure.code, &one_line(&failure.message)),
        (None, _) => FailureCause::new("MS-2001", gave_up.unwrap_or("the job failed")),
    };
    Some(cause)
}

/// How many tasks run as needed by a job, each vertex by its id.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct VertexResourceRequirements {
    parallelism: ParallelismBounds,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ParallelismBounds {
    lower_bound: usize,
    upper_bound: usize,
}

/// The requirements of `job`: the parallelism that it runs with, neither more nor less.
pub(crate) fn resource_requirements(job: &JobView) -> BTreeMap<String, VertexResourceRequirements> {
    let of_vertex = |vertex: &VertexReport| {
        let tasks = vertex.subtasks.len();
        let requirements = VertexResourceRequirements {
            parallelism: ParallelismBounds {
                lower_bound: tasks,
                upper_bound: tasks,
            },
        };
        (vertex.id.to_string(), requirements)
    };
    tasks::vertices(job).iter().map(of_vertex).collect()
}

/// Whether every task of `job` runs or has finished, and since when.
pub(crate) fn all_running_since(job: &JobView) -> Option<u64> {
    let tasks = tasks::vertices(job).iter().flat_map(|v| &v.subtasks);
    let since: Option<Vec<u64>> = tasks
        .map(|task| match tasks::status(job, task) {
            TaskStatus::Running | TaskStatus::Finished => {
                task.switched.get(&TaskStatus::Running).copied()
            }
            _ => None,
        })
        .collect();
    since.and_then(|since| since.into_iter().max())
}
