//! The plan of a job that is not submitted is the one that it has once it runs.

use crate::common::server::{Server, endless};
use serde_json::{Value, json};

/// What of a plan does not depend on the job's id.
fn nodes(answer: &Value) -> &Vec<Value> {
    let nodes = answer.pointer("/plan/nodes").and_then(Value::as_array);
    nodes.expect("a plan")
}

#[test]
fn before_it_runs_and_while_it_does() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let body = json!({
        "entryClass": "ingest",
        "programArgsList": endless(directory.path()),
        "parallelism": 2,
    });
    let (status, planned) = server.call("POST", "/jars/ingest/plan", Some(&body));
    assert_eq!(status, 200, "{planned}");
    assert_eq!(planned.pointer("/plan/name"), Some(&json!("endless")));
    assert_eq!(planned.pointer("/plan/type"), Some(&json!("STREAMING")));
    assert!(!nodes(&planned).is_empty(), "{planned}");
    let source = nodes(&planned).last().expect("a source");
    let description = source.get("description").and_then(Value::as_str);
    assert!(
        description.is_some_and(|text| text.starts_with("Source: ")),
        "{source}"
    );
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&body));
    assert_eq!(status, 200, "{answer}");
    let job = answer.get("jobid").and_then(Value::as_str).expect("an id");
    let running = server.get(&format!("/jobs/{job}/plan"));
    assert_eq!(nodes(&planned), nodes(&running));
}
