//! Where the server's records are lost, jobs that run are taken up from their directories and processes: listed, saved and
//! cancelled as before. One that has ended is listed as long as others are. One that does not run is named in the log and not run
//! again: it may have been cancelled.

use std::fs;

use crate::common::processes::kill_and_await;
use crate::common::processes::processes_of;
use crate::common::put;
use crate::common::server::Server;
use serde_json::{Value, json};

fn lose_records(server: &Server) {
    for file in ["millstream.db", "millstream.db-wal", "millstream.db-shm"] {
        // Beside the first there need not be the others.
        drop(fs::remove_file(server.data.join(file)));
    }
}

#[test]
fn what_runs_is_taken_up_and_what_does_not_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::started(directory, &[]);
    let running = server.submit_running(&json!({"pipeline.name": "running"}));
    let processes = processes_of(&server.data);
    let name = |server: &Server, job: &str| server.get(&format!("/jobs/{job}"))["name"].clone();
    let before = name(&server, &running);
    let begun = |server: &Server| server.get(&format!("/jobs/{running}"))["start-time"].as_u64();
    let submitted = begun(&server).expect("a time");
    let dead = server.submit_running(&json!({"pipeline.name": "dead"}));
    server.kill();
    let mut others = processes_of(&server.data);
    others.retain(|process| !processes.contains(process));
    kill_and_await(&others);
    lose_records(&server);
    server.start();
    server.await_status(&running, "RUNNING");
    assert_eq!(processes_of(&server.data), processes, "the same process");
    assert_eq!(name(&server, &running), before);
    let told = begun(&server).expect("a time");
    assert!(
        (submitted - 2_000..submitted + 60_000).contains(&told),
        "{told} of {submitted}"
    );
    let listed = server.get("/jobs");
    let listed = listed["jobs"].as_array().map(Vec::len);
    assert_eq!(listed, Some(1), "the other one is not");
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    let line = |parts: [&str; 2]| {
        log.lines()
            .any(|line| parts.iter().all(|part| line.contains(part)))
    };
    assert!(line([&dead, "that no process runs"]), "{log}");
    assert!(line([&running, "it is taken up"]), "{log}");

    // It is restarted as before, and on record.
    server.kill();
    kill_and_await(&processes);
    server.start();
    server.await_status(&running, "RUNNING");
    server.cancel(&running);
    let overview: Value = server.get("/overview");
    assert_eq!(overview["jobs-running"], 0);
}

#[test]
fn one_that_can_not_be_taken_up_yet_is_named_with_what_ends_its_process() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let running = server.submit_running(&json!({}));
    let processes = processes_of(&server.data);
    let [pid] = processes.as_slice() else {
        unreachable!("one process: {processes:?}")
    };
    server.kill();
    lose_records(&server);
    let launch = server.data.join("jobs").join(&running).join("launch.json");
    let kept = directory.path().join("launch.json");
    fs::rename(&launch, &kept).expect("it was there");
    // Nothing can be read there for a while.
    std::os::unix::fs::symlink(&launch, &launch).expect("linked");
    server.start();
    let named = format!("Process {pid} runs job {running}, ");
    let ends = format!("`kill {pid}` ends it.");
    server.await_that("a line that says so", || {
        let log = fs::read_to_string(server.data.join("server.log"));
        log.is_ok_and(|log| {
            log.lines()
                .any(|line| line.contains(&named) && line.contains(&ends))
        })
    });
    fs::rename(&kept, &launch).expect("moved back");
    server.await_status(&running, "RUNNING");
    server.cancel(&running);
}

#[test]
fn one_whose_submission_is_lost_too_has_begun_when_its_directory_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let running = server.submit_running(&json!({"pipeline.name": "running"}));
    let begun = |server: &Server| server.get(&format!("/jobs/{running}"))["start-time"].as_u64();
    let submitted = begun(&server).expect("a time");
    server.kill();
    lose_records(&server);
    let submission = server.data.join("jobs").join(&running).join("job.json");
    fs::remove_file(submission).expect("there was one");
    server.start();
    server.await_status(&running, "RUNNING");
    let told = begun(&server).expect("a time");
    assert!(
        (submitted - 2_000..submitted + 60_000).contains(&told),
        "{told} of {submitted}"
    );
    server.cancel(&running);
}

#[test]
fn what_has_ended_is_listed_and_forgotten_in_its_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "bad/a.csv", "id\n1\ntwo\n");
    let mut server = Server::started(path, &[]);
    let parameters = [
        "--source.type=csv",
        "--source.path=bad",
        "--source.firstLine.schema=true",
        "--source.watch.interval=20",
        "--source.file.settle=0",
        "--sink.type=file",
        "--sink.path=out",
        "--stream.sql.enable=true",
        "--stream.sql.schema=struct<id:Int>",
        "--stream.sql=select id from t1",
        "--job.retry.maxNumberRestartAttempts=0",
    ];
    let failed = server.submit_with("bad", &[], &parameters);
    server.await_status(&failed, "FAILED");
    let stopped = server.submit_running(&json!({"pipeline.name": "stopped"}));
    server.succeed(&["stop", &stopped]);
    server.kill();
    lose_records(&server);
    // One whose process died before its job began leaves nothing but what was submitted.
    let unbegun = "0123456789abcdef".repeat(2);
    let lone = server.data.join("jobs").join(&unbegun);
    fs::create_dir(&lone).expect("made");
    fs::write(lone.join("job.json"), "{}").expect("written");
    server.start();
    server.await_status(&failed, "FAILED");
    server.await_status(&stopped, "FINISHED");
    let listed = server.succeed(&["list", "-a"]);
    assert!(
        listed.contains(&failed) && listed.contains(&stopped),
        "{listed}"
    );
    let why = server
        .get(&format!("/jobs/{failed}/exceptions"))
        .to_string();
    assert!(why.contains("MS-"), "{why}");
    let log = server.succeed(&["logs", &failed]);
    assert!(log.contains(&failed), "{log}");
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    let told = |job: &str, words: &str| {
        let mut lines = log.lines();
        lines.any(|line| line.contains(job) && line.contains(words))
    };
    assert!(
        told(&failed, "it is taken up") && told(&unbegun, "never began"),
        "{log}"
    );

    server.suspend();
    let soon = [
        "-Djobstore.expiration-time=0",
        "-Djobstore.failed-expiration-time=0",
    ];
    server.options.extend(soon.map(str::to_owned));
    server.start();
    for job in [&failed, &stopped] {
        let left = server.data.join("jobs").join(job);
        server.await_that("it is forgotten", || !left.exists());
    }
    server.end();
}
