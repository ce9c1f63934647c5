//! Our answers against those that Flink 2.3 was observed to give.

mod sample;
mod values;

use serde::Serialize;
use serde_json::Value;

use super::checkpoint_config::CheckpointConfigInfo;
use super::checkpoint_subtasks::TaskCheckpointStatisticsWithSubtasks;
use super::checkpoints::{CheckpointStatistics, CheckpointingStatistics, find};
use super::cluster::{
    ClusterOverview, ConfigurationEntry, DashboardConfiguration, LogInfo, LogListInfo,
};
use super::job::{JobConfigInfo, JobDetailsInfo, JobExceptionsInfo, JobExecutionResultInfo};
use super::jobs::{JobIdsWithStatusOverview, JobStatusInfo, MultipleJobsDetails};
use super::metrics::{Aggregation, aggregate, select};
use super::operations::AsynchronousOperationResult;
use super::packages::JarListInfo;
use super::processes::{TaskManagerInfo, TaskManagersInfo};
use super::vertex::{BackPressureInfo, JobVertexDetailsInfo, SubtasksTimesInfo};
use super::{job_metrics, task_metrics, tasks};
use crate::rest::names::Names;
use crate::rest::proc::{Machine, ProcessNumbers};
use crate::views::JobView;
use sample::NOW;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/flink-2.3/",
            $name,
            ".json"
        ))
    };
}

/// Fields that we add.
const ADDED: [&str; 5] = [
    "millstream-version",
    "parameters",
    "held-up",
    "held_up",
    "longest_pause",
];

/// Asserts that `ours` has every field of what was observed with the same type of JSON, and no other.
fn assert_same_shape(observed: &str, ours: impl Serialize) {
    let observed: Value = serde_json::from_str(observed).expect("a fixture is JSON");
    let ours = serde_json::to_value(ours).expect("an answer is JSON");
    compare(&observed, &ours, "");
}

fn compare(observed: &Value, ours: &Value, place: &str) {
    match (observed, ours) {
        (Value::Object(observed), Value::Object(ours)) => {
            let mut left: Vec<_> = ours
                .keys()
                .filter(|key| !ADDED.contains(&key.as_str()))
                .collect();
            for (key, value) in observed {
                let place = format!("{place}/{key}");
                let own = ours
                    .get(key)
                    .unwrap_or_else(|| panic!("{place} is missing"));
                compare(value, own, &place);
                left.retain(|other| *other != key);
            }
            assert!(left.is_empty(), "{place} has {left:?} besides");
        }
        (Value::Array(observed), Value::Array(ours)) => {
            assert_eq!(
                observed.is_empty(),
                ours.is_empty(),
                "{place}: one of the lists is empty"
            );
            for (index, own) in ours.iter().enumerate() {
                let same = observed.len() == ours.len();
                let model = if same {
                    observed.get(index)
                } else {
                    observed.first()
                };
                compare(
                    model.expect("it is not empty"),
                    own,
                    &format!("{place}/{index}"),
                );
            }
        }
        (Value::Null, _) => {}
        _ => assert_eq!(kind(observed), kind(ours), "{place}: {observed} and {ours}"),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "truth value",
        Value::Number(number) if number.is_f64() => "number with a fraction",
        Value::Number(_) => "whole number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn names() -> Names {
    Names::new("localhost".to_owned())
}

fn running() -> JobView {
    sample::running_job()
}

const MACHINE: Machine = Machine {
    processors: 2,
    memory: 25_276_514_304,
    available: 1_665_138_688,
};

#[test]
fn lists_of_jobs_are_those_of_flink() {
    let job = running();
    assert_same_shape(fixture!("jobs"), JobIdsWithStatusOverview::of([&job]));
    assert_same_shape(
        fixture!("jobs-overview"),
        MultipleJobsDetails::of([&job], NOW),
    );
    let facts = sample::facts();
    assert_same_shape(
        fixture!("overview"),
        ClusterOverview::of([&job], &facts, MACHINE),
    );
    assert_same_shape(
        fixture!("config"),
        DashboardConfiguration::of(&facts, 3_000, true, true),
    );
    let package = sample::package();
    assert_same_shape(
        fixture!("jars"),
        without_entries(JarListInfo::of(
            "http://127.0.0.1:8081".to_owned(),
            &[package],
        )),
    );
}

/// The observed package had no entry class in its manifest.
fn without_entries(list: JarListInfo) -> Value {
    let mut list = serde_json::to_value(list).expect("JSON");
    let entry = list.pointer_mut("/files/0/entry").expect("entries");
    assert!(entry.pointer("/0/name").is_some_and(Value::is_string));
    *entry = Value::Array(Vec::new());
    list
}

#[test]
fn a_job_is_shown_as_by_flink() {
    let job = running();
    assert_same_shape(fixture!("job"), JobDetailsInfo::of(&job, NOW));
    assert_same_shape(fixture!("job-status"), JobStatusInfo::of(job.status));
    assert_same_shape(
        fixture!("job-config"),
        JobConfigInfo::of(&sample::without_arguments()),
    );
    let healthy = sample::without_failures();
    assert_same_shape(
        fixture!("job-exceptions"),
        JobExceptionsInfo::of(&healthy, &names(), 20, &[]),
    );
}

#[test]
fn a_vertex_is_shown_as_by_flink() {
    let job = running();
    let vertex = tasks::vertices(&job).first().expect("a vertex");
    assert_same_shape(
        fixture!("vertex"),
        JobVertexDetailsInfo::of(&job, vertex, &names(), NOW),
    );
    assert_same_shape(
        fixture!("vertex-backpressure"),
        BackPressureInfo::of(&job, vertex, NOW),
    );
    assert_same_shape(
        fixture!("vertex-subtasktimes"),
        SubtasksTimesInfo::of(&job, vertex, &names(), NOW),
    );
    assert_same_shape(
        fixture!("vertex-watermarks"),
        select(&task_metrics::watermarks_of(vertex), None),
    );
}

#[test]
fn metrics_are_told_as_by_flink() {
    let job = running();
    let vertex = tasks::vertices(&job).first().expect("a vertex");
    assert_same_shape(
        fixture!("vertex-metrics"),
        select(&task_metrics::of_vertex(&job, vertex, NOW), None),
    );
    let metrics: Vec<_> = task_metrics::tasks_of(&job, vertex)
        .map(|task| task.all(NOW))
        .collect();
    assert_same_shape(
        fixture!("subtasks-metrics"),
        aggregate(&metrics, Some(&["numRecordsOut"]), &Aggregation::ALL),
    );
    let of_job = job_metrics::of_job(&job, Some(1_200), NOW);
    assert_same_shape(
        fixture!("jobs-metrics"),
        aggregate(std::slice::from_ref(&of_job), None, &Aggregation::ALL),
    );
    let observed: Vec<Value> = serde_json::from_str(fixture!("jobs-metrics")).expect("JSON");
    for metric in observed {
        let name = metric.get("id").and_then(Value::as_str).expect("a name");
        assert!(of_job.iter().any(|(own, _)| own == name), "{name}");
    }
}

#[test]
fn checkpoints_are_shown_as_by_flink() {
    let job = running();
    assert_same_shape(
        fixture!("checkpoints"),
        CheckpointingStatistics::of(&sample::without_failures()),
    );
    let settings = &job.report.as_ref().expect("a report").configuration;
    assert_same_shape(
        fixture!("checkpoints-config"),
        CheckpointConfigInfo::of(settings).expect("settings"),
    );
    let checkpoint = find(&job, 5).expect("the fifth");
    assert_same_shape(
        fixture!("checkpoint-details"),
        CheckpointStatistics::detailed(&job, checkpoint),
    );
    assert_same_shape(
        fixture!("checkpoint-subtasks"),
        TaskCheckpointStatisticsWithSubtasks::of(checkpoint, 0).expect("its vertex"),
    );
}

#[test]
fn checkpoints_that_run_or_failed_have_their_own_fields() {
    let job = running();
    let shown = |id| {
        let checkpoint = find(&job, id).expect("a checkpoint");
        serde_json::to_value(CheckpointStatistics::detailed(&job, checkpoint)).expect("JSON")
    };
    let failed = shown(6);
    assert_eq!(failed.get("className"), Some(&"failed".into()));
    assert!(failed.get("failure_message").is_some_and(Value::is_string));
    assert!(failed.get("external_path").is_none());
    let pending = shown(7);
    assert_eq!(pending.get("className"), Some(&"in_progress".into()));
    assert_eq!(pending.get("num_acknowledged_subtasks"), Some(&1.into()));
    assert!(pending.get("external_path").is_none());
    let task = TaskCheckpointStatisticsWithSubtasks::of(find(&job, 7).expect("it"), 1);
    let task = serde_json::to_value(task.expect("its vertex")).expect("JSON");
    assert_eq!(
        task.get("subtasks"),
        Some(
            &serde_json::json!([{"className": "pending", "index": 0, "status": "pending_or_failed"}])
        )
    );
}

#[test]
fn operations_end_as_those_of_flink() {
    let done = sample::completed_savepoint();
    assert_same_shape(
        fixture!("savepoint-completed"),
        AsynchronousOperationResult::of_savepoint(&done),
    );
    let failed = sample::failed_disposal();
    assert_same_shape(
        fixture!("operation-failed"),
        AsynchronousOperationResult::of_disposal(&failed),
    );
    let mut pending = done;
    pending.result = None;
    let shown = serde_json::to_value(AsynchronousOperationResult::of_savepoint(&pending));
    let expected = serde_json::json!({"status": {"id": "IN_PROGRESS"}, "operation": null});
    assert_eq!(shown.expect("JSON"), expected);
}

#[test]
fn processes_and_the_server_are_shown_as_by_flink() {
    let job = running();
    let process = TaskManagerInfo::of(&job, &names(), ProcessNumbers::default(), MACHINE, NOW);
    assert_same_shape(
        fixture!("taskmanagers"),
        TaskManagersInfo {
            taskmanagers: vec![process],
        },
    );
    assert_same_shape(
        fixture!("jobmanager-config"),
        [ConfigurationEntry {
            key: "rest.port".to_owned(),
            value: "8081".to_owned(),
        }],
    );
    let logs = vec![LogInfo {
        name: "server.log".to_owned(),
        size: 1,
        mtime: NOW,
    }];
    assert_same_shape(fixture!("jobmanager-logs"), LogListInfo { logs });
}

#[test]
fn the_numbers_of_a_job_are_those_of_its_report() {
    let job = running();
    let details = serde_json::to_value(JobDetailsInfo::of(&job, NOW)).expect("JSON");
    let at = |pointer: &str| details.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/vertices/0/metrics/write-records"), 3_487);
    assert_eq!(at("/vertices/0/metrics/accumulated-idle-time"), 1_480);
    assert_eq!(at("/vertices/0/metrics/accumulated-busy-time"), 7_420.0);
    assert_eq!(at("/vertices/0/start-time"), 1_000);
    assert_eq!(at("/vertices/0/end-time"), -1);
    assert_eq!(at("/status-counts/RUNNING"), 2);
    assert_eq!(at("/timestamps/RUNNING"), 900);
    assert_eq!(at("/plan/nodes/0/inputs/0/ship_strategy"), "HASH");
    let checkpoints = serde_json::to_value(CheckpointingStatistics::of(&job)).expect("JSON");
    let at = |pointer: &str| checkpoints.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/latest/completed/id"), 5);
    assert_eq!(at("/history/0/id"), 7);
    assert_eq!(at("/summary/state_size/avg"), 4_722);
}

#[test]
fn a_job_that_has_ended_has_no_task_that_runs() {
    let job = sample::killed_job();
    let details = serde_json::to_value(JobDetailsInfo::of(&job, NOW)).expect("JSON");
    let at = |pointer: &str| details.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/vertices/0/status"), "FAILED");
    assert_eq!(at("/vertices/0/tasks/RUNNING"), 0);
    assert_eq!(at("/vertices/0/end-time"), 9_000);
    let result = serde_json::to_value(JobExecutionResultInfo::of(&job, NOW)).expect("JSON");
    let at = |pointer: &str| result.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/status/id"), "COMPLETED");
    assert_eq!(at("/job-execution-result/application-status"), "FAILED");
    let id = at("/job-execution-result/application-id");
    assert_eq!(id, job.id.to_string());
    let trace = at("/job-execution-result/failure-cause/stack-trace");
    assert!(
        trace
            .as_str()
            .is_some_and(|trace| trace.contains("MS-4001: it broke")),
        "{trace}"
    );
}

#[test]
fn failures_come_newest_first_and_no_more_than_asked_for() {
    let job = sample::killed_job();
    let shown = |limit, labels: &[(&str, &str)]| {
        serde_json::to_value(JobExceptionsInfo::of(&job, &names(), limit, labels)).expect("JSON")
    };
    let all = shown(20, &[]);
    let at = |shown: &Value, pointer: &str| shown.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(
        at(&all, "/exceptionHistory/entries/0/exceptionName"),
        "MS-4001"
    );
    assert_eq!(
        at(&all, "/exceptionHistory/entries/1/exceptionName"),
        "MS-7001"
    );
    assert_eq!(at(&all, "/exceptionHistory/truncated"), false);
    let endpoint = at(&all, "/exceptionHistory/entries/0/endpoint");
    assert_eq!(endpoint, "localhost:4711");
    let process = at(&all, "/exceptionHistory/entries/0/taskManagerId");
    assert_eq!(process, "localhost:4711-a3c874");
    assert!(at(&all, "/exceptionHistory/entries/1/endpoint").is_null());
    let one = shown(1, &[]);
    assert_eq!(at(&one, "/exceptionHistory/truncated"), true);
    let labelled = shown(20, &[("code", "MS-7001")]);
    assert_eq!(
        at(&labelled, "/exceptionHistory/entries/0/timestamp"),
        5_000
    );
    assert!(at(&labelled, "/exceptionHistory/entries/1").is_null());
}
