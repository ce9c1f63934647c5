//! A server that can't write its records says so at `/readyz`, with the reason, and takes no jobs until it can: where their file was
//! taken away, what it writes would be lost with it.

use std::fs;
use std::process::Command;

use crate::common::server::Server;
use serde_json::{Value, json};

/// The reason why a server is not ready, once it is not.
fn unready(server: &Server) -> String {
    server.await_answer("/readyz", |status, body| {
        (status == 503).then(|| body.to_string())
    })
}

fn ready(server: &Server) {
    server.await_answer("/readyz", |status, _| (status == 200).then_some(()));
}

#[test]
fn while_their_file_is_away_or_another_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    assert_eq!(server.get("/readyz")["status"], "ok");
    let (file, away) = (server.data.join("millstream.db"), path.join("away"));
    fs::rename(&file, &away).expect("moved");
    for in_its_place in [false, true] {
        if in_its_place {
            fs::write(&file, "").expect("written");
        }
        let why = unready(&server);
        assert!(why.contains("MS-1013"), "{why}");
        assert!(why.contains("was taken away or replaced"), "{why}");
        let (status, answer) = server.run_package("ingest", &json!({}));
        assert_eq!(status, 503, "{answer}");
        let line = answer.pointer("/errors/0").and_then(Value::as_str);
        assert!(
            line.is_some_and(|line| line.starts_with("MS-1013: ")),
            "{answer}"
        );
    }
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    let told = log.lines().filter(|line| line.contains(" ERROR "));
    assert_eq!(told.count(), 1, "{log}");
    fs::rename(&away, &file).expect("moved back");
    ready(&server);
    server.submit_running(&json!({}));
    server.end();
}

#[test]
fn while_every_write_fails() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::new(directory.path());
    // Whatever is too large is an error to it.
    server.script = Some("trap '' XFSZ; exec \"$@\"".to_owned());
    server.start();
    ready(&server);
    let limit = |size: &str| {
        let (limit, pid) = (format!("--fsize={size}"), server.pid().to_string());
        let set = Command::new("prlimit")
            .args([&limit, "--pid", &pid])
            .status();
        assert!(set.expect("prlimit runs").success());
    };
    limit("100:");
    let why = unready(&server);
    assert!(why.contains("MS-1013"), "{why}");
    assert_eq!(server.get("/healthz")["status"], "ok");
    limit("unlimited:");
    ready(&server);
    server.end();
}
