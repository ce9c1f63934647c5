//! Checkpoints that can't be written (a full disk, a directory that is read-only) under a server: the job goes on and says why
//! over REST, for as long as failures are tolerated; then it fails, and says why.

use std::path::Path;
use std::process::Command;

use crate::common::server::Server;
use serde_json::{Value, json};

/// What goes wrong with the directory `checkpoints`, which is a mount of the server's own: commands of the shell, beside it.
struct Trouble {
    /// Begins the trouble, once the job runs: one that can't take its checkpoints is not started.
    begin: &'static str,
    reason: &'static str,
    /// Ends the trouble.
    end: &'static str,
}

const MOUNT: &str = "mount -t tmpfs -o size=1m none checkpoints";

const TROUBLES: [Trouble; 2] = [
    Trouble {
        // What the job gives free by deleting its last checkpoint is taken too, before it needs it for the next.
        begin: "i=0; while [ $i -lt 100 ]; do i=$((i + 1)); sleep 0.005; \
                head -c 2000000 /dev/zero >> checkpoints/.ballast 2> /dev/null; done; true",
        reason: "No space left on device",
        end: "rm checkpoints/.ballast",
    },
    Trouble {
        // While a checkpoint is being written the mount is busy.
        begin: "mount --bind checkpoints checkpoints && \
                until mount -o remount,bind,ro checkpoints 2> /dev/null; do sleep 0.001; done",
        reason: "Read-only file system",
        end: "umount checkpoints",
    },
];

/// Whether this user may mount disks of a server's own; where not, this can't be tried, and that is told.
fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "true"]).output();
    let may = tried.is_ok_and(|output| output.status.success());
    if !may {
        eprintln!("NOT TRIED: this user may not mount disks (unshare -rm)");
    }
    may
}

fn server(directory: &Path) -> Server {
    std::fs::create_dir(directory.join("checkpoints")).expect("created");
    let mut server = Server::new(directory);
    server.script = Some(format!(
        "exec unshare -rm sh -c '{MOUNT} && exec \"$@\"' sh \"$@\""
    ));
    server.start();
    server
}

fn options(directory: &Path, tolerable: u32) -> Value {
    json!({
        // The trouble is to begin between two checkpoints: a commit that it meets waits for its end.
        "execution.checkpointing.interval": "250 ms",
        "execution.checkpointing.min-pause": "0 ms",
        "execution.checkpointing.dir": directory.join("checkpoints").display().to_string(),
        "execution.checkpointing.tolerable-failed-checkpoints": tolerable.to_string(),
        "restart-strategy.type": "none",
    })
}

/// Runs a command of the shell beside the directory `checkpoints`, as the server sees it.
fn within(server: &Server, directory: &Path, command: &str) {
    let pid = server.pid().to_string();
    let script = format!("cd {} && {command}", directory.display());
    let mut shell = Command::new("nsenter");
    shell.args([
        "-t",
        &pid,
        "-U",
        "-m",
        "--preserve-credentials",
        "sh",
        "-c",
        &script,
    ]);
    assert!(shell.status().expect("nsenter runs").success());
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[test]
fn tolerated_failures_are_told_and_the_job_goes_on() {
    for trouble in TROUBLES.iter().filter(|_| may_mount()) {
        let directory = tempfile::tempdir().expect("a directory");
        let directory = directory.path();
        let server = server(directory);
        let job = server.submit_running(&options(directory, 1_000_000));
        within(&server, directory, trouble.begin);
        let path = format!("/jobs/{job}/checkpoints");
        let failed = server.await_answer(&path, |_, body| {
            let failed = body.pointer("/counts/failed")?.as_u64()?;
            (failed >= 3).then(|| body.clone())
        });
        assert_eq!(text(&failed, "/latest/failed/status"), Some("FAILED"));
        let reason = text(&failed, "/latest/failed/failure_message").expect("a reason");
        assert!(reason.contains(trouble.reason), "{reason}");
        assert!(reason.contains("/checkpoints"), "{reason}");
        let id = failed.pointer("/latest/failed/id").expect("a number");
        let listed = failed.pointer("/history").and_then(Value::as_array);
        let listed = listed
            .into_iter()
            .flatten()
            .find(|c| c.get("id") == Some(id));
        assert_eq!(listed.and_then(|c| text(c, "/status")), Some("FAILED"));
        let completed = failed.pointer("/counts/completed").and_then(Value::as_u64);
        server.await_status(&job, "RUNNING");
        within(&server, directory, trouble.end);
        server.await_answer(&path, |_, body| {
            (body.pointer("/counts/completed")?.as_u64() > completed).then_some(())
        });
        let out = directory.join("out");
        server.await_answer(&path, |_, _| {
            let files = std::fs::read_dir(&out).into_iter().flatten().flatten();
            let mut visible = files.filter(|f| !f.file_name().to_string_lossy().starts_with('.'));
            visible.next().map(drop)
        });
    }
}

#[test]
fn a_failure_that_is_not_tolerated_fails_the_job_with_its_reason() {
    for trouble in TROUBLES.iter().filter(|_| may_mount()) {
        let directory = tempfile::tempdir().expect("a directory");
        let directory = directory.path();
        let server = server(directory);
        let job = server.submit_running(&options(directory, 0));
        within(&server, directory, trouble.begin);
        server.await_status(&job, "FAILED");
        let exceptions = server.get(&format!("/jobs/{job}/exceptions"));
        let newest = text(&exceptions, "/exceptionHistory/entries/0/stacktrace");
        let newest = newest.expect("a failure");
        assert!(newest.contains(trouble.reason), "{newest}");
        let result = server.get(&format!("/jobs/{job}/execution-result"));
        let result = result.pointer("/job-execution-result/application-status");
        assert_eq!(result, Some(&json!("FAILED")));
        let failed = server.get(&format!("/jobs/{job}/checkpoints"));
        let reason = text(&failed, "/latest/failed/failure_message").expect("a reason");
        assert!(reason.contains(trouble.reason), "{reason}");
    }
}
