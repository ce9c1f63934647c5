//! The parameters of the ingestion job in the environment are those of whoever submits it, not of whoever started the server.

use crate::common::processes::processes_of;
use crate::common::server::{Server, endless};
use serde_json::json;

#[test]
fn neither_when_they_run_nor_when_they_are_planned() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::new(directory);
    server.environment = [
        ("MILLSTREAM_INGEST_JOB_NAME", "of-the-server"),
        (
            "MILLSTREAM_INGEST_SOURCE_DB_PASSWORD",
            "secret-of-the-server",
        ),
        ("OTHER", "kept"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    server.start();
    let job = server.submit_running(&json!({}));
    let details = server.get(&format!("/jobs/{job}"));
    assert_eq!(details.get("name"), Some(&json!("endless")));
    let processes = processes_of(&server.data);
    let [process] = processes.as_slice() else {
        unreachable!("one process: {processes:?}")
    };
    let environment = std::fs::read(format!("/proc/{process}/environ")).expect("it runs");
    let environment = String::from_utf8_lossy(&environment);
    assert!(!environment.contains("MILLSTREAM_INGEST_"), "{environment}");
    assert!(environment.contains("OTHER=kept"), "{environment}");
    let body = json!({"entryClass": "ingest", "programArgsList": endless(directory)});
    let (status, plan) = server.call("POST", "/jars/ingest/plan", Some(&body));
    assert_eq!(status, 200, "{plan}");
    assert_eq!(plan.pointer("/plan/name"), Some(&json!("endless")));
}
