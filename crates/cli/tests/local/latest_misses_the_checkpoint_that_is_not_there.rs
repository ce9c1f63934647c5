//! `-s latest` refuses to go back behind committed output where the newest checkpoint is away, or an older one lies in its place.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{CSV_TO_FILES, Running, directories_of_jobs, ingest, lines, put};

/// The checkpoints of the one job up to which output is committed, the newest last. One behind them was complete when the job
/// was killed, but nothing of it was committed: without it nothing is lost.
fn committed(checkpoints: &Path) -> Vec<PathBuf> {
    let jobs = directories_of_jobs(checkpoints);
    let job = jobs.first().expect("a job");
    // The kill may have come between the note beside the directory and the one in it.
    let id = job.file_name().expect("an id");
    let notes = [job.join("_reached"), checkpoints.join("_reached").join(id)];
    let reached = |path: &PathBuf| {
        let note = fs::read_to_string(path).expect("a note");
        let note: serde_json::Value = serde_json::from_str(&note).expect("JSON");
        let number = note.get("number").and_then(serde_json::Value::as_u64);
        number.expect("a number")
    };
    let reached = notes.iter().map(reached).max().expect("two notes");
    let mut found = Vec::new();
    for entry in fs::read_dir(job).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(number) = name.and_then(|name| name.strip_prefix("chk-")) else {
            continue;
        };
        let number: u64 = number.parse().expect("a number");
        match number <= reached {
            true => found.push((number, path)),
            false => fs::remove_dir_all(path).expect("removed"),
        }
    }
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// Has the job refused, and answers what it said.
fn refused(path: &Path) -> String {
    let output = ingest(path, &["-s", "latest"], &CSV_TO_FILES)
        .output()
        .expect("run");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn and_goes_on_once_it_is_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let kept = [("execution.checkpointing.num-retained", "3")]
        .map(|(key, value)| format!("-D{key}={value}"));
    let options: Vec<&str> = kept.iter().map(String::as_str).collect();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut job = Running::start(ingest(path, &options, &CSV_TO_FILES));
    let count = || lines(&path.join("out")).len();
    job.await_that("output", || count() == 1);
    job.await_checkpoint();
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    job.await_that("more output", || count() == 2);
    job.await_checkpoint();
    job.kill();

    let found = committed(&path.join("data/checkpoints"));
    let [.., older, newest] = found.as_slice() else {
        panic!("two are kept: {found:?}");
    };
    let away = path.join("away");
    fs::rename(newest, &away).expect("moved");
    let message = refused(path);
    assert!(
        message.contains("MS-3001") && message.contains("-s PATH"),
        "{message}"
    );

    fs::create_dir(newest).expect("made");
    for file in fs::read_dir(older).expect("a directory") {
        let file = file.expect("an entry");
        fs::copy(file.path(), newest.join(file.file_name())).expect("copied");
    }
    let message = refused(path);
    assert!(message.contains("MS-3002"), "{message}");

    fs::remove_dir_all(newest).expect("removed");
    fs::rename(&away, newest).expect("moved");
    let mut job = Running::start(ingest(path, &["-s", "latest"], &CSV_TO_FILES));
    put(path, "in/3.csv", "id,name\n3,Cy\n");
    job.await_that("the rest", || count() == 3);
    job.await_checkpoint();
    assert_eq!(count(), 3, "{:?}", lines(&path.join("out")));
    job.kill();
}
