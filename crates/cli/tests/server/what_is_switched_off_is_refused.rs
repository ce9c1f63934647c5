//! `web.submit.enable` and `web.cancel.enable`: what they switch off is refused with 403, over REST and by the command; a job can
//! still be stopped.

use crate::common::rest;
use crate::common::server::{Server, first_file};

#[test]
fn jobs_can_be_watched_and_stopped_only() {
    let directory = tempfile::tempdir().expect("a directory");
    first_file(directory.path());
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    let ended = server.submit("ended", &[]);
    server.succeed(&["stop", &ended]);
    server.suspend();

    let off = ["-Dweb.submit.enable=false", "-Dweb.cancel.enable=false"];
    server.options.extend(off.map(str::to_owned));
    server.start();
    server.await_status(&job, "RUNNING");
    let cancelling = format!("{{\"cancel-job\":true,\"target-directory\":\"{job}\"}}");
    for (method, path, body) in [
        ("POST", "/jars/ingest/run".to_owned(), "{}"),
        ("POST", "/jars/ingest/run-application".to_owned(), "{}"),
        ("POST", "/jars/ingest/plan".to_owned(), "{}"),
        ("GET", "/jars/ingest/plan".to_owned(), ""),
        ("DELETE", "/jars/ingest".to_owned(), ""),
        ("POST", format!("/jobs/{ended}/restart"), "{}"),
        // What is sent goes through the program of the job.
        ("POST", format!("/jobs/{job}/dead-letters/replay"), "{}"),
        ("POST", format!("/applications/{job}/cancel"), ""),
        ("PATCH", format!("/jobs/{job}?mode=cancel"), ""),
        ("GET", format!("/jobs/{job}/yarn-cancel"), ""),
        ("POST", format!("/jobs/{job}/savepoints"), &cancelling),
    ] {
        let (status, answer) = rest::send(server.port(), method, &path, &[], body.as_bytes());
        // Paths of Flink that we do not have must not be a way around.
        let is_there = !path.ends_with("yarn-cancel");
        let expected = if is_there { 403 } else { 404 };
        assert_eq!(status, expected, "{method} {path}: {answer}");
        assert!(!is_there || answer.contains("MS-1016"), "{answer}");
    }
    let (status, answer) = rest::upload(server.port(), "package", b"#!/bin/false\n");
    assert_eq!(status, 403, "{answer}");

    let said = server.run(&[
        "run",
        "-d",
        "ingest",
        "--source.type=csv",
        "--source.path=in",
        "--sink.type=print",
    ]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("MS-1016: web.submit.enable is false"),
        "{}",
        said.err
    );
    let said = server.run(&["cancel", &job]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.starts_with("MS-1016: ") && said.err.contains("web.cancel.enable is false"),
        "{}",
        said.err
    );
    assert_eq!(server.status(&job), "RUNNING");
    server.succeed(&["stop", &job]);
    server.end();
}
