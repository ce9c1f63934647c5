//! Names in paths reach no other file: neither out of a directory nor at its secrets.

use std::fs;

use crate::common::rest;
use crate::common::server::{Server, first_file};

#[test]
fn names_lead_nowhere_else() {
    let directory = tempfile::tempdir().expect("a directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let processes = server.get("/taskmanagers");
    let process = processes["taskmanagers"][0]["id"].as_str().expect("an id");
    let files = [
        "job.json",
        "launch.json",
        "millstream.db",
        "server.json",
        "server.lock",
        "..%2Fserver.log",
        "..%2F..%2Fserver.log",
        "%2e%2e%2f%2e%2e%2fmillstream.db",
        "..%5Cserver.log",
        "%2Fetc%2Fpasswd",
        "..%2F..%2F..%2F..%2F..%2F..%2Fetc%2Fpasswd",
        "../../server.log",
        "job.log%00.json",
        "job.log%2F..%2Fjob.json",
        "%2e%2e",
        ".",
        "%FF",
    ];
    for place in [
        format!("/jobs/{job}/logs"),
        "/jobmanager/logs".to_owned(),
        format!("/taskmanagers/{process}/logs"),
    ] {
        for name in files {
            let path = format!("{place}/{name}");
            let (status, body) = rest::send(server.port(), "GET", &path, &[], b"");
            assert!(matches!(status, 400 | 404), "{path}: {status} {body}");
            assert!(body.contains("\"code\":\"MS-"), "{path}: {body}");
        }
    }
    assert_eq!(server.status(&job), "RUNNING");
    server.end();
}

#[test]
fn packages_lie_nowhere_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let kept = directory.path().join("kept");
    fs::write(&kept, "kept").expect("written");
    let content = format!(
        "#!/bin/sh\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_millstream")
    );
    for name in [
        "../escaped",
        "/tmp/escaped",
        "a/../../escaped",
        "..",
        ".hidden",
        "a\\b",
        &"n".repeat(300),
    ] {
        let (status, answer) = rest::upload(server.port(), name, content.as_bytes());
        assert_eq!(status, 400, "{name}: {answer}");
    }
    let packages = directory.path().join("server/packages");
    assert_eq!(fs::read_dir(&packages).expect("a directory").count(), 0);
    for id in [
        "..%2F..%2Fkept",
        "%2e%2e%2f%2e%2e%2fkept",
        "..",
        "%00",
        "..",
    ] {
        for (method, path) in [
            ("DELETE", format!("/jars/{id}")),
            ("POST", format!("/jars/{id}/run")),
            ("POST", format!("/jars/{id}/plan")),
        ] {
            let (status, answer) = rest::send(server.port(), method, &path, &[], b"{}");
            assert!(
                (400..500).contains(&status),
                "{method} {path}: {status} {answer}"
            );
        }
    }
    assert!(kept.exists());
    server.end();
}
