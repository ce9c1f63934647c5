//! A program that runs beside the test: waiting for what it logs and prints, and ending it.
//!
//! Also used, by its path, by the tests of the examples.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::panic, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long anything may take before the test gives up: far longer than it takes, also on a machine that is busy with
/// something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// When a test gives up: one for all that a wait consists of.
#[derive(Debug, Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    #[allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]
    fn after(patience: Duration) -> Self {
        Self(Instant::now() + patience)
    }

    /// What is left of the time.
    #[allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]
    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    fn is_over(self) -> bool {
        self.left().is_zero()
    }
}

/// What a program said, and how it ended; without a code: by a signal.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// What a program has said. Whatever a test is about: the numbers of its jobs close.
    #[track_caller]
    fn of(code: Option<i32>, out: String, err: String) -> Self {
        let alarm = err.lines().find(|line| line.contains("MS-9002: "));
        assert_eq!(alarm, None, "records are missing or doubled");
        Self { code, out, err }
    }

    /// The last line of the log: the error of a program that failed.
    pub(crate) fn error(&self) -> &str {
        self.err.lines().last().unwrap_or_default()
    }

    /// The savepoint that was printed.
    #[track_caller]
    pub(crate) fn savepoint(&self) -> &str {
        let mut lines = self.out.lines();
        let path = lines.find_map(|line| line.strip_prefix("Savepoint completed. Path: "));
        path.unwrap_or_else(|| panic!("no savepoint was printed: {self:?}"))
    }
}

/// Runs a program to its end. One that does not end is killed, and the test fails with what it has printed.
#[track_caller]
pub(crate) fn run(mut command: Command) -> Said {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let out = Collected::from(child.stdout.take().expect("piped"));
    let err = Collected::from(child.stderr.take().expect("piped"));
    let deadline = Deadline::after(PATIENCE);
    if !(out.is_whole(deadline) && err.is_whole(deadline)) {
        drop(child.kill());
        drop(child.wait());
        panic!("{command:?} does not end:\n{}{}", out.text(), err.text());
    }
    let code = child.wait().expect("a child").code();
    Said::of(code, out.text(), err.text())
}

/// What comes from a stream.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Closed at the end of the stream.
    end: Receiver<()>,
}

impl Collected {
    fn from(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&bytes);
        let (at_end, end) = sync_channel(1);
        std::thread::Builder::new()
            .spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
                    to.extend(buffer.iter().take(count));
                }
                drop(at_end);
            })
            .expect("a thread");
        Self { bytes, end }
    }

    /// Waits for the end of the stream; `false`: it has not come.
    fn is_whole(&self, deadline: Deadline) -> bool {
        matches!(
            self.end.recv_timeout(deadline.left()),
            Err(RecvTimeoutError::Disconnected)
        )
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).expect("text")
    }
}

/// A program that runs. It is killed when the test is done with it.
pub(crate) struct Running {
    child: Child,
    output: Receiver<String>,
    log: Receiver<String>,
    printed: Vec<String>,
    logged: Vec<String>,
    patience: Duration,
}

impl Running {
    /// Starts a program.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        Self {
            output: lines(child.stdout.take().expect("piped")),
            log: lines(child.stderr.take().expect("piped")),
            child,
            printed: Vec::new(),
            logged: Vec::new(),
            patience: PATIENCE,
        }
    }

    /// The same program, of which anything may take as long as `patience`.
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Waits for a line of the log that holds `text`, and answers it.
    #[track_caller]
    pub(crate) fn await_log(&mut self, text: &str) -> String {
        let deadline = Deadline::after(self.patience);
        loop {
            let Ok(line) = self.log.recv_timeout(deadline.left()) else {
                panic!(
                    "no line with `{text}` in the log:\n{}",
                    self.logged.join("\n")
                )
            };
            self.logged.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the next line that it prints.
    #[track_caller]
    pub(crate) fn await_print(&mut self) -> String {
        self.await_printed(|_| true)
    }

    /// Waits for a line of what it prints that is as wanted, and answers it.
    #[track_caller]
    pub(crate) fn await_printed(&mut self, is_wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Deadline::after(self.patience);
        loop {
            let Ok(line) = self.output.recv_timeout(deadline.left()) else {
                self.logged.extend(self.log.try_iter());
                panic!(
                    "what is waited for is not printed:\n{}\nthe log:\n{}",
                    self.printed.join("\n"),
                    self.logged.join("\n")
                )
            };
            self.printed.push(line.clone());
            if is_wanted(&line) {
                return line;
            }
        }
    }

    /// Waits until all that has happened so far is in a checkpoint: the first to complete from now on may have
    /// begun before, the second has not.
    #[track_caller]
    pub(crate) fn await_checkpoint(&mut self) {
        self.logged.extend(self.log.try_iter());
        self.await_log("Completed checkpoint");
        self.await_log("Completed checkpoint");
    }

    /// Waits for a condition outside of the program, such as a file.
    #[track_caller]
    #[allow(clippy::disallowed_methods, reason = "files have no way to tell")]
    pub(crate) fn await_that(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let deadline = Deadline::after(self.patience);
        while !condition() {
            self.logged.extend(self.log.try_iter());
            if self.has_ended() || deadline.is_over() {
                panic!("waited for {what}; the log:\n{}", self.logged.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// What it has printed and logged so far.
    pub(crate) fn said(&mut self) -> String {
        self.printed.extend(self.output.try_iter());
        self.logged.extend(self.log.try_iter());
        text(&self.printed) + &text(&self.logged)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.expect("kill").success(), "kill -{name}");
    }

    /// Asks it to suspend, and waits for its end, which must be a good one.
    #[track_caller]
    pub(crate) fn suspend(self) -> Said {
        self.signal("TERM");
        let said = self.end();
        assert_eq!(said.code, Some(0), "{}", said.err);
        said
    }

    /// Ends it at once, as a crash does.
    #[track_caller]
    pub(crate) fn kill(self) -> Said {
        self.signal("KILL");
        self.end()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Said {
        // The streams end with the process.
        let deadline = Deadline::after(self.patience);
        let rest = |from: &Receiver<String>, to: &mut Vec<String>| loop {
            match from.recv_timeout(deadline.left()) {
                Ok(line) => to.push(line),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", to.join("\n")),
            }
        };
        rest(&self.log, &mut self.logged);
        rest(&self.output, &mut self.printed);
        let code = self.child.wait().expect("a child").code();
        Said::of(code, text(&self.printed), text(&self.logged))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Lines as one text.
fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The lines of a stream, as they come.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
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
