//! Signals: SIGTERM suspends the job, or ends the process where the job has no tasks; a second SIGTERM or SIGINT cancels
//! it. After a stop that failed the next SIGTERM is a first one.

use std::sync::Arc;
use std::thread::JoinHandle;

use millstream_core::{Error, Result, TriggerId, codes};
use millstream_engine::job::JobControl;
use millstream_protocol::{Request, SavepointFormat};
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Handle;

use super::report::Watch;
use crate::clock::random_number;

/// Listens for signals while a job runs.
pub(super) struct Signals {
    handle: Handle,
    thread: JoinHandle<()>,
}

impl Signals {
    /// Starts to listen.
    #[allow(clippy::disallowed_methods, reason = "the home of this thread")]
    pub(super) fn start(job: JobControl, watch: Watch, name: &str) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::new(&codes::INTERNAL, "signals can't be listened for").cause(error)
        };
        // A limit on the size of files fails the write, and does not end the process without a word.
        signal_hook::flag::register(SIGXFSZ, Arc::default()).map_err(failed)?;
        let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT]).map_err(failed)?;
        let handle = signals.handle();
        let name = name.to_owned();
        let listen = move || {
            for signal in &mut signals {
                let request = next_request(signal, &watch, &name);
                if job.request(request).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(listen)
            .map_err(failed)?;
        Ok(Self { handle, thread })
    }

    /// Stops to listen: signals end the process again.
    pub(super) fn stop(self) {
        self.handle.close();
        if self.thread.join().is_err() {
            tracing::debug!("the thread that listens for signals panicked");
        }
    }
}

fn next_request(signal: i32, watch: &Watch, name: &str) -> Request {
    let id = TriggerId::from_bytes(
        (u128::from(random_number()) << 64 | u128::from(random_number())).to_be_bytes(),
    );
    if signal == SIGTERM
        && let Some(status) = watch.is_down()
    {
        watch.leave(name, status);
    }
    if signal == SIGTERM && watch.begin_stop() {
        tracing::info!(
            "Suspending job \"{name}\" with a CANONICAL savepoint. A second signal cancels it."
        );
        return Request::Stop {
            id,
            drain: false,
            directory: None,
            format: SavepointFormat::Canonical,
        };
    }
    tracing::info!("Cancelling job \"{name}\".");
    Request::Cancel { id }
}
