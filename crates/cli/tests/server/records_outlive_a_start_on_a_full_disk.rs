//! A server is killed, and the next one starts while the disk has no room for what SQLite keeps beside the records: it ends and says so,
//! and the one behind it knows every job.

use crate::common::server::Server;
use crate::common::{running, shim};
use serde_json::json;

#[test]
fn and_every_job_is_known_afterwards() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let library = shim::build(shim::NO_SHARED_MEMORY, path);
    let mut server = Server::started(path, &[]);
    let job = server.submit_running(&json!({}));
    let said = running::run(server.command(&["cancel", &job]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    server.await_status(&job, "CANCELED");
    server.kill();

    let mut refused = server.program();
    refused.env("LD_PRELOAD", &library);
    let said = running::run(refused);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("MS-1013"), "{}", said.err);

    server.start();
    server.await_status(&job, "CANCELED");
    server.end();
}
