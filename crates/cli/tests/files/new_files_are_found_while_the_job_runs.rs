//! PROCESS_CONTINUOUSLY: files that come are read and committed while the job runs, and those that came while it was down
//! are read when it goes on.

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

#[test]
fn each_is_read_once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    std::fs::create_dir(directory.join("in")).expect("created");
    let out = directory.join("out");
    let row = |id: usize| format!("{{\"id\":\"{id}\"}}");
    // The job begins with nothing to read.
    let mut job = Running::start(ingest(directory, &["-p2"], &CSV_TO_FILES));
    job.await_checkpoint();
    for id in 1..=5 {
        put(directory, &format!("in/{id}.csv"), format!("id\n{id}\n"));
        job.await_that("the new file", || lines(&out).contains(&row(id)));
    }
    let savepoint = job.suspend().savepoint().to_owned();
    put(directory, "in/6.csv", "id\n6\n");
    let options = ["-s", &savepoint, "-p3"];
    let mut job = Running::start(ingest(directory, &options, &CSV_TO_FILES));
    job.await_that("what came while it was down", || {
        lines(&out).contains(&row(6))
    });
    put(directory, "in/7.csv", "id\n7\n");
    job.await_that("the next one", || lines(&out).contains(&row(7)));
    job.suspend();
    let expected: Vec<String> = (1..=7).map(row).collect();
    assert_eq!(lines(&out), expected);
}
