//! For everything that changes something there is a line in the log that names what it was about (the new package, the snapshot that is
//! deleted, the operation), and for each operation one more when it has ended, which says how.

use std::fs;

use crate::common::server::Server;
use serde_json::json;

#[test]
fn packages_snapshots_and_the_ends_of_operations() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let program = env!("CARGO_BIN_EXE_millstream");
    let package = server.upload("words", &format!("#!/bin/sh\nexec {program} \"$@\"\n"));
    let job = server.submit_running(&json!({}));
    let ask = |path: &str, body| {
        let answer = server.post(path, &body);
        let id = answer["request-id"].as_str().expect("an operation");
        id.to_owned()
    };
    let place = |said: &str| {
        let path = said.split_once("savepoint-").expect(said).1;
        let end = path.find(char::is_whitespace).unwrap_or(path.len());
        path.get(..end)
            .expect("a name")
            .trim_end_matches('.')
            .to_owned()
    };
    let kept = place(&server.succeed(&["savepoint", &job]));
    let at = fs::canonicalize(
        directory
            .path()
            .join(format!("savepoints/savepoint-{kept}")),
    );
    let at = at.expect("a savepoint").display().to_string();
    let away = ask(
        "/savepoint-disposal",
        json!({ "savepoint-path": "/nowhere/sp" }),
    );
    let deleted = ask("/savepoint-disposal", json!({ "savepoint-path": at }));
    let taken = ask(&format!("/jobs/{job}/checkpoints"), json!({}));
    let stop = json!({ "targetDirectory": directory.path().join("last").display().to_string() });
    let stopped = ask(&format!("/jobs/{job}/stop"), stop);
    server.await_status(&job, "FINISHED");
    let other = server.submit_running(&json!({}));
    server.cancel(&other);
    for parts in [
        vec!["POST /jars/upload: 200, package ", &package],
        vec![" has ended: completed, snapshot ", &at, &job],
        vec![
            "POST /savepoint-disposal: 200, ",
            &away,
            "snapshot /nowhere/sp.",
        ],
        vec![
            "Operation ",
            &away,
            "disposal of snapshot /nowhere/sp, has ended: failed, MS-3001: ",
        ],
        vec!["POST /savepoint-disposal: 200, ", &deleted, &at],
        vec!["Operation ", &deleted, &at, "has ended: deleted."],
        vec!["/checkpoints: 202, operation ", &taken],
        vec![
            "Operation ",
            &taken,
            "checkpoint of job ",
            &job,
            "has ended: completed, ",
        ],
        vec!["/stop: 202, operation ", &stopped],
        vec![
            "Operation ",
            &stopped,
            "stop of job ",
            &job,
            "has ended: stopped, snapshot ",
            "/last/",
        ],
        vec![
            "Operation ",
            "cancel of job ",
            &other,
            "has ended: cancelled.",
        ],
    ] {
        server.await_that(&format!("a line with {parts:?}"), || {
            let log = fs::read_to_string(server.data.join("server.log"));
            log.is_ok_and(|log| {
                let mut audit = log.lines().filter(|line| line.contains(" audit "));
                audit.any(|line| parts.iter().all(|part| line.contains(part)))
            })
        });
    }
    server.end();
}
