//! A server's data directory, with the checkpoints in it, is put back from an older copy: a job that has committed output since is told so
//! by that output, and fails in place of writing it once more.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::processes::{kill, processes_of};
use crate::common::server::Server;
use crate::common::{lines, put};
use serde_json::json;

fn kill_all(server: &mut Server) {
    let processes = processes_of(&server.data);
    server.kill();
    processes.into_iter().for_each(kill);
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.expect("cp").success());
}

#[test]
fn as_the_output_tells() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let out = path.join("out");
    let mut server = Server::started(path, &[]);
    let job = server.submit_running(&json!({ "execution.checkpointing.interval": "20 ms" }));
    server.await_that("output", || lines(&out).len() == 1);
    kill_all(&mut server);
    let (data, before) = (server.data.clone(), path.join("before"));
    copy(&data, &before);
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    server.start();
    server.await_that("more output", || lines(&out).len() == 2);
    kill_all(&mut server);
    fs::remove_dir_all(&data).expect("removed");
    fs::rename(&before, &data).expect("put back");
    server.start();
    server.await_status(&job, "FAILED");
    let exceptions = server.get(&format!("/jobs/{job}/exceptions")).to_string();
    assert!(exceptions.contains("MS-3017"), "{exceptions}");
    assert!(exceptions.contains("part-"), "{exceptions}");
    assert_eq!(lines(&out).len(), 2);
}
