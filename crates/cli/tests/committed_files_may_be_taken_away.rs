//! Files that a job has committed can be moved away at once, before its next checkpoint: a job that dies then goes on, and
//! nothing is missed, lost or written again.

#[path = "common/rest_server.rs"]
mod rest_server;

mod common;

use common::server::{Server, first_file};
use common::{lines, put};
use rest_server::{kill, processes_of};

#[test]
fn before_a_crash() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let (out, taken) = (directory.join("out"), directory.join("taken"));
    first_file(directory);
    let mut server = Server::start(directory, &[]);
    // Checkpoints are taken when they are asked for, and the one that commits is the newest.
    let options = [
        "-Dexecution.checkpointing.interval=1 h",
        "-Drestart-strategy.type=fixed-delay",
        "-Drestart-strategy.fixed-delay.attempts=10",
        "-Drestart-strategy.fixed-delay.delay=10 ms",
    ];
    let job = server.submit("orders", &options);
    server.await_status(&job, "RUNNING");
    let await_lines = |count: usize| {
        let found = (0..1_000).any(|_| {
            server.succeed(&["checkpoint", &job]);
            lines(&out).len() == count
        });
        assert!(found, "{:?}", lines(&out));
    };
    await_lines(1);
    let first = lines(&out);
    std::fs::rename(&out, &taken).expect("moved away");

    let processes = processes_of(&directory.join("server"));
    assert_eq!(processes.len(), 1);
    processes.into_iter().for_each(kill);
    server.await_that("another process", || {
        processes_of(&directory.join("server")).len() == 1
    });
    put(directory, "in/second.csv", "id,name\n101,later\n");
    server.await_status(&job, "RUNNING");
    let read = (0..1_000).any(|_| {
        // A job that is being restarted takes no checkpoint.
        server.run(&["checkpoint", &job]);
        !lines(&out).is_empty()
    });
    assert!(read, "the second file is not read");
    assert_eq!(lines(&out).len(), 1);
    assert_ne!(lines(&out), first, "nothing is written twice");
    assert_eq!(lines(&taken), first);
    server.end();
}
