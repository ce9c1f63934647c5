//! A job whose process could not start it, because its input is away, waits for its next try: what it would go back to is neither
//! disposed of nor given to another job meanwhile.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;
use crate::common::{CSV_TO_FILES, ONCE};
use serde_json::json;

/// A server with a job whose input is at `later`, where nobody looks for it; its process could not start it, and the next one is
/// started in an hour.
fn with_job_that_waits(path: &Path) -> (Server, String) {
    let mut server = Server::started(path, &[]);
    let job = server.submit_running(&json!({
        "execution.checkpointing.interval": "20 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "10",
        "restart-strategy.fixed-delay.delay": "1 h",
    }));
    server.await_answer(&format!("/jobs/{job}/checkpoints"), |_, body| {
        (body.pointer("/counts/completed")?.as_u64()? > 0).then_some(())
    });
    // The next server starts a process at once.
    server.kill();
    kill_and_await(&processes_of(&server.data));
    fs::rename(path.join("in"), path.join("later")).expect("moved away");
    server.start();
    let outcome = server.data.join("jobs").join(&job).join("outcome.json");
    server.await_that("a start in vain", || {
        fs::read_to_string(&outcome).is_ok_and(|outcome| outcome.contains("MS-6009"))
    });
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let next = body.get("next-attempt")?;
        (body.get("state")? == "RESTARTING" && next.is_object()).then_some(())
    });
    (server, job)
}

fn checkpoint(server: &Server, job: &str) -> PathBuf {
    let lying = fs::read_dir(server.data.join("checkpoints").join(job)).expect("a directory");
    let mut lying = lying.flatten().map(|entry| entry.path());
    let checkpoint = lying.find(|path| path.join("_metadata").exists());
    checkpoint.expect("a checkpoint")
}

#[test]
fn until_it_has_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let (server, job) = with_job_that_waits(directory.path());
    let checkpoint = checkpoint(&server, &job);
    let written = checkpoint.to_str().expect("text");

    let said = server.run(&["savepoint", "-d", written]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.error().starts_with("MS-2004: "), "{}", said.err);
    let options = ["run", "-d", "-s", written, "--claimMode", "CLAIM", "ingest"];
    let parameters = [
        "--job.name=other",
        "--source.path=later",
        "--sink.path=copy",
    ];
    let said = server.run(&[&options[..], &parameters, &CSV_TO_FILES[..3], &[ONCE]].concat());
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let error = said.error();
    for part in ["MS-3011: ", job.as_str(), "NO_CLAIM"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(checkpoint.join("_metadata").exists());

    server.cancel(&job);
    // Whoever writes it holds the checkpoints meanwhile.
    let note = checkpoint.with_file_name("_owner");
    server.await_that("the note of its end", || {
        fs::read_to_string(&note).is_ok_and(|note| note.contains("\"ended\""))
    });
    let said = server.run(&["savepoint", "-d", written]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(!checkpoint.exists());
    server.end();
}
