//! A file that a run read before its first checkpoint, and that is gone when the next run starts from where that one did, is
//! lost input: the job says so by its name.

use std::fs;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put, running};

#[test]
fn by_its_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let count = || lines(&path.join("out")).len();
    put(path, "in/1.csv", "id,name\n1,Ann\n");
    let mut job = Running::start(ingest(path, &[], &CSV_TO_FILES));
    job.await_that("output", || count() == 1);
    job.await_checkpoint();
    job.kill();

    let no_checkpoint = ["-slatest", "-Dexecution.checkpointing.interval=1 h"];
    let mut job = Running::start(ingest(path, &no_checkpoint, &CSV_TO_FILES));
    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let announced = || {
        let jobs = fs::read_dir(path.join("data/checkpoints")).expect("a directory");
        let journals = jobs.filter_map(|job| {
            let entries = fs::read_dir(job.expect("an entry").path()).expect("a directory");
            let mut texts = entries.map(|entry| entry.expect("an entry").path());
            texts.find(|file| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let text = || fs::read(file).expect("readable");
                name.starts_with("_intake") && text().windows(5).any(|word| word == b"2.csv")
            })
        });
        journals.count() > 0
    };
    job.await_that("the file being read", announced);
    fs::remove_file(path.join("in/2.csv")).expect("removed");
    job.kill();

    let said = running::run(ingest(path, &["-slatest"], &CSV_TO_FILES));
    assert_ne!(said.code, Some(0));
    assert!(
        said.err.contains("MS-6010") && said.err.contains("2.csv"),
        "{}",
        said.err
    );
}
