//! What REST and Prometheus say of a job is what it does: records, times, attempts and checkpoints of a job with two
//! vertices, before and after its process was killed, and once it has ended.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::processes::kill;
use crate::common::server::{Server, endless};
use serde_json::{Value, json};

/// Puts a file with `records` records into the input; it appears at once and whole.
fn feed(directory: &Path, name: &str, records: u64) {
    let lines: String = (0..records).map(|id| format!("{id},name\n")).collect();
    let hidden = directory.join("in/.new");
    fs::write(&hidden, format!("id,name\n{lines}")).expect("written");
    fs::rename(&hidden, directory.join("in").join(name)).expect("renamed");
}

fn number(answer: &Value, pointer: &str) -> u64 {
    let found = answer.pointer(pointer);
    let number = found.and_then(|found| found.as_u64().or(found.as_f64().map(|f| f as u64)));
    number.unwrap_or_default()
}

/// The value of a metric.
fn metric(server: &Server, path: &str, name: &str) -> Option<String> {
    let answer = server.get(&format!("{path}/metrics?get={name}"));
    let value = answer.pointer("/0/value").and_then(Value::as_str);
    value.map(str::to_owned)
}

/// A job whose two subtasks read, and hand over to one that writes; and its vertices.
fn start(server: &Server, directory: &Path) -> (String, Vec<String>) {
    let mut arguments = endless(directory);
    arguments.push("--stream.sink.parallelism=1".to_owned());
    arguments.push("--job.retry.backoffTimeMS=20".to_owned());
    let body = json!({
        "entryClass": "com._4paradigm.csp.operator.Main",
        "programArgsList": arguments,
        "parallelism": 2,
        "flinkConfiguration": {"execution.checkpointing.interval": "50 ms"},
    });
    let job = server.run_job("ingest", &body);
    let details = server.get(&format!("/jobs/{job}"));
    let vertices = details.get("vertices").and_then(Value::as_array);
    let ids = vertices.into_iter().flatten().filter_map(|vertex| {
        let id = vertex.get("id")?.as_str()?;
        Some(id.to_owned())
    });
    (job.to_owned(), ids.collect())
}

/// Waits until the source has read `records` records, and what it has handed over has arrived.
fn await_records(server: &Server, job: &str, records: u64) {
    server.await_answer(&format!("/jobs/{job}"), |_, details| {
        let read = number(details, "/vertices/0/metrics/read-records");
        let written = number(details, "/vertices/0/metrics/write-records");
        let taken = number(details, "/vertices/1/metrics/read-records");
        (read == records && written > 0 && written == taken).then_some(())
    });
}

/// Has a checkpoint taken: what was read before is not read again.
fn checkpoint(server: &Server, job: &str) {
    let path = format!("/jobs/{job}/checkpoints");
    let (status, answer) = server.call("POST", &path, Some(&json!({})));
    assert_eq!(status, 202, "{answer}");
    let id = answer.get("request-id").and_then(Value::as_str);
    let path = format!("{path}/{}", id.expect("an id"));
    server.await_answer(&path, |_, answer| {
        answer.pointer("/operation/checkpointId").map(drop)
    });
}

/// Each subtask was idle, busy or back-pressured all the time that it ran, and idle for some of it.
fn check_times(server: &Server, job: &str, vertex: &str) {
    let path = format!("/jobs/{job}/vertices/{vertex}");
    let idle = "/subtasks/0/metrics/accumulated-idle-time";
    let details = server.await_answer(&path, |_, details| {
        (number(details, idle) > 0).then(|| details.clone())
    });
    let running = number(&details, "/subtasks/0/status-duration/RUNNING");
    let spent = number(&details, idle)
        + number(&details, "/subtasks/0/metrics/accumulated-busy-time")
        + number(
            &details,
            "/subtasks/0/metrics/accumulated-backpressured-time",
        );
    assert!(
        spent <= running + 1_000 && running <= spent + 1_000,
        "{spent} of {running} ms: {details}"
    );
}

/// What Prometheus scrapes has these metrics, with this value where one is given.
fn check_scraped(server: &Server, job: &str) {
    let (status, page) = common::rest::send(server.port(), "GET", "/metrics", &[], b"");
    assert_eq!(status, 200, "{page}");
    for name in [
        "flink_taskmanager_job_task_numRecordsIn",
        "flink_taskmanager_job_task_numRecordsInErrors",
        "flink_taskmanager_job_task_pendingBytes",
        "flink_taskmanager_job_task_currentInputWatermark",
        "flink_taskmanager_job_task_busyTimeMsPerSecond",
        "flink_taskmanager_job_task_isBackPressured",
        "flink_taskmanager_job_task_operator_numRecordsIn",
        "flink_jobmanager_job_lastCheckpointDuration",
        "flink_jobmanager_job_lastCheckpointMetadataSize",
        "flink_jobmanager_job_numRestarts",
        "flink_jobmanager_job_recordsWritten",
        "flink_jobmanager_job_recordsDifference",
    ] {
        let begin = format!("{name}{{");
        let mut samples = page.lines().filter(|line| line.starts_with(&begin));
        assert!(samples.any(|line| line.contains(job)), "{name}:\n{page}");
    }
}

/// The built-in package is listed with its entry class.
fn check_package(server: &Server) {
    let jars = server.get("/jars");
    let files = jars.get("files").and_then(Value::as_array);
    let built_in = files.into_iter().flatten().find(|file| {
        let id = file.get("id").and_then(Value::as_str);
        id == Some("ingest")
    });
    let entries = built_in.and_then(|file| file.get("entry")?.as_array());
    let wanted = Some("com._4paradigm.csp.operator.Main");
    let mut names = entries.into_iter().flatten();
    assert!(
        names.any(|entry| entry.get("name").and_then(Value::as_str) == wanted),
        "{jars}"
    );
}

/// The id of the process of the only job.
fn process(server: &Server) -> Option<String> {
    let all = server.get("/taskmanagers");
    let id = all.pointer("/taskmanagers/0/id")?.as_str()?;
    Some(id.to_owned())
}

#[test]
fn before_and_after_a_failure_and_in_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    check_package(&server);
    let (job, vertices) = start(&server, directory.path());
    let [source, sink] = vertices.as_slice() else {
        unreachable!("two vertices: {vertices:?}")
    };
    feed(directory.path(), "2.csv", 999);
    await_records(&server, &job, 1_000);
    checkpoint(&server, &job);
    let checkpoints = server.get(&format!("/jobs/{job}/checkpoints"));
    let path = checkpoints.pointer("/latest/completed/external_path");
    assert!(path.is_some_and(Value::is_string), "{checkpoints}");
    let size = format!("/jobs/{job}/metrics?get=lastCheckpointMetadataSize");
    server.await_answer(&size, |_, metrics| {
        let size: i64 = metrics.pointer("/0/value")?.as_str()?.parse().ok()?;
        (size > 0).then_some(())
    });
    check_times(&server, &job, source);
    check_times(&server, &job, sink);
    let old = process(&server).expect("it runs");
    let details = server.get(&format!("/jobs/{job}"));
    let is_counted = details.pointer("/vertices/0/metrics/read-bytes-complete");
    assert_eq!(is_counted, Some(&json!(true)), "{details}");
    let is_counted = details.pointer("/vertices/1/metrics/read-bytes-complete");
    assert_eq!(is_counted, Some(&json!(false)), "{details}");

    let pids = server.job_processes();
    pids.into_iter().for_each(kill);
    let subtask = format!("/jobs/{job}/vertices/{sink}/subtasks/0");
    server.await_answer(&subtask, |status, subtask| {
        let is_second = status == 200 && subtask.get("attempt") == Some(&json!(1));
        (is_second && subtask.get("status") == Some(&json!("RUNNING"))).then_some(())
    });
    feed(directory.path(), "3.csv", 500);
    await_records(&server, &job, 500);
    let of_job = format!("/jobs/{job}");
    assert_eq!(
        metric(&server, &of_job, "numRestarts").as_deref(),
        Some("1")
    );
    check_times(&server, &job, sink);
    let taken = metric(&server, &subtask, "numRecordsIn");
    assert_ne!(taken.as_deref(), Some("0"));
    assert!(taken.is_some(), "the sink takes records in");
    let watermarks = server.get(&format!("/jobs/{job}/vertices/{sink}/watermarks"));
    let name = watermarks.pointer("/0/id").and_then(Value::as_str);
    assert_eq!(name, Some("0.currentInputWatermark"), "{watermarks}");
    check_scraped(&server, &job);
    let failures = server.get(&format!("/jobs/{job}/exceptions"));
    let of_process = failures.pointer("/exceptionHistory/entries/0/taskManagerId");
    assert_eq!(of_process, Some(&json!(old)), "{failures}");
    check_end(&server, &job, source);
}

/// What is told of a job that has ended stands still, and its process is no other.
fn check_end(server: &Server, job: &str, source: &str) {
    let process = process(server).expect("it runs");
    server.cancel(job);
    for (path, wanted) in [
        ("", 404),
        ("/thread-dump", 404),
        ("/metrics", 404),
        ("/logs", 200),
    ] {
        let path = format!("/taskmanagers/{process}{path}");
        let (status, answer) = server.call("GET", &path, None);
        assert_eq!(status, wanted, "{path}: {answer}");
    }
    let vertex = format!("/jobs/{job}/vertices/{source}");
    for rate in ["0.numRecordsInPerSecond", "0.busyTimeMsPerSecond"] {
        assert_eq!(
            metric(server, &vertex, rate).as_deref(),
            Some("0.0"),
            "{rate}"
        );
    }
    let (status, application) = server.call("GET", &format!("/applications/{job}"), None);
    assert_eq!(status, 200, "{application}");
    assert_eq!(application.get("status"), Some(&json!("CANCELED")));
}
