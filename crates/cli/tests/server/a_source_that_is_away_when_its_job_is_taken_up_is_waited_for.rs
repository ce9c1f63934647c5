//! A job that has run before and is started anew while its input is away is tried again as its restart strategy says,
//! and goes on once the input is there. Where it has not run before, that is the answer to the submission.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::processes::{kill, processes_of};
use crate::common::server::Server;
use serde_json::json;

/// How many processes of the job could not start it because of its input.
fn in_vain(server: &Server, job: &str) -> usize {
    let log = server.data.join("jobs").join(job).join("job.log");
    let log = fs::read_to_string(log).unwrap_or_default();
    let words = "The job can't be started: MS-6009";
    log.lines().filter(|line| line.contains(words)).count()
}

fn output(directory: &Path) -> usize {
    common::lines(&directory.join("out")).len()
}

fn kill_processes(server: &Server) {
    processes_of(&server.data).into_iter().for_each(kill);
}

#[test]
fn after_a_crash_of_the_server_and_after_one_of_the_process() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (input, later) = (path.join("in"), path.join("later"));
    let mut server = Server::started(path, &[]);
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.dir": path.join("checkpoints"),
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "1000",
        "restart-strategy.fixed-delay.delay": "50 ms",
    });
    let job = server.submit_running(&options);
    server.await_that("output", || output(path) == 1);
    for round in 2..4 {
        let before = in_vain(&server, &job);
        let takes_server = round == 2;
        if takes_server {
            server.kill();
        }
        fs::rename(&input, &later).expect("moved away");
        kill_processes(&server);
        if takes_server {
            server.start();
        }
        server.await_that("two tries in vain", || in_vain(&server, &job) >= before + 2);
        server.await_status(&job, "RESTARTING");
        fs::rename(&later, &input).expect("moved back");
        let file = format!("in/{round}.csv");
        common::put(path, &file, format!("id,name\n{round},Bob\n"));
        server.await_status(&job, "RUNNING");
        server.await_that("all output", || output(path) == round);
    }
}

#[test]
fn a_first_start_is_refused_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let body = json!({
        "entryClass": "ingest",
        "programArgsList": [
            "--job.name=none", "--source.type=csv", "--source.watch.interval=20", "--sink.type=print",
            format!("--source.path={}", path.join("none").display()),
        ],
    });
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&body));
    assert!(status >= 400, "{status} {answer}");
    assert!(answer.to_string().contains("MS-6001"), "{answer}");
}
