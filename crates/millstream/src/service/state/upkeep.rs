//! What is done each second: numbers are read, and output that has grown long is put aside.

use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use millstream_core::{Error, Result, codes};

use super::SharedState;
use crate::clock::now;
use crate::service::directory::JobDirectory;
use crate::service::rotation;

const EACH: Duration = Duration::from_secs(1);
/// A process of which nothing has changed for so long reports all the same, so that it is known to be well.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// The thread that does it.
pub(crate) struct Upkeep {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Upkeep {
    /// Starts the thread.
    #[allow(clippy::disallowed_methods, reason = "the home of this thread")]
    pub(crate) fn start(state: SharedState, directory: JobDirectory) -> Result<Self> {
        let (end, ended) = bounded::<()>(0);
        let work = move || {
            let (mut last, mut unchanged) = (now(), Duration::ZERO);
            while ended.recv_timeout(EACH) == Err(RecvTimeoutError::Timeout) {
                let elapsed = last.elapsed();
                last = now();
                unchanged = match state.refresh(elapsed) {
                    true => Duration::ZERO,
                    false => unchanged + elapsed,
                };
                if unchanged >= SIGN_OF_LIFE {
                    unchanged = Duration::ZERO;
                    state.change(|_| ());
                }
                rotation::rotate_output(&directory);
            }
        };
        let thread = std::thread::Builder::new()
            .name("upkeep".to_owned())
            .spawn(work)
            .map_err(|cause| {
                Error::new(&codes::INTERNAL, "a thread can't be started").cause(cause)
            })?;
        Ok(Self { end, thread })
    }

    /// Ends the thread.
    pub(crate) fn stop(self) {
        drop(self.end);
        if self.thread.join().is_err() {
            tracing::debug!("the upkeep thread panicked");
        }
    }
}
