//! Requests that come at the same time, twice, too late, or that can't come true: each of them ends, and says what became of it.

#![allow(clippy::disallowed_methods, reason = "a test has threads")]

use std::fs;

use crate::common::rest::try_call;
use crate::common::server::Server;
use serde_json::{Value, json};

struct Play {
    directory: tempfile::TempDir,
    server: Server,
}

impl Play {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut server = Server::new(directory.path());
        // Without a directory for savepoints.
        server.options.clear();
        server.start();
        Self { directory, server }
    }

    fn place(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// A job that runs, with a default directory for savepoints.
    fn job(&self) -> String {
        let options = json!({"execution.checkpointing.savepoint-dir": self.place("savepoints")});
        self.server.submit_running(&options)
    }

    /// Asks; answers the status and the id of the operation.
    fn ask(&self, path: &str, body: &Value) -> (u16, Value) {
        self.server.call("POST", path, Some(body))
    }

    /// How an operation has ended: COMPLETED or FAILED, and why.
    fn end(&self, trigger: &str) -> (String, String) {
        let path = format!("/operations/{trigger}");
        self.server.await_answer(&path, |_, body| {
            let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
            let status = text("status").to_owned();
            (status != "IN_PROGRESS" && !status.is_empty())
                .then(|| (status, format!("{} {}", text("code"), text("message"))))
        })
    }

    /// Asks for all of these at the same time.
    fn at_once(&self, requests: &[(&'static str, String, Value)]) {
        let port = self.server.port();
        std::thread::scope(|scope| {
            for (method, path, body) in requests {
                scope.spawn(move || {
                    let (status, answer) = try_call(port, method, path, body).expect("an answer");
                    assert!(matches!(status, 202 | 409), "{path}: {status} {answer}");
                });
            }
        });
    }
}

fn id(number: u32) -> String {
    format!("{number:032x}")
}

#[test]
fn a_trigger_id_is_one_operation_however_often_it_is_asked_for() {
    let play = Play::new();
    let job = play.job();
    let path = format!("/jobs/{job}/savepoints");
    let body = json!({"triggerId": id(1)});
    for _ in 0..3 {
        let (status, answer) = play.ask(&path, &body);
        assert_eq!(status, 202, "{answer}");
        assert_eq!(answer.get("request-id"), Some(&json!(id(1))));
    }
    assert_eq!(play.end(&id(1)).0, "COMPLETED");
    let written = fs::read_dir(play.place("savepoints"))
        .expect("there")
        .count();
    assert_eq!(written, 1);
    let (status, answer) = play.ask(&format!("/jobs/{job}/stop"), &body);
    assert_eq!(status, 409, "the id is a savepoint's: {answer}");
}

#[test]
fn of_two_stops_at_once_one_stops_the_job() {
    let play = Play::new();
    let job = play.job();
    let stop = |number| {
        (
            "POST",
            format!("/jobs/{job}/stop"),
            json!({"triggerId": id(number)}),
        )
    };
    play.at_once(&[stop(1), stop(2)]);
    play.server.await_status(&job, "FINISHED");
    let ends: Vec<_> = [1, 2]
        .into_iter()
        .filter(|number| {
            play.server
                .call("GET", &format!("/operations/{}", id(*number)), None)
                .0
                == 200
        })
        .map(|number| play.end(&id(number)))
        .collect();
    let completed = ends
        .iter()
        .filter(|(status, _)| status == "COMPLETED")
        .count();
    assert_eq!(completed, 1, "{ends:?}");
    let refused = ends.iter().filter(|(status, _)| status == "FAILED");
    for (_, why) in refused {
        assert!(why.contains("MS-2004") || why.contains("MS-2002"), "{why}");
    }
}

#[test]
fn a_stop_waits_for_the_savepoint_that_runs() {
    let play = Play::new();
    let job = play.job();
    let (status, answer) = play.ask(
        &format!("/jobs/{job}/savepoints"),
        &json!({"triggerId": id(1)}),
    );
    assert_eq!(status, 202, "{answer}");
    let (status, answer) = play.ask(&format!("/jobs/{job}/stop"), &json!({"triggerId": id(2)}));
    assert_eq!(status, 202, "{answer}");
    assert_eq!(play.end(&id(1)).0, "COMPLETED");
    assert_eq!(play.end(&id(2)).0, "COMPLETED");
    play.server.await_status(&job, "FINISHED");
}

#[test]
fn a_cancel_while_the_job_stops_ends_both() {
    let play = Play::new();
    for _ in 0..5 {
        let job = play.job();
        let trigger = job.clone();
        play.at_once(&[
            (
                "POST",
                format!("/jobs/{job}/stop"),
                json!({"triggerId": trigger}),
            ),
            ("PATCH", format!("/jobs/{job}?mode=cancel"), Value::Null),
        ]);
        let status = play
            .server
            .await_answer(&format!("/jobs/{job}/status"), |_, body| {
                let status = body.get("status")?.as_str()?.to_owned();
                matches!(status.as_str(), "FINISHED" | "CANCELED").then_some(status)
            });
        let (code, _) = play
            .server
            .call("GET", &format!("/operations/{trigger}"), None);
        if code == 404 {
            assert_eq!(status, "CANCELED", "the stop came too late");
            continue;
        }
        let (end, why) = play.end(&trigger);
        assert_eq!(
            end == "COMPLETED",
            status == "FINISHED",
            "{status}: {end} {why}"
        );
    }
}

#[test]
fn an_ended_job_takes_no_savepoint() {
    let play = Play::new();
    let job = play.job();
    let (status, _) = play
        .server
        .call("PATCH", &format!("/jobs/{job}?mode=cancel"), None);
    assert_eq!(status, 202);
    play.server.await_status(&job, "CANCELED");
    for verb in ["savepoints", "stop", "checkpoints"] {
        let (status, answer) = play.ask(&format!("/jobs/{job}/{verb}"), &json!({}));
        assert_eq!(status, 409, "{verb}: {answer}");
        assert!(answer.to_string().contains("MS-2004"), "{answer}");
    }
}

#[test]
fn a_stop_that_fails_leaves_the_job_running_and_says_why() {
    let play = Play::new();
    let job = play.job();
    let file = play.place("a-file");
    fs::write(&file, "in the way").expect("written");
    let body = json!({"triggerId": id(1), "targetDirectory": format!("{file}/below")});
    let (status, answer) = play.ask(&format!("/jobs/{job}/stop"), &body);
    assert_eq!(status, 202, "{answer}");
    let (end, why) = play.end(&id(1));
    assert_eq!(end, "FAILED");
    assert!(why.contains("MS-2002") && why.contains("a-file"), "{why}");
    play.server.await_status(&job, "RUNNING");
    let (status, answer) = play.ask(&format!("/jobs/{job}/stop"), &json!({"triggerId": id(2)}));
    assert_eq!(status, 202, "{answer}");
    assert_eq!(play.end(&id(2)).0, "COMPLETED", "it can still be stopped");
}

#[test]
fn a_savepoint_without_any_directory_is_refused() {
    let play = Play::new();
    let job = play.server.submit_running(&json!({}));
    let (status, answer) = play.ask(&format!("/jobs/{job}/savepoints"), &json!({}));
    assert_eq!(status, 400, "{answer}");
    assert!(
        answer
            .to_string()
            .contains("execution.checkpointing.savepoint-dir"),
        "{answer}"
    );
    // Of one that has ended no directory would be of use.
    play.ask(
        &format!("/jobs/{job}/savepoints"),
        &json!({"target-directory": play.place("sp"), "cancel-job": true}),
    );
    play.server.await_status(&job, "CANCELED");
    for path in ["savepoints", "stop"] {
        let (status, answer) = play.ask(&format!("/jobs/{job}/{path}"), &json!({}));
        assert_eq!(status, 409, "{answer}");
        assert!(
            answer.to_string().contains("is CANCELED already"),
            "{answer}"
        );
    }
}
