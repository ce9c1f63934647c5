//! What answers say of a job, number by number.

use serde_json::Value;

use super::sample::{self, NOW};
use crate::rest::answers::applications::{
    ApplicationDetailsInfo, ApplicationExceptionsInfo, MultipleApplicationsDetails,
};
use crate::rest::answers::checkpoint_subtasks::TaskCheckpointStatisticsWithSubtasks;
use crate::rest::answers::checkpoints::{CheckpointStatistics, CheckpointingStatistics, find};
use crate::rest::answers::job::JobDetailsInfo;
use crate::rest::answers::{task_metrics, tasks};
use crate::views::JobView;

#[test]
fn what_is_not_measured_is_not_said_to_be_complete() {
    let shown = |job: &JobView| {
        let details = JobDetailsInfo::of(job, NOW);
        let details = serde_json::to_value(details).expect("JSON");
        [0, 1].map(|vertex| {
            let pointer = format!("/vertices/{vertex}/metrics/read-bytes-complete");
            details.pointer(&pointer).cloned().unwrap_or_default()
        })
    };
    assert_eq!(shown(&sample::running_job()), [false, false]);
    let counting = sample::reading_files();
    assert_eq!(shown(&counting), [true, false]);
}

#[test]
fn the_metrics_of_a_task_are_those_of_its_report() {
    let job = sample::reading_files();
    let value = |job: &JobView, vertex: usize, name: &str| {
        let vertex = tasks::vertices(job).get(vertex).expect("a vertex");
        let metrics = task_metrics::of_vertex(job, vertex, NOW);
        let found = metrics.into_iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.text())
    };
    let source = |name| value(&job, 0, name).unwrap_or_default();
    assert_eq!(source("0.pendingBytes"), "60");
    assert_eq!(source("0.numRecordsInErrors"), "3");
    assert_eq!(source("0.numFilesInErrors"), "2");
    assert_eq!(value(&job, 0, "0.numFilesLost"), None, "none is");
    assert_eq!(source("0.Source__Numbers.numBytesIn"), "40");
    assert_eq!(source("0.Times.numRecordsOut"), "3487");
    assert_eq!(source("0.numBytesInPerSecond"), "8.0");
    assert_eq!(source("0.isBackPressured"), "false");
    assert_eq!(source("0.initializationTime"), "60");
    assert_eq!(source("0.checkpointStartDelayNanos"), "2000000");
    assert_eq!(source("0.accumulateIdleTimeMs"), "1480");
    assert_eq!(source("0.busyTimeMsPerSecond"), "995.0");
    assert_eq!(value(&job, 1, "0.numRecordsInErrors"), None);
    let mut gone = job.clone();
    gone.process = None;
    let source = |name| value(&gone, 0, name).unwrap_or_default();
    assert_eq!(source("0.numBytesIn"), "40");
    assert_eq!(source("0.numBytesInPerSecond"), "0.0");
    assert_eq!(source("0.busyTimeMsPerSecond"), "0.0");
    assert_eq!(source("0.idleTimeMsPerSecond"), "0.0");
    assert_eq!(source("0.accumulateIdleTimeMs"), "1380");
}

#[test]
fn phases_of_a_checkpoint_are_those_of_its_tasks() {
    let job = sample::running_job();
    let checkpoint = find(&job, 5).expect("the fifth");
    let part = TaskCheckpointStatisticsWithSubtasks::of(checkpoint, 0).expect("its vertex");
    let part = serde_json::to_value(part).expect("JSON");
    let at = |pointer: &str| part.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/subtasks/0/checkpoint/sync"), 1);
    assert_eq!(at("/subtasks/0/checkpoint/async"), 7);
    assert_eq!(at("/subtasks/0/start_delay"), 2);
    assert_eq!(at("/subtasks/0/alignment/duration"), 0);
    assert_eq!(at("/summary/checkpoint_duration/async/max"), 7);
    assert_eq!(at("/summary/start_delay/avg"), 2);
    let whole = serde_json::to_value(CheckpointStatistics::detailed(&job, checkpoint));
    assert_eq!(
        whole.expect("JSON").get("longest_pause"),
        Some(&Value::from(1))
    );
}

#[test]
fn what_holds_a_job_up_is_shown_while_it_has_a_process() {
    let mut job = sample::held_up("checkpoint 7 waits for Out (1/1)");
    let shown = |job: &JobView| {
        let details = serde_json::to_value(JobDetailsInfo::of(job, NOW)).expect("JSON");
        let checkpoints = serde_json::to_value(CheckpointingStatistics::of(job)).expect("JSON");
        (
            details.get("held-up").cloned(),
            checkpoints.get("held_up").cloned(),
        )
    };
    let words = Some(Value::from("checkpoint 7 waits for Out (1/1)"));
    assert_eq!(shown(&job), (words.clone(), words));
    job.process = None;
    assert_eq!(shown(&job), (None, None));
}

#[test]
fn the_newest_of_each_kind_is_known_however_many_came_after_it() {
    let mut job = sample::running_job();
    job.checkpoint_history = 1;
    job.checkpoint_summary = sample::summary_of(&[1_000, 9_000]);
    let shown = serde_json::to_value(CheckpointingStatistics::of(&job)).expect("JSON");
    let at = |pointer: &str| shown.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/history/0/id"), 7);
    assert!(at("/history/1").is_null());
    assert_eq!(at("/latest/completed/id"), 5);
    assert_eq!(at("/latest/failed/id"), 6);
    assert_eq!(at("/summary/state_size/min"), 1_000);
    assert_eq!(at("/summary/state_size/max"), 9_000);
    assert_eq!(at("/summary/state_size/avg"), 5_000);
}

#[test]
fn an_application_is_its_job() {
    let job = sample::killed_job();
    let list = serde_json::to_value(MultipleApplicationsDetails::of([&job], NOW)).expect("JSON");
    let id = job.id.to_string();
    let expected = serde_json::json!({"applications": [{
        "id": id, "name": "Windows", "start-time": 500, "end-time": 9_000, "duration": 8_500,
        "status": "FAILED", "jobs": {"FAILED": 1},
    }]});
    assert_eq!(list, expected);
    let details = serde_json::to_value(ApplicationDetailsInfo::of(&job, NOW)).expect("JSON");
    let at = |pointer: &str| details.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/timestamps/CREATED"), 500);
    assert_eq!(at("/timestamps/RUNNING"), 900);
    assert_eq!(at("/timestamps/CANCELED"), 0);
    assert_eq!(at("/jobs/0/jid"), id.as_str());
    let failures = serde_json::to_value(ApplicationExceptionsInfo::of(&job)).expect("JSON");
    let expected = serde_json::json!({
        "exceptionName": "MS-4001", "stacktrace": "MS-4001: it broke", "timestamp": 8_000, "jobId": id,
    });
    assert_eq!(
        failures.pointer("/exceptionHistory/entries/0"),
        Some(&expected)
    );
}
