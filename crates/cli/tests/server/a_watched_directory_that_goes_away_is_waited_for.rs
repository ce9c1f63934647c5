//! A watched directory that goes away while its job runs is waited for: the job says so over REST, is not restarted for that, and
//! reads on once the directory is back.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::server::Server;
use serde_json::{Value, json};

fn output(directory: &Path) -> usize {
    common::lines(&directory.join("out")).len()
}

#[test]
fn and_its_job_is_not_restarted() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    let (input, aside) = (path.join("in"), path.join("aside"));
    let server = Server::started(path, &[]);
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        // Waiting uses none of them up.
        "restart-strategy.type": "none",
    });
    let job = server.submit_running(&options);
    let details = format!("/jobs/{job}");
    server.await_that("output", || output(path) == 1);
    let process = server.job_process();

    fs::rename(&input, &aside).expect("moved away");
    let told = format!("{} can't be looked at", input.display());
    server.await_answer(&details, |_, body| {
        let why = body.get("held-up")?.as_str()?;
        why.contains(&told).then_some(())
    });
    fs::rename(&aside, &input).expect("moved back");
    common::put(path, "in/2.csv", "id,name\n2,Bob\n");
    server.await_that("all output", || output(path) == 2);
    server.await_answer(&details, |_, body| {
        body.get("held-up").is_none_or(Value::is_null).then_some(())
    });

    assert_eq!(server.job_process(), process);
    let restarts = server.get(&format!("{details}/metrics?get=numRestarts"));
    assert_eq!(restarts[0]["value"], "0", "{restarts}");
    server.end();
}
