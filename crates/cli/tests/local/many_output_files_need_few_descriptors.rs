//! A job may have any number of output files that wait for their commit, with few files open.

use std::fs;
use std::process::Command;

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put};

/// More than there may be open files.
const FILES: usize = 300;
const OPEN: usize = 128;

#[test]
fn a_job_without_checkpoints_writes_more_files_than_may_be_open() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    // Larger than an output file is to be.
    let text = "x".repeat(70_000);
    for id in 0..FILES {
        let name = format!("in/{id}.csv");
        put(directory, &name, format!("id,text\n{id},{text}\n"));
    }
    let mut job = ingest(directory, &["-p", "1"], &CSV_TO_FILES);
    job.args([ONCE, "--stream.checkpoint.enable=false"])
        .arg("--sink.rolling.size=64 kb");
    let mut limited = Command::new("sh");
    let script = format!("ulimit -S -n {OPEN} && ulimit -H -n {OPEN} && exec \"$@\"");
    limited
        .args(["-c", &script, "sh"])
        .arg(job.get_program())
        .args(job.get_args())
        .current_dir(directory);
    let said = Running::start(limited).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let files = fs::read_dir(directory.join("out")).expect("output");
    let names: Vec<String> = files
        .map(|file| {
            file.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert!(names.len() >= FILES, "{} files", names.len());
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
    assert_eq!(lines(&directory.join("out")).len(), FILES);
}
