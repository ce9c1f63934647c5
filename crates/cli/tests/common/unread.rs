//! A job whose output nobody reads.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

use super::{ONCE, ingest, processes, put};

/// A job that stands still because nobody reads what it prints.
pub(crate) struct UnreadJob {
    child: Child,
    _unread: Option<ChildStdout>,
    log: BufReader<ChildStderr>,
}

impl UnreadJob {
    /// Starts the job with lines of CSV that are more than a pipe holds, and waits until it stands still.
    pub(crate) fn start(directory: &Path, rows: String) -> Self {
        put(directory, "in/a.csv", rows);
        let mut child = ingest(
            directory,
            &["-Dmillstream.progress-interval=20 ms"],
            &[ONCE, "--source.type=csv", "--sink.type=print"],
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
        let mut job = Self {
            _unread: child.stdout.take(),
            log: BufReader::new(child.stderr.take().expect("piped")),
            child,
        };
        // Two lines of progress say the same then.
        job.await_log(|line| {
            let rate = line.split_once("left, ").map(|(_, rest)| rest);
            rate.is_some_and(|rest| rest.ends_with(", 0 records/s") && !rest.starts_with("0 "))
        });
        job
    }

    /// Waits for a line of the log.
    pub(crate) fn await_log(&mut self, is_wanted: impl Fn(&str) -> bool) {
        let mut lines = self.log.by_ref().lines().map(|line| line.expect("text"));
        assert!(lines.any(|line| is_wanted(&line)), "it ended before");
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        processes::signal(name, self.child.id());
    }

    /// Waits for its end, which must be that of a cancelled job; answers the rest of the log.
    #[track_caller]
    pub(crate) fn await_cancelled(mut self) -> Vec<String> {
        let rest: Vec<String> = self.log.lines().map(|line| line.expect("text")).collect();
        let status = self.child.wait().expect("it ends");
        assert_eq!(status.code(), Some(1), "{rest:#?}");
        let error = rest.last().expect("an error");
        assert!(
            error.starts_with("MS-2007: job `job` was cancelled"),
            "{error}"
        );
        rest
    }
}
