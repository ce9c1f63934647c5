//! `client.timeout`: a command does not wait longer for an operation. The operation goes on, and can be followed.

use crate::common::processes::signal;
use crate::common::server::{Server, first_file};

#[test]
fn the_operation_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    // A process that stands still writes no savepoint.
    let process = server.job_process();
    signal("STOP", process);
    let said = server.run(&["savepoint", "-Dclient.timeout=200 ms", &job]);
    signal("CONT", process);
    assert_eq!(said.code, Some(1), "{}", said.out);
    let id = said
        .err
        .trim_end()
        .split_once(
            ": the savepoint is not done after 200 ms; follow it with `millstream operations ",
        )
        .and_then(|(_, rest)| rest.split_once("` ("))
        .map(|(id, _)| id)
        .expect(&said.err)
        .to_owned();
    let mut ask = server.command(&["operations", &id]);
    server.await_that("the savepoint", move || {
        let answer = ask.output().expect("an answer");
        String::from_utf8_lossy(&answer.stdout).contains("COMPLETED")
    });
    server.end();
}
