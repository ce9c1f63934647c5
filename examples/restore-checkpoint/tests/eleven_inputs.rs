//! The table of the article "restoring a Flink job from a checkpoint", played against the example through a
//! real socket: 11 inputs, 3 restarts, the fourth ERROR is final. Only the restart delay is shorter.

#![allow(clippy::panic, reason = "a test may panic")]

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(240);

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

/// The lines of a stream, as they come.
fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = sync_channel(100_000);
    std::thread::Builder::new()
        .spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        })
        .expect("a thread");
    receive
}

struct Program {
    child: Child,
    output: Receiver<String>,
    log: Receiver<String>,
    seen: Vec<String>,
}

impl Program {
    fn start(port: u16, data: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_restore-checkpoint"))
            .arg(format!("-Dmillstream.data-dir={}", data.display()))
            .args(["-D", "restart-strategy.fixed-delay.delay=200 ms"])
            .args(["-D", "execution.checkpointing.interval=100 ms"])
            .args(["-D", "execution.checkpointing.min-pause=0 ms"])
            .args(["--port", &port.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let output = lines(child.stdout.take().expect("piped"));
        let log = lines(child.stderr.take().expect("piped"));
        Self {
            child,
            output,
            log,
            seen: Vec::new(),
        }
    }

    /// Waits for a log line that holds `text`.
    fn await_log(&mut self, text: &str) {
        loop {
            let line = self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                panic!(
                    "no line with `{text}` in the log:\n{}",
                    self.seen.join("\n")
                )
            });
            let found = line.contains(text);
            self.seen.push(line);
            if found {
                return;
            }
        }
    }

    /// Waits until what has been printed so far is in a checkpoint: the first to complete from now on may have
    /// begun before, the second has not.
    fn await_checkpoint(&mut self) {
        while let Ok(line) = self.log.try_recv() {
            self.seen.push(line);
        }
        self.await_log("Completed checkpoint");
        self.await_log("Completed checkpoint");
    }
}

/// The source's connection, as soon as it connects.
#[allow(clippy::disallowed_methods, reason = "a listener has no deadline")]
fn connection(listener: &TcpListener) -> TcpStream {
    let began = Instant::now();
    listener.set_nonblocking(true).expect("a listener");
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).expect("a stream");
                return stream;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(began.elapsed() < PATIENCE, "the source does not connect");
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("the source can't connect: {error}"),
        }
    }
}

#[test]
fn the_job_goes_on_from_its_checkpoint_three_times_and_then_fails() {
    let data = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut program = Program::start(port, data.path());
    let mut socket = connection(&listener);
    let errors = TABLE.iter().filter(|(input, _)| *input == "ERROR").count();
    let mut failures = 0;
    for (number, (input, expected)) in TABLE.iter().enumerate() {
        writeln!(socket, "{input}").expect("the source reads");
        match expected {
            Some(expected) => {
                let printed = program.output.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                    panic!(
                        "input {}: nothing printed; log:\n{}",
                        number + 1,
                        program.seen.join("\n")
                    )
                });
                assert_eq!(&printed, expected, "input {}", number + 1);
                program.await_checkpoint();
            }
            None => {
                failures += 1;
                program.await_log("switched from RUNNING to FAILED.");
                if failures < errors {
                    program.await_log("switched from state RESTARTING to RUNNING.");
                    socket = connection(&listener);
                }
            }
        }
    }
    let status = program.child.wait().expect("the program ends");
    assert_eq!(status.code(), Some(1), "a failed job is exit code 1");
    program.seen.extend(program.log.iter());
    assert_eq!(program.output.iter().count(), 0, "nothing more is printed");
    check_log(&program.seen, errors);
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
