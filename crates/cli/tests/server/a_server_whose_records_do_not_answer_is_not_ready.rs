//! A server whose records do not answer is alive and not ready, as `/healthz` and `/readyz` say; it is ready again once they do.

use std::fs;

use crate::common::running::Running;
use crate::common::server::Server;
use crate::common::{put, shim};
use serde_json::json;

#[test]
fn until_they_do() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    let (library, waits) = (shim::build(shim::RECORDS, path), path.join("waits"));
    let mut server = Server::new(path);
    for (name, file) in [("LD_PRELOAD", &library), ("RECORDS_WAIT_WHILE", &waits)] {
        let file = file.display().to_string();
        server.environment.push((name.to_owned(), file));
    }
    server.start();
    let job = server.submit_running(&json!({}));
    assert_eq!(server.get("/readyz")["status"], "ok");

    put(path, "waits", "");
    // That it was asked for is on disk before it is answered.
    let asks = Running::start(server.command(&["savepoint", &job]));
    let told = server.await_answer("/readyz", |status, body| {
        (status == 503).then(|| body.to_string())
    });
    assert!(told.contains("do not answer"), "{told}");
    assert_eq!(server.get("/healthz")["status"], "ok");

    fs::remove_file(&waits).expect("removed");
    let said = asks.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(server.get("/readyz")["status"], "ok");
    server.end();
}
