//! `run` without `--detached` waits for the end of the job, and ends as it does.

use std::path::Path;
use std::process::Command;

use crate::common::server::{Server, first_file};
use crate::common::{CSV_TO_FILES, ONCE, Running, lines, put, running};

fn ingest(server: &Server, options: &[&str]) -> Command {
    let mut command = server.command(&[&["run"], options, &["ingest"]].concat());
    command
        .args(["--job.name=job", "--source.path=in"])
        .args(CSV_TO_FILES);
    command
}

#[test]
fn finished() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let mut command = ingest(&server, &[]);
    command.arg(ONCE);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let out: Vec<&str> = said.out.lines().collect();
    let job = out[0]
        .strip_prefix("Job has been submitted with JobID ")
        .expect(&said.out);
    assert_eq!(
        out[1..3],
        [
            "Program execution finished",
            &format!("Job with JobID {job} has finished.")
        ]
    );
    let runtime = out[3]
        .strip_prefix("Job Runtime: ")
        .and_then(|rest| rest.strip_suffix(" ms"))
        .expect(&said.out);
    assert!(runtime.parse::<u64>().is_ok(), "{runtime}");
    // It may have ended before it was first looked at.
    let ways = ["to FINISHED.", "is FINISHED."];
    let told = ways.iter().any(|way| said.err.contains(way));
    assert!(told, "{}", said.err);
    // Paths are those of the command, wherever the server was started.
    assert_eq!(lines(&directory.path().join("out")).len(), 1);
    server.end();
}

#[test]
fn an_application_is_not_waited_for() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let mut command = server.command(&["run-application", "-t", "remote", "ingest"]);
    command
        .args(["--job.name=job", "--source.path=in"])
        .args(CSV_TO_FILES);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let job = said
        .out
        .trim_end()
        .strip_prefix("Job has been submitted with JobID ")
        .expect(&said.out);
    server.await_status(job, "RUNNING");
    server.end();
}

#[test]
fn failed_with_the_root_cause() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/1.csv", "id,name\n1,Ann\n");
    let server = Server::started(directory.path(), &[]);
    let mut command = ingest(&server, &[]);
    command
        .args([ONCE, "--job.retry.maxNumberRestartAttempts=0"])
        .args(["--stream.sql.enable=true", "--error.policy=fail"])
        .arg("--stream.sql.schema.json={\"id\": \"Int\", \"name\": \"Int\"}")
        .arg("--stream.sql=select id, name from t1");
    let said = running::run(command);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let error = said.error();
    assert!(error.starts_with("MS-2001: job "), "{}", said.err);
    assert!(error.contains("1.csv"), "the root cause: {}", said.err);
    server.end();
}

#[test]
fn cancelled_by_an_interrupt() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let mut run = Running::start(ingest(&server, &[]));
    let submitted = run.await_print();
    let job = submitted.rsplit(' ').next().expect("an id").to_owned();
    run.await_log("RUNNING");
    run.signal("INT");
    let said = run.end();
    assert_eq!(said.code, Some(130), "{}", said.err);
    assert!(
        said.out.ends_with(&format!("Cancelled job {job}.\n")),
        "{}",
        said.out
    );
    assert_eq!(server.status(&job), "CANCELED");
    server.end();
}

#[test]
fn a_job_that_can_not_start_is_told_at_once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let said = running::run(ingest(&server, &["-d", "-s", "/nowhere/savepoint-1"]));
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(
        said.error().starts_with("MS-3010: ") && said.err.contains("/nowhere/savepoint-1"),
        "{}",
        said.err
    );
    server.end();
}

#[test]
fn an_uploaded_package_runs_and_is_taken_away_again() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    // The command itself is a package: that of the ingestion job.
    let package = env!("CARGO_BIN_EXE_millstream");
    let mut command = server.command(&["run", "-c", "ingest", package]);
    let input = directory.path().join("in");
    let output = directory.path().join("out");
    command
        .args(CSV_TO_FILES)
        .args([ONCE, "--job.name=job"])
        .arg(path_argument("source.path", &input))
        .arg(path_argument("sink.path", &output));
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert_eq!(lines(&output).len(), 1);
    let packages = directory.path().join("server/packages");
    let left: Vec<_> = std::fs::read_dir(packages).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    server.end();
}

fn path_argument(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}
