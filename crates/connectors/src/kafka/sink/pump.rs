//! The thread that hears what became of messages.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use millstream_core::guard::told;
use millstream_core::{Error, Result, codes};
use rdkafka::producer::Producer as _;

use super::account::Account;
use super::producer::{IDLE, POLL, Producer};

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
        let hears = Arc::clone(&account);
        let run = move || {
            while !stopped.load(Ordering::Acquire) {
                let is_idle = account.underway() == 0;
                if account.is_settling() && !is_idle {
                    // Has everything sent that lingers; answers that there is more are no news.
                    drop(producer.flush(Duration::ZERO));
                }
                if is_idle {
                    // There is what the client's library tells by itself.
                    producer.poll(Duration::ZERO);
                    thread::park_timeout(IDLE);
                } else {
                    producer.poll(POLL);
                }
            }
        };
        let thread = start_thread(format!("kafka-sink-{subtask}"), hears, run)?;
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
            thread.thread().unpark();
            // One that panicked has told so.
            drop(thread.join());
        }
    }
}

/// Starts a thread of the sink. Where that panics, the account hears of it: the worker would wait for ever for what nobody tells.
///
/// # Errors
/// There can't be another thread.
pub(super) fn start_thread(
    name: String,
    account: Arc<Account>,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>> {
    let run = move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            let what = told(panic.as_ref());
            let message = format!("a thread of the sink of Kafka panicked: {what}");
            account.fails(Error::new(&codes::INTERNAL, message));
        }
    };
    std::thread::Builder::new()
        .name(name)
        .spawn(run)
        .map_err(|error| {
            Error::new(&codes::SINK_WRITE, "a thread of the sink can't be started")
                .cause(error)
                .next("check the limit of threads (ulimit -u)")
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use millstream_engine::connector::Waker;

    use super::{Account, start_thread};
    use crate::kafka::figures::Sent;

    #[test]
    #[allow(clippy::panic, reason = "what is to be noticed")]
    fn a_panic_fails_the_writer_and_wakes_it() {
        let woken = Arc::new(AtomicBool::new(false));
        let rung = Arc::clone(&woken);
        let waker = Waker::new(move || rung.store(true, Ordering::SeqCst));
        let account = Arc::new(Account::new(waker, Sent::default()));
        let name = "kafka-sink-0".to_owned();
        let thread = start_thread(name, Arc::clone(&account), || panic!("of a broker"));
        thread.expect("a thread").join().expect("it is caught");
        let error = account.failure().expect("a failure");
        assert_eq!(error.code(), "MS-9001", "{error}");
        assert!(
            error.message().ends_with("panicked: of a broker"),
            "{error}"
        );
        assert!(woken.load(Ordering::SeqCst));
    }
}
