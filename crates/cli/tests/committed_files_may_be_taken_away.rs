//! Files that a job has committed can be moved away at once, also between a stop and the run that goes on from its
//! savepoint: nothing is missed, lost or written again.

mod common;

use common::{CSV_TO_FILES, Running, ingest, lines, put};

#[test]
fn between_a_stop_and_the_resume() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let (out, taken) = (directory.join("out"), directory.join("taken"));
    let row = |id: usize| format!("{{\"id\":\"{id}\"}}");
    put(directory, "in/1.csv", "id\n1\n");
    // Only the stop commits.
    let never = ["-D", "execution.checkpointing.interval=1 h"];
    let mut job = Running::start(ingest(directory, &never, &CSV_TO_FILES));
    job.await_that("a file that is being written", || {
        std::fs::read_dir(&out).is_ok_and(|entries| entries.count() > 0)
    });
    let savepoint = job.suspend().savepoint().to_owned();
    assert_eq!(lines(&out), [row(1)]);

    std::fs::rename(&out, &taken).expect("moved away");
    put(directory, "in/2.csv", "id\n2\n");
    let mut job = Running::start(ingest(directory, &["-s", &savepoint], &CSV_TO_FILES));
    job.await_that("the second file", || lines(&out) == [row(2)]);
    job.suspend();
    assert_eq!(lines(&out), [row(2)]);
    assert_eq!(lines(&taken), [row(1)]);
}
