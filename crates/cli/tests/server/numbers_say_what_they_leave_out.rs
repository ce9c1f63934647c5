//! The numbers of a job that was started from a snapshot say so over REST, and of an older one what they leave out: in the job's answer,
//! and as a metric, also behind a kill of its process.

use std::path::Path;

use crate::common::processes::kill;
use crate::common::put;
use crate::common::server::Server;
use serde_json::{Value, json};

/// Starts the job, from a snapshot if there is one, and answers its id.
fn submit(server: &Server, from: Option<&str>) -> String {
    submit_below(server, from, None)
}

/// The same with its checkpoints in a directory of their own.
fn submit_below(server: &Server, from: Option<&str>, checkpoints: Option<&Path>) -> String {
    let mut options = json!({
        "execution.checkpointing.interval": "20 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "10",
        "restart-strategy.fixed-delay.delay": "10 ms",
    });
    let map = options.as_object_mut().expect("an object");
    if let Some(from) = from {
        map.insert("execution.state-recovery.path".to_owned(), from.into());
    }
    if let Some(checkpoints) = checkpoints {
        map.insert("execution.checkpointing.dir".to_owned(), json!(checkpoints));
    }
    server.submit_running(&options)
}

/// The numbers of a job once it has written so many records.
fn numbers(server: &Server, job: &str, written: u64) -> Value {
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let numbers = body.get("numbers")?;
        (numbers.get("written")?.as_u64()? == written).then(|| numbers.clone())
    })
}

fn metric(server: &Server, job: &str) -> String {
    let name = "recordsLeaveOutCommitted";
    let answer = server.get(&format!("/jobs/{job}/metrics?get={name}"));
    let value = answer.pointer("/0/value").and_then(Value::as_str);
    value.expect("a value").to_owned()
}

/// The path that a savepoint was told to be at.
fn path_in(said: &str) -> String {
    let (_, path) = said.split_once("Path: ").expect(said);
    path.lines().next().unwrap_or_default().trim().to_owned()
}

#[test]
fn where_a_job_was_started_from_an_older_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let first = submit(&server, None);
    let counted = numbers(&server, &first, 1);
    assert_eq!(counted.get("goes-on-from"), None, "{counted}");
    let older = path_in(&server.succeed(&["savepoint", &first]));
    put(directory.path(), "in/2.csv", "id,name\n2,Bob\n");
    numbers(&server, &first, 2);
    let last = path_in(&server.succeed(&["stop", &first]));

    let second = submit(&server, Some(&older));
    let says_so = |counted: &Value| {
        assert_eq!(counted.get("goes-on-from"), Some(&json!(older)));
        assert_eq!(counted.get("leaves-out"), Some(&json!(last)));
        assert_eq!(metric(&server, &second), "1");
    };
    says_so(&numbers(&server, &second, 2));
    let process = server.job_process();
    kill(process);
    server.await_that("the next process", || {
        let now = server.job_processes();
        !now.is_empty() && now != [process]
    });
    server.await_status(&second, "RUNNING");
    says_so(&numbers(&server, &second, 2));
    let newest = path_in(&server.succeed(&["stop", &second]));

    let third = submit(&server, Some(&newest));
    let counted = numbers(&server, &third, 2);
    assert_eq!(counted.get("goes-on-from"), Some(&json!(newest)));
    assert_eq!(counted.get("leaves-out"), None, "{counted}");
    assert_eq!(metric(&server, &third), "0");
    server.end();
}

#[test]
fn also_where_the_checkpoints_of_the_two_lie_apart() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let (one, other) = (path.join("one"), path.join("other"));
    let first = submit_below(&server, None, Some(&one));
    numbers(&server, &first, 1);
    let older = path_in(&server.succeed(&["savepoint", &first]));
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    numbers(&server, &first, 2);
    server.cancel(&first);

    let second = submit_below(&server, Some(&older), Some(&other));
    let counted = numbers(&server, &second, 2);
    assert_eq!(counted.get("goes-on-from"), Some(&json!(older)));
    let left_out = counted.get("leaves-out").and_then(Value::as_str);
    assert!(
        left_out.is_some_and(|last| last.contains(&first)),
        "{counted}"
    );
    assert_eq!(metric(&server, &second), "1");
    server.end();
}
