//! A job that is stopped on behalf of a cancel with savepoint ends as CANCELED, also where the server, or both, die between
//! the end of the operation and that of the job.

use std::fs;

use crate::common::processes::{kill, processes_of};
use crate::common::server::Server;
use serde_json::{Value, json};

#[test]
fn the_next_server_knows_why_the_job_was_stopped() {
    for process_dies in [false, true] {
        let directory = tempfile::tempdir().expect("a directory");
        let directory = directory.path();
        let mut server = Server::started(directory, &[]);
        let job = server.submit_running(&json!({}));
        // The job can't tell its end for a while.
        let hold = server.data.join(format!("jobs/{job}/.outcome.json.tmp"));
        fs::create_dir(&hold).expect("made");
        let body = json!({
            "cancel-job": true,
            "target-directory": directory.join("savepoints").display().to_string(),
        });
        let path = format!("/jobs/{job}/savepoints");
        let (status, answer) = server.call("POST", &path, Some(&body));
        assert_eq!(status, 202, "{answer}");
        let id = answer.get("request-id").and_then(Value::as_str);
        let path = format!("/operations/{}", id.expect("an id"));
        server.await_answer(&path, |_, operation| {
            let status = operation.get("status")?.as_str()?;
            assert_ne!(status, "FAILED", "{operation}");
            (status == "COMPLETED").then_some(())
        });
        server.kill();
        if process_dies {
            processes_of(&server.data).into_iter().for_each(kill);
        }
        fs::remove_dir(&hold).expect("removed");
        server.start();
        server.await_answer(&format!("/jobs/{job}/status"), |_, body| {
            let status = body.get("status")?.as_str()?;
            assert_ne!(status, "FINISHED", "process dies: {process_dies}");
            (status == "CANCELED").then_some(())
        });
    }
}
