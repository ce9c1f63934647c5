//! Who reads no further, such as `head` and `grep -m1`, ends what goes on for its sake alone. A closed standard error is no failure.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::common::server::{Server, first_file};
use crate::common::{CSV_TO_FILES, command, put};

/// Runs the command with a reader that reads one line of standard output and goes away. Meanwhile `happens` again and again.
#[track_caller]
fn read_one_line(server: &Server, mut command: Command, mut happens: impl FnMut()) -> String {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    reader.read_line(&mut line).expect("a line");
    drop(reader);
    let mut status = None;
    server.await_that("the command to end", || {
        happens();
        status = child.try_wait().expect("a child");
        status.is_some()
    });
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    line
}

#[test]
fn a_list_that_is_watched() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let server = Server::started(directory.path(), &[]);
    for (arguments, first) in [
        (&["list", "--watch"][..], "No running jobs.\n"),
        (&["list", "--watch", "--json"], "[]\n"),
    ] {
        let watch = server.command(arguments);
        assert_eq!(read_one_line(&server, watch, || ()), first);
    }
    server.end();
}

#[test]
fn a_log_that_is_followed() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("silent", &[]);
    server.await_status(&job, "RUNNING");
    // The job prints nothing: what is in the file is the test's.
    let output = directory
        .path()
        .join("server/jobs")
        .join(&job)
        .join("job.out");
    std::fs::write(&output, "one\ntwo\n").expect("written");
    let more = || {
        let mut file = OpenOptions::new().append(true).open(&output).expect("open");
        file.write_all(b"more\n").expect("written");
    };
    for (json, first) in [(false, "one\n"), (true, "{\"line\":\"one\"}\n")] {
        let mut follow = server.command(&["logs", "-f", "--file", "job.out", &job]);
        if json {
            follow.arg("--json");
        }
        assert_eq!(read_one_line(&server, follow, more), first);
    }
    server.end();
}

#[test]
fn what_must_be_done_is_done_without_a_reader() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let stop = server.command(&["stop", &job]);
    let line = read_one_line(&server, stop, || ());
    assert!(line.starts_with("Suspending job"), "{line}");
    assert_eq!(server.status(&job), "FINISHED");
    server.end();
}

/// How the command ends that has a standard error of which the reader has gone away.
fn without_errors(mut command: Command) -> Option<i32> {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(writer)
        .status();
    status.expect("it starts").code()
}

#[test]
fn errors_and_notes_that_nobody_reads() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/1.csv", "id,name\n1,Ann\n");
    let mut wrong = command(directory.path());
    wrong.args(["list", "--nonsense"]);
    assert_eq!(without_errors(wrong), Some(1));
    let mut noted = command(directory.path());
    noted
        .args(["info", "-C", "file:///x.jar", "ingest", "--source.path=in"])
        .args(CSV_TO_FILES);
    assert_eq!(without_errors(noted), Some(0));
}
