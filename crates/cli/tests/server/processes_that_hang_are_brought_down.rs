//! Processes that do not report, or do not react, are waited for so long and no longer.

use std::path::Path;

use crate::common::processes::{is_there, processes_of, signal};
use crate::common::server::Server;
use serde_json::{Value, json};

/// A package whose jobs hang before they report. It notes its process in the file `pid`, and that of a helper of its own in
/// `helper`.
fn hanging(directory: &Path) -> String {
    let program = env!("CARGO_BIN_EXE_millstream");
    let directory = directory.display();
    format!(
        "#!/bin/sh\n\
         [ \"$1\" = --millstream-job ] || exec {program} \"$@\"\n\
         echo $$ > {directory}/pid\n\
         sleep 1000 &\n\
         echo $! > {directory}/helper\n\
         wait\n"
    )
}

fn is_alive(pid_file: &Path) -> bool {
    let pid = std::fs::read_to_string(pid_file).expect("it was started");
    is_there(pid.trim().parse().expect("a number"))
}

#[test]
fn a_submission_whose_process_does_not_report_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let server = Server::started(directory, &["-Dmillstream.job-start-timeout=3 s"]);
    let package = server.upload("hanging", &hanging(directory));
    let (status, answer) = server.run_package(&package, &json!({}));
    assert_eq!(status, 503, "{answer}");
    let line = answer.pointer("/errors/0").and_then(Value::as_str);
    let line = line.expect("an error");
    assert!(line.starts_with("MS-2011: process "), "{line}");
    let why = " of the job said nothing for 3 s before the job was built, and was killed; ";
    assert!(line.contains(why), "{line}");
    assert!(!is_alive(&directory.join("pid")), "it goes on");
    // Nobody waits for the helper, which is killed with it: its end may come a moment later.
    let helper = directory.join("helper");
    server.await_answer("/jobs", |_, _| (!is_alive(&helper)).then_some(()));
    assert_eq!(server.get("/jobs"), json!({"jobs": []}));
    let left = std::fs::read_dir(server.data.join("jobs")).expect("a directory");
    assert_eq!(left.count(), 0, "nothing is left of it");
}

#[test]
fn a_job_that_does_not_react_to_its_cancellation_is_cancelled_all_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::started(directory, &[]);
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        "task.cancellation.timeout": "100 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "1000",
    });
    // One is a child of the server that cancels it, the other is not.
    for restarts_server in [false, true] {
        let job = server.submit_running(&options);
        let path = format!("/jobs/{job}/checkpoints");
        server.await_answer(&path, |_, body| {
            (body.pointer("/counts/completed")?.as_u64()? > 0).then_some(())
        });
        if restarts_server {
            server.kill();
            server.start();
            server.await_status(&job, "RUNNING");
        }
        for pid in processes_of(&server.data) {
            signal("STOP", pid);
        }
        server.cancel(&job);
        assert_eq!(processes_of(&server.data), Vec::<u32>::new());
        let newest = server.get(&path);
        let newest = newest.pointer("/latest/completed/external_path");
        let newest = newest.and_then(Value::as_str).expect("a checkpoint");
        let newest = newest.strip_prefix("file:").unwrap_or(newest);
        assert!(Path::new(newest).join("_metadata").exists(), "{newest}");
        let operations = server.get(&format!("/jobs/{job}/operations"));
        assert_eq!(
            operations.pointer("/operations/0/status"),
            Some(&json!("COMPLETED")),
            "{operations}"
        );
    }
}

#[test]
fn a_process_that_ends_itself_for_a_stuck_task_leaves_a_cancelled_job() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let test = std::env::current_exe().expect("the test's own path");
    let release = test.ancestors().nth(2).expect("target/release");
    let stuck = release.join("examples").join("stuck");
    assert!(stuck.exists(), "the example is built with the tests");
    let server = Server::started(directory, &[]);
    let program = format!("#!/bin/sh\nexec {} \"$@\"\n", stuck.display());
    let package = server.upload("stuck", &program);
    let options = json!({
        "task.cancellation.timeout": "300 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "1000",
        "restart-strategy.fixed-delay.delay": "0 ms",
    });
    let body = json!({"flinkConfiguration": options});
    let (status, answer) = server.call("POST", &format!("/jars/{package}/run"), Some(&body));
    assert_eq!(status, 200, "{answer}");
    let job = answer.get("jobid").and_then(Value::as_str).expect("an id");
    server.await_status(job, "RUNNING");
    let output = server.data.join("jobs").join(job).join("job.out");
    server.await_answer("/jobs", |_, _| {
        let output = std::fs::read_to_string(&output).ok()?;
        output.contains("stuck").then_some(())
    });
    server.cancel(job);
    let operations = server.get(&format!("/jobs/{job}/operations"));
    let end = operations.pointer("/operations/0/status");
    assert_eq!(end, Some(&json!("COMPLETED")), "{operations}");
}
