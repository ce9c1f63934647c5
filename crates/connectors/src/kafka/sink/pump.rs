//! The thread that hears what became of messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use rdkafka::producer::Producer as _;

use super::account::Account;
use super::producer::{POLL, Producer};

/// Hears of deliveries for as long as it lives.
pub(super) struct Pump {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pump {
    pub(super) fn start(
        subtask: usize,
        producer: Arc<Producer>,
        account: Arc<Account>,
    ) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let run = move || {
            while !stopped.load(Ordering::Acquire) {
                if account.is_settling() {
                    // Has everything sent that lingers; answers that there is more are no news.
                    drop(producer.flush(Duration::ZERO));
                }
                producer.poll(POLL);
            }
        };
        let thread = start_thread(format!("kafka-sink-{subtask}"), run)?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to say: the writer is gone.
            drop(thread.join());
        }
    }
}

/// Starts a thread of the sink.
pub(super) fn start_thread(
    name: String,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name)
        .spawn(run)
        .map_err(|error| {
            Error::new(&codes::SINK_WRITE, "a thread of the sink can't be started")
                .cause(error)
                .next("check the limit of threads (ulimit -u)")
        })
}
