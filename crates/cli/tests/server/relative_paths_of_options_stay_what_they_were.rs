//! A relative path among the options of a job means one place for as long as the job goes on: among those of the server it is one of
//! the directory in which that was started, also where the next one is started elsewhere; behind `-D` of a command it is one of the
//! command's directory, wherever the server is.

use std::fs;
use std::path::Path;

use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::{Server, first_file};
use crate::common::{lines, put};

/// Has the server start in `elsewhere` from now on.
fn move_to_elsewhere(server: &mut Server) {
    server.script = Some("cd elsewhere && exec \"$@\"".to_owned());
}

#[track_caller]
fn is_empty(directory: &Path) {
    let entries = fs::read_dir(directory).expect("listed").flatten();
    let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    assert!(names.is_empty(), "{names:?}");
}

/// Stops a job, and answers where its savepoint is.
#[track_caller]
fn stop(server: &Server, job: &str) -> String {
    let out = server.succeed(&["stop", job]);
    let path = out.split("Path: file:").nth(1).expect(&out);
    path.trim().to_owned()
}

#[test]
fn those_of_a_server_whose_next_one_is_started_elsewhere() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().canonicalize().expect("it is there");
    let (out, elsewhere) = (path.join("out"), path.join("elsewhere"));
    first_file(&path);
    fs::create_dir(&elsewhere).expect("it is made");
    let mut server = Server::new(&path);
    let option = "-Dexecution.checkpointing.dir=checkpoints";
    server.options.push(option.to_owned());
    server.start();
    let job = server.submit("orders", &[]);
    server.await_that("output", || lines(&out).len() == 1);
    server.kill();
    kill_and_await(&processes_of(&server.data));

    put(&path, "in/2.csv", "id,name\n2,Bob\n");
    move_to_elsewhere(&mut server);
    server.start();
    server.await_that("what came meanwhile", || lines(&out).len() == 2);
    let savepoint = stop(&server, &job);
    assert!(
        Path::new(&savepoint).starts_with(path.join("savepoints")),
        "{savepoint}"
    );
    is_empty(&elsewhere);
    server.end();
}

#[test]
fn those_of_a_command_are_its_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().canonicalize().expect("it is there");
    let (out, elsewhere) = (path.join("out"), path.join("elsewhere"));
    first_file(&path);
    fs::create_dir(&elsewhere).expect("it is made");
    let mut server = Server::new(&path);
    move_to_elsewhere(&mut server);
    server.start();
    let checkpoints = "-Dexecution.checkpointing.dir=cp";
    let savepoints = "-Dstate.savepoints.dir=file:sp";
    let job = server.submit("orders", &[checkpoints, savepoints]);
    server.await_that("output", || lines(&out).len() == 1);
    assert!(path.join("cp").join(&job).is_dir());
    let savepoint = stop(&server, &job);
    assert!(
        Path::new(&savepoint).starts_with(path.join("sp")),
        "{savepoint}"
    );

    put(&path, "in/2.csv", "id,name\n2,Bob\n");
    let other = "-Dexecution.checkpointing.dir=other";
    let from = format!("file:{savepoint}");
    let said = server.succeed(&["restart", "--from", &from, other, &job]);
    let again = said.trim().rsplit(' ').next().expect("an id");
    server.await_that("the second file", || lines(&out).len() == 2);
    assert!(path.join("other").join(again).is_dir());
    is_empty(&elsewhere);
    server.end();
}
