//! A job whose state takes longer to read than a process may take to report has reported before: what it waits for is
//! shown, it can be cancelled, and nobody takes it for one that hangs.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::processes::{kill, processes_of};
use crate::common::server::Server;
use serde_json::{Value, json};

/// Longer than any disk reads within this test; none of it is on the disk.
const BYTES: u64 = 4_000_000_000_000;
/// What stands between the content of `_metadata` and its checksum.
const CHECKSUM: &str = ",\n  \"checksum\": \"";

/// The only file below `directory` whose name ends so.
fn only(directory: &Path, end: &str) -> std::path::PathBuf {
    let entries = fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found = paths.filter(|path| path.to_string_lossy().ends_with(end));
    let path = found.next().expect("a file");
    assert!(found.next().is_none(), "one of {end}");
    path
}

/// Has the ledger of the newest checkpoint be so large, in its file and in `_metadata`.
fn enlarge(checkpoints: &Path, job: &str) {
    let directory = checkpoints.join(job);
    let ledger = only(&directory.join("shared"), ".opaque");
    let bytes = fs::metadata(&ledger).expect("there").len();
    let file = fs::File::options().write(true).open(&ledger);
    let enlarged = file.expect("writable").set_len(BYTES);
    enlarged.expect("a file system with holes in files");
    let entries = fs::read_dir(&directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path().join("_metadata"));
    for path in paths.filter(|path| path.exists()) {
        let text = fs::read_to_string(&path).expect("text");
        let (content, _) = text.rsplit_once(CHECKSUM).expect("a checksum");
        let (old, new) = (
            format!("\"bytes\": {bytes},"),
            format!("\"bytes\": {BYTES},"),
        );
        assert!(content.contains(&old), "{content}");
        let content = content.replace(&old, &new);
        let mut checksum = flate2::Crc::new();
        checksum.update(content.as_bytes());
        let text = format!("{content}{CHECKSUM}{:08x}\"\n}}\n", checksum.sum());
        fs::write(&path, text).expect("writable");
    }
}

#[test]
fn and_its_process_is_not_killed_meanwhile() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let checkpoints = path.join("checkpoints");
    let mut server = Server::started(path, &["-Dmillstream.job-start-timeout=1 s"]);
    let options = json!({
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.dir": checkpoints,
        // What is read when the job is cancelled is read no further.
        "task.cancellation.timeout": "1 h",
    });
    let job = server.submit_running(&options);
    server.await_that("output", || common::lines(&path.join("out")).len() == 1);
    server.await_that("a checkpoint of it", || {
        fs::read_dir(checkpoints.join(&job).join("shared"))
            .is_ok_and(|mut all| all.next().is_some())
    });
    let process = processes_of(&server.data);
    server.kill();
    process.into_iter().for_each(kill);
    enlarge(&checkpoints, &job);
    server.start();
    let path = format!("/jobs/{job}");
    let reads = |body: &Value| {
        let told = body.get("held-up").and_then(Value::as_str);
        told.is_some_and(|told| told.contains("waits for Source: csv"))
    };
    server.await_answer(&path, |_, body| reads(body).then_some(()));
    server.outlives(3.0);
    let shown = server.get(&path);
    assert!(reads(&shown), "{shown}");
    let (status, answer) = server.call("PATCH", &path, None);
    assert_eq!(status, 202, "{answer}");
    server.await_status(&job, "CANCELED");
}
