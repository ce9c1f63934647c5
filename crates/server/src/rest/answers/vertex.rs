//! One vertex of a job and its subtasks.

use std::collections::BTreeMap;

use millstream_core::TaskStatus;
use millstream_protocol::link::{SubtaskReport, VertexReport};
use serde::Serialize;
use utoipa::ToSchema;

use super::summary::SubtaskSummary;
use super::task_metrics::BACK_PRESSURED;
use super::tasks::{self, Span};
use crate::rest::names::Names;
use crate::views::JobView;

/// What was read and written. A number that is not complete is not measured, or not yet.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct IoMetrics {
    read_bytes: u64,
    read_bytes_complete: bool,
    write_bytes: u64,
    write_bytes_complete: bool,
    read_records: u64,
    read_records_complete: bool,
    write_records: u64,
    write_records_complete: bool,
    accumulated_backpressured_time: u64,
    accumulated_idle_time: u64,
    accumulated_busy_time: f64,
}

impl IoMetrics {
    /// The sums over the tasks of a vertex.
    pub(crate) fn of_vertex(job: &JobView, vertex: &VertexReport, now: u64) -> Self {
        Self::of(job, vertex, &vertex.subtasks, now)
    }

    /// The sums over `tasks`, which are some of `vertex`.
    fn of(job: &JobView, vertex: &VertexReport, tasks: &[SubtaskReport], now: u64) -> Self {
        let sum = |number: fn(&SubtaskReport) -> u64| tasks.iter().map(number).sum::<u64>();
        let reported = tasks.iter().all(|task| task.id.is_some());
        Self {
            read_bytes: sum(|task| task.numbers.bytes_in),
            read_bytes_complete: reported && counts_bytes(vertex),
            write_bytes: 0,
            write_bytes_complete: false,
            read_records: sum(|task| task.numbers.records_in),
            read_records_complete: reported,
            write_records: sum(|task| task.numbers.records_out),
            write_records_complete: reported,
            accumulated_backpressured_time: sum(|task| task.numbers.backpressured_ms),
            accumulated_idle_time: tasks.iter().map(|t| tasks::idle_ms(job, t, now)).sum(),
            accumulated_busy_time: sum(|task| task.numbers.busy_ms) as f64,
        }
    }
}

/// Whether a vertex has a source that counts the bytes that it reads: a generator does not, nor does what reads from
/// other tasks.
fn counts_bytes(vertex: &VertexReport) -> bool {
    let mut tasks = vertex.subtasks.iter().map(|task| task.numbers);
    vertex.is_source && tasks.any(|numbers| numbers.bytes_in > 0 || numbers.bytes_total > 0)
}

/// A vertex with its subtasks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobVertexDetailsInfo {
    id: String,
    name: String,
    parallelism: usize,
    #[serde(rename = "maxParallelism")]
    max_parallelism: u32,
    now: u64,
    subtasks: Vec<SubtaskDetails>,
    aggregated: AggregatedTaskDetails,
}

/// One execution of a subtask.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SubtaskDetails {
    subtask: usize,
    status: &'static str,
    attempt: u32,
    endpoint: String,
    start_time: i64,
    end_time: i64,
    duration: i64,
    metrics: IoMetrics,
    taskmanager_id: String,
    #[schema(value_type = BTreeMap<String, i64>)]
    status_duration: BTreeMap<&'static str, i64>,
    /// The same as `start-time`, under its older name.
    #[serde(rename = "start_time")]
    start_time_of_old: i64,
}

/// Summaries over the subtasks of a vertex.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AggregatedTaskDetails {
    #[schema(value_type = BTreeMap<String, SubtaskSummary>)]
    metrics: BTreeMap<&'static str, SubtaskSummary>,
    #[schema(value_type = BTreeMap<String, SubtaskSummary>)]
    status_duration: BTreeMap<&'static str, SubtaskSummary>,
}

impl JobVertexDetailsInfo {
    /// The details of `vertex`.
    pub(crate) fn of(job: &JobView, vertex: &VertexReport, names: &Names, now: u64) -> Self {
        let subtasks = (0..vertex.subtasks.len())
            .filter_map(|subtask| SubtaskDetails::of(job, vertex, subtask, names, now));
        Self {
            id: vertex.id.to_string(),
            name: vertex.name.clone(),
            parallelism: vertex.subtasks.len(),
            max_parallelism: job
                .report
                .as_ref()
                .map_or(0, |report| report.max_parallelism),
            now,
            subtasks: subtasks.collect(),
            aggregated: AggregatedTaskDetails::of(job, &vertex.subtasks, now),
        }
    }
}

impl SubtaskDetails {
    /// The details of a subtask; `None`: the vertex has none of that number.
    pub(crate) fn of(
        job: &JobView,
        vertex: &VertexReport,
        subtask: usize,
        names: &Names,
        now: u64,
    ) -> Option<Self> {
        let task = vertex.subtasks.get(subtask)?;
        let span = Span::of_task(job, task, now);
        Some(Self {
            subtask,
            status: tasks::status(job, task).name(),
            attempt: tasks::attempt_number(job),
            endpoint: names.endpoint(job),
            start_time: span.start,
            end_time: span.end,
            duration: span.duration,
            metrics: IoMetrics::of(job, vertex, std::slice::from_ref(task), now),
            taskmanager_id: names.process(job),
            status_duration: tasks::status_durations(job, task, now),
            start_time_of_old: span.start,
        })
    }
}

impl AggregatedTaskDetails {
    fn of(job: &JobView, subtasks: &[SubtaskReport], now: u64) -> Self {
        let over =
            |number: fn(&SubtaskReport) -> u64| SubtaskSummary::of(subtasks.iter().map(number));
        let metrics = BTreeMap::from([
            ("read-bytes", over(|task| task.numbers.bytes_in)),
            ("write-bytes", over(|_| 0)),
            ("read-records", over(|task| task.numbers.records_in)),
            ("write-records", over(|task| task.numbers.records_out)),
            ("accumulated-busy-time", over(|task| task.numbers.busy_ms)),
            (
                "accumulated-idle-time",
                SubtaskSummary::of(subtasks.iter().map(|t| tasks::idle_ms(job, t, now))),
            ),
            (
                "accumulated-backpressured-time",
                over(|task| task.numbers.backpressured_ms),
            ),
        ]);
        let mut durations: BTreeMap<_, Vec<u64>> = BTreeMap::new();
        for task in subtasks {
            for (status, lasted) in tasks::status_durations(job, task, now) {
                let lasted = u64::try_from(lasted).unwrap_or(0);
                durations.entry(status).or_default().push(lasted);
            }
        }
        let summaries = durations
            .into_iter()
            .map(|(status, lasted)| (status, SubtaskSummary::of(lasted)));
        Self {
            metrics,
            status_duration: summaries.collect(),
        }
    }
}

/// When the subtasks of a vertex switched to each status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SubtasksTimesInfo {
    id: String,
    name: String,
    now: u64,
    subtasks: Vec<SubtaskTimes>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct SubtaskTimes {
    subtask: usize,
    endpoint: String,
    duration: i64,
    #[schema(value_type = BTreeMap<String, u64>)]
    timestamps: BTreeMap<&'static str, u64>,
}

impl SubtasksTimesInfo {
    /// The times of `vertex`.
    pub(crate) fn of(job: &JobView, vertex: &VertexReport, names: &Names, now: u64) -> Self {
        let times = vertex.subtasks.iter().enumerate().map(|(subtask, task)| {
            let mut timestamps: BTreeMap<_, _> = TaskStatus::ALL
                .iter()
                .map(|status| {
                    (
                        status.name(),
                        task.switched.get(status).copied().unwrap_or(0),
                    )
                })
                .collect();
            timestamps.insert("RECONCILING", 0);
            SubtaskTimes {
                subtask,
                endpoint: names.endpoint(job),
                duration: Span::of_task(job, task, now).duration,
                timestamps,
            }
        });
        Self {
            id: vertex.id.to_string(),
            name: vertex.name.clone(),
            now,
            subtasks: times.collect(),
        }
    }
}

/// Who holds whom up.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct BackPressureInfo {
    /// `ok`, or `deprecated` where the vertex does not run: then there is nothing else.
    status: &'static str,
    #[serde(rename = "backpressureLevel", skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtasks: Option<Vec<SubtaskBackPressure>>,
    /// The same as `backpressureLevel`, under its older name.
    #[serde(rename = "backpressure-level", skip_serializing_if = "Option::is_none")]
    level_of_old: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SubtaskBackPressure {
    subtask: usize,
    #[serde(rename = "backpressureLevel")]
    level: &'static str,
    ratio: f64,
    idle_ratio: f64,
    busy_ratio: f64,
    /// The same as `backpressureLevel`, under its older name.
    #[serde(rename = "backpressure-level")]
    level_of_old: &'static str,
}

impl BackPressureInfo {
    /// What the tasks of `vertex` spent their last second with.
    pub(crate) fn of(job: &JobView, vertex: &VertexReport, now: u64) -> Self {
        let is_running = tasks::vertex_status(job, vertex) == TaskStatus::Running;
        if !is_running || job.process.is_none() {
            return Self {
                status: "deprecated",
                level: None,
                end_timestamp: None,
                subtasks: None,
                level_of_old: None,
            };
        }
        let greatest = vertex
            .subtasks
            .iter()
            .map(|task| task.numbers.backpressured)
            .fold(0.0, f64::max);
        let subtasks = vertex.subtasks.iter().enumerate().map(|(subtask, task)| {
            let level = back_pressure_level(task.numbers.backpressured);
            SubtaskBackPressure {
                subtask,
                level,
                ratio: task.numbers.backpressured,
                idle_ratio: (1.0 - task.numbers.busy - task.numbers.backpressured).clamp(0.0, 1.0),
                busy_ratio: task.numbers.busy,
                level_of_old: level,
            }
        });
        let level = Some(back_pressure_level(greatest));
        Self {
            status: "ok",
            level,
            end_timestamp: Some(now),
            subtasks: Some(subtasks.collect()),
            level_of_old: level,
        }
    }
}

/// The level of a share of time, 0 to 1, with Flink's limits.
fn back_pressure_level(ratio: f64) -> &'static str {
    match ratio {
        ratio if ratio <= BACK_PRESSURED => "ok",
        ratio if ratio <= 0.5 => "low",
        _ => "high",
    }
}

/// The processes that a vertex runs in: one, that of its job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobVertexTaskManagersInfo {
    id: String,
    name: String,
    now: u64,
    taskmanagers: Vec<VertexTaskManager>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct VertexTaskManager {
    endpoint: String,
    status: &'static str,
    start_time: i64,
    end_time: i64,
    duration: i64,
    metrics: IoMetrics,
    #[schema(value_type = BTreeMap<String, u32>)]
    status_counts: BTreeMap<&'static str, u32>,
    taskmanager_id: String,
    aggregated: AggregatedTaskDetails,
}

impl JobVertexTaskManagersInfo {
    /// The process of `job`, as `vertex` sees it.
    pub(crate) fn of(job: &JobView, vertex: &VertexReport, names: &Names, now: u64) -> Self {
        let span = Span::of_vertex(job, vertex, now);
        let statuses = vertex.subtasks.iter().map(|task| tasks::status(job, task));
        let process = VertexTaskManager {
            endpoint: names.endpoint(job),
            status: tasks::vertex_status(job, vertex).name(),
            start_time: span.start,
            end_time: span.end,
            duration: span.duration,
            metrics: IoMetrics::of_vertex(job, vertex, now),
            status_counts: tasks::count(statuses),
            taskmanager_id: names.process(job),
            aggregated: AggregatedTaskDetails::of(job, &vertex.subtasks, now),
        };
        Self {
            id: vertex.id.to_string(),
            name: vertex.name.clone(),
            now,
            taskmanagers: vec![process],
        }
    }
}

/// A flame graph: not offered, which is what Flink answers where `rest.flamegraph.enabled` is `false`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VertexFlameGraph {
    /// -2: switched off.
    end_timestamp: i64,
}

impl VertexFlameGraph {
    /// The answer where flame graphs are off.
    pub(crate) const OFF: Self = Self { end_timestamp: -2 };
}
