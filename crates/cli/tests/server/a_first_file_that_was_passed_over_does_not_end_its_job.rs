//! A file of columns that was passed over is the first one where a server starts its job again, as those that were read have been
//! taken away. The job goes on with the columns that it has read so far, also where no file is left.

use std::fs;
use std::path::Path;

use crate::common::columns::{add, id, name, text};
use crate::common::lines;
use crate::common::processes::{kill_and_await, processes_of};
use crate::common::server::Server;

const OPTIONS: [&str; 4] = [
    "-Dexecution.checkpointing.interval=20 ms",
    "-Drestart-strategy.type=fixed-delay",
    "-Drestart-strategy.fixed-delay.attempts=10",
    "-Drestart-strategy.fixed-delay.delay=10 ms",
];
const PARAMETERS: [&str; 9] = [
    "--source.type=parquet",
    "--source.path=in",
    "--source.watch.interval=20",
    "--source.file.settle=0",
    "--source.after.commit=delete",
    "--stream.sql.enable=true",
    "--stream.sql=select id, name from t1",
    "--sink.type=file",
    "--sink.path=out",
];

/// Waits until the file was read and taken away, and so many rows are written.
fn await_read(server: &Server, directory: &Path, file: &str, rows: usize) {
    let file = directory.join("in").join(file);
    server.await_that("a file to be taken away", || {
        !file.exists() && lines(&directory.join("out")).len() == rows
    });
}

/// Kills the process of the job, and waits for the next one.
fn crash(server: &Server) {
    let before = server.job_processes();
    kill_and_await(&processes_of(&server.data));
    server.await_that("another process", || {
        let now = server.job_processes();
        !now.is_empty() && now != before
    });
}

#[test]
fn behind_a_crash_of_its_process() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    add(directory, "a.parquet", &[id(1), name("Ann")]);
    let server = Server::started(directory, &[]);
    let job = server.submit_with("passing", &OPTIONS, &PARAMETERS);
    await_read(&server, directory, "a.parquet", 1);
    add(directory, "b.parquet", &[text("id", "x"), name("Bob")]);
    let log = server.data.join("jobs").join(&job).join("job.log");
    server.await_that("the second file to be passed over", || {
        let log = fs::read_to_string(&log).unwrap_or_default();
        log.contains("MS-6008")
    });
    add(directory, "c.parquet", &[id(3), name("Cid")]);
    await_read(&server, directory, "c.parquet", 2);

    crash(&server);
    add(directory, "d.parquet", &[id(4), name("Dan")]);
    await_read(&server, directory, "d.parquet", 3);

    // No file is left that could tell the columns.
    fs::remove_file(directory.join("in/b.parquet")).expect("it was left there");
    crash(&server);
    add(directory, "e.parquet", &[id(5), name("Eve")]);
    await_read(&server, directory, "e.parquet", 4);
    server.await_status(&job, "RUNNING");
}
