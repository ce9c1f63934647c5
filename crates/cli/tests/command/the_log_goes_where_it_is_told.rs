//! `millstream server --log-to`: the log goes to standard output, to `server.log`, or to both, as lines or as JSON, and no more of it is
//! kept than is asked for.

use std::fs;
use std::path::Path;

use crate::common::running::run;
use crate::common::{Running, command, rest};
use serde_json::Value;

fn start(directory: &Path, options: &[&str]) -> Running {
    let mut server = command(directory);
    server.args(["server", "-Drest.port=0"]).args(options);
    server.env("XDG_DATA_HOME", directory.join("home"));
    Running::start(server)
}

const DATA: &str = "-Dmillstream.data-dir=server";

#[test]
fn to_standard_output_as_json_where_there_is_no_terminal_and_no_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &["-Dmillstream.log.format=json"]);
    let line = server.await_printed(|line| line.contains("listens at http"));
    let line: Value = serde_json::from_str(&line).expect("one object a line");
    for key in ["time", "level", "logger", "message"] {
        assert!(line.get(key).is_some_and(Value::is_string), "{line}");
    }
    assert_eq!(line.get("level"), Some(&Value::from("INFO")));
    let said = server.suspend();
    for line in said.out.lines() {
        serde_json::from_str::<Value>(line).expect(line);
    }
    assert!(!directory.path().join("home/millstream/server.log").exists());
}

#[test]
fn to_both_or_to_the_file_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = directory.path().join("server/server.log");
    let mut server = start(directory.path(), &[DATA, "--log-to", "both"]);
    let line = server.await_printed(|line| line.contains("listens at http"));
    assert!(line.contains(" INFO  "), "{line}");
    server.await_that("the line to be in the file, too", || {
        fs::read_to_string(&log).expect("the log").contains(&line)
    });
    server.suspend();

    fs::remove_file(&log).expect("removed");
    let mut server = start(directory.path(), &[DATA]);
    let line = server.await_print();
    assert!(line.starts_with("Millstream "), "{line}");
    let said = server.suspend();
    assert_eq!(said.out.lines().count(), 1, "nothing else: {}", said.out);
    assert!(
        fs::read_to_string(&log)
            .expect("the log")
            .contains("listens at http")
    );
}

#[test]
fn no_more_is_kept_than_is_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let kept = [
        "-Dmillstream.log.max-size=64 kb",
        "-Dmillstream.log.parts=1",
    ];
    let level = "-Dmillstream.log.level=debug";
    let mut server = start(directory.path(), &[&[DATA, level][..], &kept].concat());
    let line = server.await_print();
    let port = line
        .split_once("http://127.0.0.1:")
        .and_then(|(_, rest)| rest.split(' ').next());
    let port: u16 = port.and_then(|port| port.parse().ok()).expect(&line);
    let part = |number: u32| directory.path().join(format!("server/server.log.{number}"));
    let path = format!("/savepoint-disposal/{}", "x".repeat(190));
    let mut told = 0;
    server.await_that("a part to be put aside, twice", || {
        rest::send(port, "POST", &path, &[], b"");
        told += 1;
        // Some 300 bytes a line.
        told > 600 && part(1).exists()
    });
    assert!(!part(2).exists());
    server.suspend();
}

#[test]
fn what_can_not_be_done_is_told_in_one_line() {
    let directory = tempfile::tempdir().expect("a directory");
    for (option, expected) in [
        ("--log-to=syslog", "MS-1004"),
        ("-Dmillstream.log.format=xml", "MS-1002"),
        ("-Dmillstream.log.level=loud!", "MS-1002"),
        ("-Dmillstream.log.max-size=1 kb", "MS-1002"),
        ("-Dmillstream.log.parts=5000", "MS-1002"),
    ] {
        let mut server = command(directory.path());
        server.args(["server", "-Drest.port=0", DATA, option]);
        let said = run(server);
        assert_eq!(said.code, Some(1), "{option}");
        assert!(said.err.starts_with(expected), "{option}: {}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
}
