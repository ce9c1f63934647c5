//! A job whose process runs and can't be connected to is named in the log, with the process and what ends it; a cancel is one by signal then.

use std::fs;

use crate::common::processes::processes_of;
use crate::common::server::Server;
use serde_json::json;

#[test]
fn one_whose_socket_is_gone() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit_running(&json!({}));
    let processes = processes_of(&server.data);
    server.kill();
    let socket = server.data.join("jobs").join(&job).join("job.sock");
    fs::remove_file(&socket).expect("it was there");
    server.start();
    let told = || {
        let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
        let lines = log.lines().filter(|line| {
            line.contains(" WARN ") && line.contains(&job) && line.contains("can't be connected to")
        });
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    server.await_that("a warning", || !told().is_empty());
    let pid = processes.first().expect("a process");
    let line = told().concat();
    assert!(line.contains(&format!("process {pid} ")), "{line}");
    assert!(line.contains(&format!("`kill {pid}`")), "{line}");
    assert_eq!(server.status(&job), "RECONCILING");
    server.cancel(&job);
    assert_eq!(server.status(&job), "CANCELED");
    assert_eq!(processes_of(&server.data), Vec::<u32>::new());
    assert_eq!(told().len(), 1, "once");
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    assert!(
        log.contains("could not be told of its cancellation, and was killed"),
        "before the time of a cancellation is over: {log}"
    );
}
