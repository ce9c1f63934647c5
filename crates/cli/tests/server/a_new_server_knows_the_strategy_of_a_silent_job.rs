//! The restart strategy of a job is on record: a server that has just started follows it where the job's process dies before it has told
//! anything. What keeps it from starting the next process for a while is no matter of the strategy, nor is a process that was dying as the
//! server before did.

use std::fs;
use std::path::Path;

use crate::common::processes::{kill, kill_and_await, processes_of, signal};
use crate::common::running::Running;
use crate::common::server::{Server, endless};
use crate::common::{lines, put};
use serde_json::{Value, json};

/// Submits the endless job with these parameters and options more, and waits for its first checkpoint.
fn submit(server: &Server, path: &Path, parameters: &[&str], options: &Value) -> String {
    let mut arguments = endless(path);
    arguments.extend(parameters.iter().map(|&parameter| parameter.to_owned()));
    let body = json!({
        "entryClass": "ingest",
        "programArgsList": arguments,
        "flinkConfiguration": options,
    });
    let job = server.run_job("ingest", &body);
    server.await_answer(&format!("/jobs/{job}/checkpoints"), |_, body| {
        (body.pointer("/counts/completed")?.as_u64()? > 0).then_some(())
    });
    job
}

/// A job that its strategy restarts never.
fn submit_never_restarted(server: &Server, path: &Path) -> String {
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        "restart-strategy.type": "none",
    });
    submit(server, path, &[], &options)
}

fn every_20_ms() -> Value {
    json!({"execution.checkpointing.interval": "20 ms"})
}

/// Starts another server while the only process of a job stands still; answers the process.
fn taken_over_in_silence(server: &mut Server, job: &str) -> u32 {
    let process = server.job_process();
    server.kill();
    signal("STOP", process);
    server.start();
    assert_eq!(server.status(job), "RECONCILING");
    process
}

#[test]
fn it_is_restarted_as_its_program_says_and_what_was_asked_is_done() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    // No option names a strategy: its program alone does.
    let retries = [
        "--job.retry.maxNumberRestartAttempts=2",
        "--job.retry.backoffTimeMS=10",
    ];
    let job = submit(&server, path, &retries, &every_20_ms());
    let process = taken_over_in_silence(&mut server, &job);
    let mut stop = Running::start(server.command(&["stop", &job]));
    stop.await_printed(|line| line == "Waiting for response...");
    server.await_answer(&format!("/jobs/{job}/operations"), |_, body| {
        body.pointer("/operations/0/status").map(|_| ())
    });
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    kill(process);
    let said = stop.end();
    assert_eq!(said.code, Some(0), "{}\n{}", said.err, server.log());
    server.await_status(&job, "FINISHED");
    let log = server.log();
    assert!(log.contains("; it is started again in 10 ms."), "{log}");
    let written = lines(&path.join("out"));
    let ann = written.iter().filter(|line| line.contains("Ann"));
    assert_eq!(ann.count(), 1, "{written:?}");
    server.end();
}

#[test]
fn one_that_is_not_to_be_restarted_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    let never = ["--job.retry.maxNumberRestartAttempts=0"];
    let job = submit(&server, path, &never, &every_20_ms());
    let process = taken_over_in_silence(&mut server, &job);
    kill(process);
    server.await_status(&job, "FAILED");
    let log = server.log();
    assert!(
        log.contains("is not restarted: fixed-delay allows none."),
        "{log}"
    );
    server.end();
}

#[test]
fn the_end_of_a_process_that_was_dying_is_no_matter_of_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    let job = submit_never_restarted(&server, path);
    server.kill();
    kill_and_await(&processes_of(&server.data));
    // As if its process had not quite gone.
    let lock = fs::File::open(server.data.join("jobs").join(&job).join("lock"));
    let lock = lock.expect("it is there");
    lock.lock().expect("nobody has it");
    server.start();
    assert_eq!(server.status(&job), "RECONCILING");
    drop(lock);
    server.await_status(&job, "RUNNING");
    let log = server.log();
    assert!(log.contains("was dying when the server started"), "{log}");
    server.end();
}

#[test]
fn a_directory_that_can_not_be_written_is_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    let job = submit_never_restarted(&server, path);
    server.kill();
    kill_and_await(&processes_of(&server.data));
    // For whom nothing is forbidden, too.
    let in_the_way = server.data.join("jobs").join(&job).join("launch.json.tmp");
    fs::create_dir(&in_the_way).expect("made");
    server.start();
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let why = body.pointer("/next-attempt/why")?.as_str()?;
        why.contains("launch.json can't be written").then_some(())
    });
    assert_eq!(server.status(&job), "RESTARTING");
    fs::remove_dir(&in_the_way).expect("removed");
    server.await_status(&job, "RUNNING");
    server.end();
}

#[test]
fn a_file_of_the_job_that_can_not_be_written_is_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    let job = submit_never_restarted(&server, path);
    for name in ["lock", "job.log", "job.out", "started"] {
        server.kill();
        kill_and_await(&processes_of(&server.data));
        // For whom nothing is forbidden, too.
        let file = server.data.join("jobs").join(&job).join(name);
        fs::rename(&file, path.join("aside")).expect("it was there");
        fs::create_dir(&file).expect("made");
        server.start();
        let wanted = format!("/{name} can't be ");
        server.await_answer(&format!("/jobs/{job}"), |_, body| {
            let why = body.pointer("/next-attempt/why")?.as_str()?;
            why.contains(&wanted).then_some(())
        });
        let log = server.log();
        let is_told = |line: &str| line.contains(" ERROR ") && line.contains(&wanted);
        let told: Vec<&str> = log.lines().filter(|line| is_told(line)).collect();
        assert!(told.iter().any(|line| line.contains(&job)), "{log}");
        assert!(!log.contains("is not restarted"), "{log}");
        fs::remove_dir(&file).expect("removed");
        // Without it the job would count as one that has not begun. The others may have been made anew meanwhile.
        if name == "started" {
            fs::rename(path.join("aside"), &file).expect("put back");
        }
        server.await_status(&job, "RUNNING");
    }
    server.end();
}
