//! A savepoint is told to be complete once the output that it covers is committed and that is noted beside it. As long as that
//! takes it is in progress, and the job says what it waits for.

use std::fs;

use crate::common::server::Server;
use crate::common::shim;
use serde_json::{Value, json};

#[test]
fn a_savepoint_whose_sink_is_away_is_in_progress() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(shim::METADATA, path);
    let waits = path.join("waits");
    let mut server = Server::new(path);
    let variables = [
        ("LD_PRELOAD", library.display().to_string()),
        ("METADATA_WAITS_WHILE", waits.display().to_string()),
    ];
    server.environment = variables
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    server.start();
    let job = server.submit_running(&json!({"execution.checkpointing.interval": "10 min"}));
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let metrics = body.pointer("/vertices/0/metrics/read-records")?;
        (metrics.as_u64()? > 0).then_some(())
    });
    fs::write(&waits, "").expect("written");
    let body = json!({"target-directory": path.join("savepoints")});
    server.post(&format!("/jobs/{job}/savepoints"), &body);
    let (out, away) = (path.join("out"), path.join("away"));
    // Before that a sink may still be making durable what it has prepared, and would wait for its directory.
    let checkpoints = server.data.join(format!("checkpoints/{job}"));
    server.await_that("a snapshot that holds what is prepared", || {
        let places = [path.join("savepoints"), checkpoints.clone()];
        let snapshots = places.into_iter().flat_map(fs::read_dir);
        let mut snapshots = snapshots.flatten().flatten();
        snapshots.any(|snapshot| snapshot.path().join("_metadata.inprogress").exists())
    });
    fs::rename(&out, &away).expect("renamed");
    fs::remove_file(&waits).expect("removed");
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let why = body.get("held-up")?.as_str()?;
        why.contains("can't be committed yet").then_some(())
    });
    let operations = format!("/jobs/{job}/operations");
    let savepoint = server.get(&operations);
    let status = savepoint.pointer("/operations/0/status");
    assert_eq!(status, Some(&json!("IN_PROGRESS")), "{savepoint}");
    let written = fs::read_dir(path.join("savepoints")).expect("listed");
    let written = written.map(|entry| entry.expect("an entry").path());
    let written: Vec<_> = written.collect();
    let [written] = &written[..] else {
        unreachable!("one savepoint: {written:?}");
    };
    assert!(written.join("_metadata").exists());
    assert!(!written.join("_committed").exists());

    fs::rename(&away, &out).expect("renamed");
    let told = server.await_answer(&operations, |_, body| {
        let operation = body.pointer("/operations/0")?;
        let has_ended = operation.get("status")? != "IN_PROGRESS";
        has_ended.then(|| operation.clone())
    });
    assert_eq!(told["status"], json!("COMPLETED"), "{told}");
    assert!(written.join("_committed").exists());
    let path = told["path"]
        .as_str()
        .and_then(|path| path.strip_prefix("file:"));
    assert_eq!(path, written.to_str(), "{told}");
    let held_up = server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let held_up = body
            .get("held-up")
            .and_then(Value::as_str)
            .unwrap_or_default();
        (!held_up.contains("committed")).then(|| held_up.to_owned())
    });
    assert_eq!(held_up, "", "nothing holds it up any more");
    server.end();
}
