//! A copy of a job, started from an older savepoint and writing elsewhere, takes nothing away that a newer savepoint of the
//! job needs.

use std::fs;
use std::path::Path;

use crate::common::server::{Server, first_file};
use crate::common::{lines, put};

/// Takes a savepoint, and answers its path.
#[track_caller]
fn savepoint(server: &Server, job: &str) -> String {
    let said = server.succeed(&["savepoint", job, "sp"]);
    let mut said_lines = said.lines();
    let path = said_lines.find_map(|line| line.strip_prefix("Savepoint completed. Path: "));
    path.expect(&said).to_owned()
}

/// Whether any file of a directory, hidden or not, holds a text.
fn holds(directory: &Path, text: &str) -> bool {
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    texts.any(|content| content.contains(text))
}

/// Submits a job that reads `in` and writes `to`; only savepoints take what it has written.
#[track_caller]
fn submit(server: &Server, to: &str, options: &[&str]) -> String {
    let output = format!("--sink.path={to}");
    let parameters = [
        "ingest",
        "--job.name=orders",
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--source.path=in",
        "--source.watch.interval=20",
        "--sink.type=file",
        &output,
    ];
    let interval = "-Dexecution.checkpointing.interval=1 h";
    let said = server.succeed(&[&["run", "-d", interval], options, &parameters].concat());
    let id = said.trim_end().rsplit(' ').next();
    id.expect(&said).to_owned()
}

/// More savepoints than a job takes before it finds a file.
const MANY: usize = 2_000;

/// Takes savepoints until one has the row with `text`, and answers its path.
#[track_caller]
fn await_in_savepoint(server: &Server, job: &str, output: &Path, text: &str) -> String {
    let mut savepoints = (0..MANY).map(|_| savepoint(server, job));
    let path = savepoints.find(|_| holds(output, text));
    path.unwrap_or_else(|| unreachable!("{text} is never in a savepoint"))
}

#[test]
fn a_newer_savepoint_is_gone_on_from_after_a_copy_ran_from_an_older_one() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let (out, copied) = (directory.join("out"), directory.join("copy"));
    first_file(directory);
    let server = Server::started(directory, &[]);
    let job = submit(&server, "out", &[]);
    server.await_status(&job, "RUNNING");
    let older = savepoint(&server, &job);
    put(directory, "in/2.csv", "id,name\n2,Bob\n");
    let newer = await_in_savepoint(&server, &job, &out, "Bob");
    server.succeed(&["cancel", &job]);
    server.await_status(&job, "CANCELED");

    let copy = submit(&server, "copy", &["-s", &older]);
    server.await_status(&copy, "RUNNING");
    await_in_savepoint(&server, &copy, &copied, "Bob");
    server.succeed(&["cancel", &copy]);
    server.await_status(&copy, "CANCELED");

    put(directory, "in/3.csv", "id,name\n3,Cid\n");
    let resumed = submit(&server, "out", &["-s", &newer]);
    server.await_status(&resumed, "RUNNING");
    await_in_savepoint(&server, &resumed, &out, "Cid");
    server.succeed(&["stop", &resumed]);
    let names: Vec<String> = lines(&out);
    assert_eq!(names.len(), 3, "every row once: {names:?}");
    server.end();
}
