//! A job that has failed tells its reason in the server's log, in its exceptions and in the metrics for as long as it is listed; and
//! every problem of a submission is an entry of its own.

use crate::common;

use std::fs;

use crate::common::server::Server;
use serde_json::{Value, json};

fn sample(page: &str, name: &str, label: &str) -> Option<f64> {
    let line = page.lines().find(|line| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('{') && rest.contains(label))
    })?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn in_the_log_and_in_the_metrics() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    // Others are forgotten at once.
    let server = Server::started(directory, &["-Djobstore.expiration-time=0"]);
    let running = server.submit_running(&json!({"execution.checkpointing.interval": "20 ms"}));
    let failing = server.submit_running(&json!({"restart-strategy.type": "none"}));
    for process in common::processes::naming(&failing) {
        common::processes::kill(process);
    }
    server.await_status(&failing, "FAILED");
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    let told = log.lines().any(|line| {
        line.contains(" ERROR ")
            && line.contains(&failing)
            && line.contains("has FAILED: MS-2011: ")
    });
    assert!(told, "{log}");
    let page = || {
        let (status, page) = common::rest::send(server.port(), "GET", "/metrics", &[], b"");
        assert_eq!(status, 200);
        page
    };
    let jobs = |page: &str, status: &str| {
        sample(
            page,
            "flink_jobmanager_numJobs",
            &format!("status=\"{status}\""),
        )
    };
    let now = page();
    assert_eq!(jobs(&now, "FAILED"), Some(1.0));
    assert_eq!(jobs(&now, "RUNNING"), Some(1.0));
    assert_eq!(jobs(&now, "CANCELED"), Some(0.0));
    let free = sample(&now, "flink_jobmanager_dataDirectoryFreeBytes", "host");
    let total = sample(&now, "flink_jobmanager_dataDirectoryTotalBytes", "host");
    assert!(free.is_some_and(|free| total.is_some_and(|total| 0.0 < free && free <= total)));
    assert_eq!(
        sample(&now, "flink_jobmanager_numRefusedRequests", "host"),
        Some(0.0)
    );
    let foreign = [("origin", "http://evil.example")];
    let (status, _) = common::rest::send(server.port(), "GET", "/jobs", &foreign, b"");
    assert_eq!(status, 403);
    assert_eq!(
        sample(&page(), "flink_jobmanager_numRefusedRequests", "host"),
        Some(1.0)
    );
    server.await_answer("/jobs", |_, _| {
        let since = sample(
            &page(),
            "flink_jobmanager_job_timeSinceLastCompletedCheckpoint",
            &running,
        );
        since.is_some_and(|since| since >= 0.0).then_some(())
    });

    let (status, answer) = server.call("PATCH", &format!("/jobs/{running}"), None);
    assert_eq!(status, 202, "{answer}");
    server.await_answer("/jobs", |_, body| {
        let jobs = body.get("jobs")?.as_array()?;
        (jobs.len() == 1).then_some(())
    });
    server.await_status(&failing, "FAILED");
    let why = server
        .get(&format!("/jobs/{failing}/exceptions"))
        .to_string();
    assert!(why.contains("MS-2011"), "{why}");
}

#[test]
fn every_problem_is_an_entry() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let (status, answer) = server.call(
        "POST",
        "/jars/ingest/plan",
        Some(&json!({"entryClass": "ingest"})),
    );
    assert_eq!(status, 400, "{answer}");
    let errors = answer
        .get("errors")
        .and_then(Value::as_array)
        .expect("errors");
    assert!(errors.len() > 1, "{answer}");
    assert!(
        errors
            .iter()
            .all(|line| line.as_str().is_some_and(|line| line.contains(';'))),
        "{answer}"
    );
}
