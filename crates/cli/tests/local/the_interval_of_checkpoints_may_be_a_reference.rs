//! What `${env:…}` stands for as interval of checkpoints only the process knows that runs the job: it is no reason to refuse an
//! ingestion job that says nothing of where they go.

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

#[test]
fn and_checkpoints_are_taken_by_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/a.csv", "id\n1\n");
    let option = "-Dexecution.checkpointing.interval=${env:CHECKPOINT_EVERY}";
    let mut job = ingest(path, &[option], &CSV_TO_FILES);
    job.env("CHECKPOINT_EVERY", "20 ms");
    let mut job = Running::start(job);
    job.await_checkpoint();
    job.await_that("output", || lines(&path.join("out")).len() == 1);
    job.suspend();
}
