//! Several clients that ask for the same thing with the same trigger id at the same moment ask for one operation, and each is
//! answered as if it were alone.

#![allow(clippy::disallowed_methods, reason = "a test has threads")]

use std::sync::Barrier;

use crate::common::rest::try_call;
use crate::common::server::Server;
use serde_json::{Value, json};

const CLIENTS: usize = 8;

/// The statuses that the clients are answered.
fn ask(server: &Server, path: &str, body: &Value) -> Vec<u16> {
    let (port, start) = (server.port(), Barrier::new(CLIENTS));
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    try_call(port, "POST", path, body)
                })
            })
            .collect();
        let answers = asking.into_iter().map(|asking| asking.join());
        let answers = answers.map(|answer| answer.expect("no panic").expect("an answer"));
        answers.map(|(status, _)| status).collect()
    })
}

fn end_of(server: &Server, id: &str) -> Value {
    server.await_answer(&format!("/operations/{id}"), |status, operation| {
        assert_eq!(status, 200, "{operation}");
        let status = operation.get("status")?.as_str()?;
        assert_ne!(status, "FAILED", "{operation}");
        (status == "COMPLETED").then(|| operation.clone())
    })
}

#[test]
fn savepoints_and_disposals() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let server = Server::started(directory, &[]);
    let job = server.submit_running(&json!({}));
    let savepoints = directory.join("savepoints");
    for round in 0..10 {
        let id = format!("{round:032x}");
        let target = savepoints.display().to_string();
        let body = json!({"target-directory": target, "triggerId": id});
        let statuses = ask(&server, &format!("/jobs/{job}/savepoints"), &body);
        assert_eq!(statuses, [202; CLIENTS]);
        let path = end_of(&server, &id);
        let path = path.get("path").and_then(Value::as_str).expect("a path");

        let id = format!("{:032x}", 1_000 + round);
        let body = json!({"savepoint-path": path, "triggerId": id});
        let statuses = ask(&server, "/savepoint-disposal", &body);
        assert_eq!(statuses, [200; CLIENTS]);
        end_of(&server, &id);
        let left = std::fs::read_dir(&savepoints).expect("it is there").count();
        assert_eq!(left, 0, "one savepoint was taken, and is deleted");
    }
}
