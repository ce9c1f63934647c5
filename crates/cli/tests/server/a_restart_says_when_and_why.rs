//! A job that waits for its next attempt says when that begins and why: in its log, in `list`, and over REST. So does one whose
//! process is gone.

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::processes::{kill, processes_of};
use crate::common::put;
use crate::common::server::Server;
use serde_json::{Value, json};

fn options() -> Value {
    json!({
        "execution.checkpointing.interval": "50 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "3",
        "restart-strategy.fixed-delay.delay": "10 min",
    })
}

/// Why the next attempt is made, once it is told that and when.
fn why(server: &Server, job: &str) -> String {
    server.await_status(job, "RESTARTING");
    let (at, why) = server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let next = body.get("next-attempt")?;
        Some((
            next.get("at")?.as_u64()?,
            next.get("why")?.as_str()?.to_owned(),
        ))
    });
    let now = server.get(&format!("/jobs/{job}"));
    let left = at.saturating_sub(now.pointer("/now").and_then(Value::as_u64).expect("a time"));
    assert!((1..=600_000).contains(&left), "{left} ms");
    let listed = server.succeed(&["list"]);
    let line = format!("({why})");
    assert!(
        listed.contains("    starts again at ") && listed.contains(&line),
        "{listed}"
    );
    why
}

#[test]
fn of_a_job_whose_sink_has_failed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let job = server.submit_running(&options());
    server.await_that("output", || path.join("out").exists());
    fs::rename(path.join("out"), path.join("away")).expect("renamed");
    // A directory that is away would be waited for, and a file in its place would end the job.
    symlink("out", path.join("out")).expect("linked");
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let why = why(&server, &job);
    assert!(
        why.starts_with("attempt 2, restart 1 of 3: can't "),
        "{why}"
    );
    let log = server.log();
    let line = format!("is restarted in 10 min ({why}).");
    assert!(log.contains(&line), "{line}\n{log}");
    server.end();
}

#[test]
fn of_a_job_whose_process_was_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&options());
    processes_of(&server.data).into_iter().for_each(kill);
    let why = why(&server, &job);
    assert!(why.contains("was killed by signal 9"), "{why}");
    let log = server.log();
    assert!(log.contains("; it is started again in 10 min."), "{log}");
    server.end();
}
