//! Progress of a job: on a terminal one line that changes, elsewhere a line each `millstream.progress-interval`.

use std::io::IsTerminal;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender};
use indicatif::{ProgressBar, ProgressStyle};
use millstream_core::{Error, Result, codes, counted};

use super::report::{Totals, Watch};
use crate::clock::readable;

const ON_TERMINAL: Duration = Duration::from_millis(200);

/// Shows how far a bounded job is.
pub(super) struct ProgressLines {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressLines {
    /// Starts to show, if the job is bounded; where there is no terminal `elsewhere` is the time between two lines,
    /// and 0 means none.
    #[allow(clippy::disallowed_methods, reason = "the home of this thread")]
    pub(super) fn start(watch: Watch, bounded: bool, elsewhere: Duration) -> Result<Self> {
        let (stop, stopped) = crossbeam_channel::bounded::<()>(1);
        let on_terminal = std::io::stderr().is_terminal();
        let every = if on_terminal { ON_TERMINAL } else { elsewhere };
        if !bounded || every.is_zero() {
            return Ok(Self { stop, thread: None });
        }
        let show = move || {
            let bar = on_terminal.then(terminal_line);
            let mut before = Totals::default();
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let totals = watch.totals();
                let line = line(&totals, &before, every, watch.elapsed());
                match &bar {
                    Some(bar) => bar.set_message(line),
                    None => tracing::info!("{line}"),
                }
                before = totals;
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        };
        let thread = std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn(show);
        let thread = thread.map_err(|error| {
            Error::new(&codes::INTERNAL, "the progress thread can't be started").cause(error)
        })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Ends the line.
    pub(super) fn stop(self) {
        drop(self.stop);
        if let Some(thread) = self.thread
            && thread.join().is_err()
        {
            tracing::debug!("the progress thread panicked");
        }
    }
}

fn terminal_line() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// `files 1/2, 120.0/200.0 MB (60 %), 500000 records/s, about 2.1 s left`.
fn line(totals: &Totals, before: &Totals, every: Duration, elapsed: Duration) -> String {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let rate = totals.records.saturating_sub(before.records) as f64 / every.as_secs_f64();
    let mut line = format!(
        "Progress: {}s {}/{}",
        totals.noun(),
        totals.files,
        totals.files_total
    );
    if totals.bytes_total > 0 {
        let part = (totals.bytes as f64 / totals.bytes_total as f64).min(1.0);
        line.push_str(&format!(
            ", {:.1}/{:.1} MB ({:.0} %)",
            megabytes(totals.bytes),
            megabytes(totals.bytes_total),
            part * 100.0
        ));
        if part > 0.0 {
            let left = elapsed.mul_f64((1.0 - part) / part);
            line.push_str(&format!(", about {} left", readable(left)));
        }
    }
    line.push_str(&format!(
        ", {}, {rate:.0} records/s",
        counted(totals.records, "record")
    ));
    line
}
