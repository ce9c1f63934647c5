//! An output directory that vanishes and comes back, whole or as another one, loses nothing and doubles nothing.

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

const PATIENT: [&str; 2] = [
    "--job.retry.maxNumberRestartAttempts=1000000",
    "--job.retry.backoffTimeMS=20",
];

fn job(directory: &Path) -> Running {
    let mut command = ingest(directory, &[], &CSV_TO_FILES);
    command.args(PATIENT);
    Running::start(command)
}

fn await_rows(job: &mut Running, output: &Path, rows: usize) {
    job.await_that(&format!("{rows} rows"), || lines(output).len() >= rows);
}

#[test]
fn again_and_again_while_it_is_written() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let (out, away) = (directory.join("out"), directory.join("away"));
    put(directory, "in/0.csv", "id,name\n0,Ann\n");
    let mut job = job(directory);
    await_rows(&mut job, &out, 1);
    for round in 1..=5 {
        fs::rename(&out, &away).expect("taken away");
        put(
            directory,
            &format!("in/{round}.csv"),
            format!("id,name\n{round},Bob\n"),
        );
        if round == 1 {
            // Told once a minute at most, so later rounds have no line of their own.
            job.await_log("the directory is away (");
        }
        assert!(!out.exists(), "it is not made anew");
        fs::rename(&away, &out).expect("brought back");
        await_rows(&mut job, &out, round + 1);
    }
    job.suspend();
    let rows = lines(&out);
    assert_eq!(rows.len(), 6, "every row once: {rows:?}");
}

#[test]
fn and_an_empty_one_that_somebody_makes_is_written_to() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let (out, taken) = (directory.join("out"), directory.join("taken"));
    put(directory, "in/0.csv", "id,name\n0,Ann\n");
    let mut job = job(directory);
    await_rows(&mut job, &out, 1);
    job.await_checkpoint();
    fs::rename(&out, &taken).expect("taken away");
    put(directory, "in/1.csv", "id,name\n1,Bob\n");
    job.await_log("the directory is away (");
    fs::create_dir(&out).expect("made");
    await_rows(&mut job, &out, 1);
    job.suspend();
    assert_eq!((lines(&taken).len(), lines(&out).len()), (1, 1));
}
