//! The table of the article "restoring a Flink job from a checkpoint", played against the example through a
//! real socket: 11 inputs, 3 restarts, the fourth ERROR is final. Only the restart delay is shorter.

#![allow(clippy::panic, reason = "a test may panic")]

#[path = "../../../crates/cli/tests/common/running.rs"]
mod running;

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use running::Running;

/// What is typed, and what must be printed.
const TABLE: [(&str, Option<&str>); 11] = [
    ("a", Some("(a,1)")),
    ("a", Some("(a,2)")),
    ("b", Some("(b,1)")),
    ("ERROR", None),
    ("b", Some("(b,2)")),
    ("a", Some("(a,3)")),
    ("ERROR", None),
    ("a", Some("(a,4)")),
    ("ERROR", None),
    ("b", Some("(b,3)")),
    ("ERROR", None),
];

fn program(port: u16, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore-checkpoint"));
    command
        .arg(format!("-Dmillstream.data-dir={}", data.display()))
        .args(["-D", "restart-strategy.fixed-delay.delay=200 ms"])
        .args(["-D", "execution.checkpointing.interval=100 ms"])
        .args(["-D", "execution.checkpointing.min-pause=0 ms"])
        .args(["--port", &port.to_string()]);
    command
}

/// The source's connection, as soon as it connects.
fn connection(listener: &TcpListener, program: &mut Running) -> TcpStream {
    listener.set_nonblocking(true).expect("a listener");
    let mut connection = None;
    program.await_that("the source to connect", || {
        match listener.accept() {
            Ok((stream, _)) => connection = Some(stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the source can't connect: {error}"),
        }
        connection.is_some()
    });
    let stream = connection.expect("it has connected");
    stream.set_nonblocking(false).expect("a stream");
    stream
}

#[test]
fn the_job_goes_on_from_its_checkpoint_three_times_and_then_fails() {
    let data = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut program = Running::start(program(port, data.path()));
    let mut socket = connection(&listener, &mut program);
    let errors = TABLE.iter().filter(|(input, _)| *input == "ERROR").count();
    let mut failures = 0;
    for (number, (input, expected)) in TABLE.iter().enumerate() {
        writeln!(socket, "{input}").expect("the source reads");
        match expected {
            Some(expected) => {
                let printed = program.await_print();
                assert_eq!(&printed, expected, "input {}", number + 1);
                program.await_checkpoint();
            }
            None => {
                failures += 1;
                program.await_log("switched from RUNNING to FAILED.");
                if failures < errors {
                    program.await_log("switched from state RESTARTING to RUNNING.");
                    socket = connection(&listener, &mut program);
                }
            }
        }
    }
    let said = program.end();
    assert_eq!(said.code, Some(1), "a failed job is exit code 1");
    let outputs = TABLE.iter().filter(|(_, printed)| printed.is_some());
    assert_eq!(
        said.out.lines().count(),
        outputs.count(),
        "nothing more is printed"
    );
    let log: Vec<String> = said.err.lines().map(str::to_owned).collect();
    check_log(&log, errors);
}

/// The transitions of every attempt, in order, and the final failure.
fn check_log(log: &[String], errors: usize) {
    let source = "Source: MySourceFunction -> MyFlatMapFunction (1/1) (";
    let sink = "MySumFunction -> Sink: MyPrintFunction (1/1) (";
    let transitions = |task: &str| -> Vec<String> {
        let lines = log
            .iter()
            .filter(|line| line.contains(task) && line.contains(") switched from "));
        lines
            .filter_map(|line| {
                line.split_once(") switched from ")
                    .map(|(_, rest)| rest.to_owned())
            })
            .map(|rest| rest.split('.').next().unwrap_or_default().to_owned())
            .collect()
    };
    let begins = [
        "CREATED to DEPLOYING",
        "DEPLOYING to INITIALIZING",
        "INITIALIZING to RUNNING",
    ];
    let expected = |ends: &[&str]| -> Vec<String> {
        let one = || begins.iter().chain(ends).map(|text| (*text).to_owned());
        (0..errors).flat_map(|_| one()).collect()
    };
    let without_scheduled = |lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .map(|line| line.replace("SCHEDULED to DEPLOYING", "CREATED to DEPLOYING"))
            .filter(|line| line != "CREATED to SCHEDULED")
            .collect()
    };
    assert_eq!(
        without_scheduled(transitions(source)),
        expected(&["RUNNING to FAILED"])
    );
    let canceled = ["RUNNING to CANCELING", "CANCELING to CANCELED"];
    assert_eq!(without_scheduled(transitions(sink)), expected(&canceled));
    let failed = log
        .iter()
        .filter(|line| line.contains("switched from RUNNING to FAILED."));
    for line in failed {
        assert!(line.contains("WARN") && line.contains(source), "{line}");
        assert!(
            line.contains("custom error flag, restart application"),
            "the cause: {line}"
        );
    }
    check_job(log, errors, source, sink);
    let last = log.last().expect("the error line");
    assert!(
        last.starts_with("MS-2001: job `RestoreCheckpointExample` failed"),
        "{last}"
    );
    assert!(
        last.contains("custom error flag, restart application"),
        "the root cause: {last}"
    );
}

/// The states of the job itself, and that each attempt fails before the tasks that are left are cancelled.
fn check_job(log: &[String], errors: usize, source: &str, sink: &str) {
    let switches: Vec<&str> = log
        .iter()
        .filter_map(|line| {
            let (head, states) = line.split_once(" switched from state ")?;
            head.contains("Job RestoreCheckpointExample (")
                .then_some(states)
        })
        .map(|states| states.split('.').next().unwrap_or_default())
        .collect();
    let mut expected = vec!["CREATED to RUNNING"];
    for error in 1..=errors {
        expected.push("RUNNING to FAILING");
        if error < errors {
            expected.extend(["FAILING to RESTARTING", "RESTARTING to RUNNING"]);
        }
    }
    expected.push("FAILING to FAILED");
    let begins = switches
        .iter()
        .position(|states| *states == "CREATED to RUNNING");
    assert_eq!(
        switches.get(begins.unwrap_or(0)..),
        Some(expected.as_slice())
    );
    let mut order = Vec::new();
    for line in log {
        if line.contains(source) && line.contains("switched from RUNNING to FAILED.") {
            order.push("source failed");
        } else if line.contains(sink) && line.contains("switched from RUNNING to CANCELING.") {
            order.push("sink is cancelled");
        } else if line.contains("switched from state RUNNING to FAILING.") {
            order.push("job is failing");
        }
    }
    let one = ["source failed", "job is failing", "sink is cancelled"];
    assert_eq!(order, one.repeat(errors));
}
