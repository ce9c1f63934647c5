//! A stop that was half committed when everything died, and whose savepoint is not there when the server comes back, is not
//! forgotten: the job is held up, and the stop is finished once the savepoint is there. No record is lost or doubled.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::processes::{kill, processes_of};
use crate::common::server::{Server, endless};
use serde_json::{Value, json};

const ROWS: u64 = 400_000;
const ID: &str = "00112233445566778899aabbccddeeff";

/// How many files of output are visible.
fn visible(directory: &Path) -> usize {
    let entries = fs::read_dir(directory.join("out"))
        .into_iter()
        .flatten()
        .flatten();
    entries
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .count()
}

/// How many files are hidden.
fn hidden(directory: &Path) -> usize {
    let entries = fs::read_dir(directory.join("out"))
        .into_iter()
        .flatten()
        .flatten();
    let all = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    all.count()
}

/// A job that is being stopped, and was killed with its server while the stop committed; `None`: it was too quick.
fn half_committed(server: &mut Server, directory: &Path) -> Option<String> {
    let mut arguments = endless(directory);
    arguments.push("--sink.rolling.size=1 kb".to_owned());
    let body = json!({
        "programArgsList": arguments,
        "flinkConfiguration": { "execution.checkpointing.interval": "1 h" },
    });
    let job = server.run_job("ingest", &body);
    let rows: String = (2..ROWS).map(|id| format!("{id},Ann\n")).collect();
    common::put(directory, "in/2.csv", format!("id,name\n{rows}"));
    server.await_answer(&format!("/jobs/{job}"), |_, body| {
        let read = body.pointer("/vertices/0/metrics/read-records")?.as_u64()?;
        (read >= ROWS - 1).then_some(())
    });
    let body = json!({ "targetDirectory": directory.join("mount/sp"), "triggerId": ID });
    let (status, answer) = server.call("POST", &format!("/jobs/{job}/stop"), Some(&body));
    assert_eq!(status, 202, "{answer}");
    let processes = processes_of(&server.data);
    server.await_that("the commit to begin", || visible(directory) > 0);
    processes.into_iter().for_each(kill);
    server.kill();
    let own = server.data.join("jobs").join(&job);
    let stop = fs::read_to_string(own.join("stop.json")).expect("a stop has begun");
    let stop: Value = serde_json::from_str(&stop).expect("JSON");
    assert_eq!(stop.get("written"), Some(&json!(true)), "{stop}");
    let has_ended = own.join("outcome.json").exists() || own.join("ending.json").exists();
    (!has_ended && hidden(directory) > 0).then_some(job)
}

#[test]
fn and_no_record_is_lost_or_doubled() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        let mount = path.join("mount");
        fs::create_dir_all(mount.join("sp")).expect("made");
        let mut server = Server::started(path, &[]);
        let Some(job) = half_committed(&mut server, path) else {
            continue;
        };
        // The mount comes later than the server.
        fs::rename(&mount, path.join("later")).expect("moved");
        fs::create_dir_all(mount.join("sp")).expect("made");
        server.start();
        let why = server.await_answer(&format!("/jobs/{job}"), |_, body| {
            let why = body.get("held-up").and_then(Value::as_str);
            why.map(str::to_owned)
        });
        assert!(
            why.contains("savepoint") && why.contains("mount/sp"),
            "{why}"
        );
        assert_eq!(
            server.get(&format!("/jobs/{job}/status"))["status"],
            "RESTARTING"
        );
        fs::remove_dir_all(&mount).expect("removed");
        fs::rename(path.join("later"), &mount).expect("moved back");
        server.await_status(&job, "FINISHED");
        let operation = server.get(&format!("/operations/{ID}"));
        assert_eq!(
            operation.get("status"),
            Some(&json!("COMPLETED")),
            "{operation}"
        );
        let lines = common::lines(&path.join("out"));
        let mut distinct = lines.clone();
        distinct.dedup();
        assert_eq!(lines.len(), distinct.len(), "a record is doubled");
        assert_eq!(lines.len() as u64, ROWS - 1, "a record is lost");
        return;
    }
    unreachable!("no commit could be cut off");
}
