//! The thread that prints for one writer, and the worker's end of the channel to it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::Waker;

use super::Target;

/// Lots that may wait to be printed.
const LOTS: usize = 4;

/// The worker's end.
pub(super) struct Printer {
    lots: Sender<Vec<u8>>,
    handed_over: u64,
    shared: Arc<Shared>,
}

/// What both ends look at.
#[derive(Default)]
struct Shared {
    printed: AtomicU64,
    /// The writer is gone: what waits is not printed, and comes again after a restart.
    abandoned: AtomicBool,
    /// Why the thread has ended.
    failure: Mutex<Option<Error>>,
}

impl Printer {
    /// Starts the thread. It calls `waker` after each lot.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(super) fn start(target: Target, subtask: usize, waker: Waker) -> Result<Self> {
        let (lots, receiver) = bounded(LOTS);
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        let run = move || {
            print_all(receiver, &target, &seen, &waker);
            waker.wake();
        };
        // Nobody waits for its end: a write that never returns must not hold up a job that is cancelled.
        std::thread::Builder::new()
            .name(format!("print-{subtask}"))
            .spawn(run)
            .map_err(|error| {
                Error::new(
                    &codes::SINK_WRITE,
                    "the print sink's thread can't be started",
                )
                .cause(error)
                .next("check the limit of threads (ulimit -u)")
            })?;
        Ok(Self {
            lots,
            handed_over: 0,
            shared,
        })
    }

    /// Hands over a lot, which is printed at once. Only after [`has_room`](Self::has_room).
    pub(super) fn print(&mut self, lot: Vec<u8>) {
        self.handed_over += 1;
        // There is room, for nobody else sends. That the thread has ended, and why, is told by the next call.
        drop(self.lots.try_send(lot));
    }

    /// How many lots were handed over.
    pub(super) fn handed_over(&self) -> u64 {
        self.handed_over
    }

    /// Whether there is room for another lot; if not, the waker will be called.
    ///
    /// # Errors
    /// Printing has failed.
    pub(super) fn has_room(&self) -> Result<bool> {
        self.check()?;
        Ok(!self.lots.is_full())
    }

    /// Whether the first `lots` lots are printed; if not, the waker will be called.
    ///
    /// # Errors
    /// Printing has failed.
    pub(super) fn has_printed(&self, lots: u64) -> Result<bool> {
        let printed = self.shared.printed.load(Ordering::Acquire);
        if printed < lots {
            self.check()?;
        }
        Ok(printed >= lots)
    }

    fn check(&self) -> Result<()> {
        let failure = self.shared.failure.lock();
        match &*failure.unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.shared.abandoned.store(true, Ordering::Release);
    }
}

fn print_all(lots: Receiver<Vec<u8>>, target: &Target, shared: &Shared, waker: &Waker) {
    for lot in lots {
        if shared.abandoned.load(Ordering::Acquire) {
            return;
        }
        let printed = {
            let mut target = target.lock().unwrap_or_else(PoisonError::into_inner);
            target.write_all(&lot).and_then(|()| target.flush())
        };
        if let Err(error) = printed {
            let mut failure = shared
                .failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *failure = Some(failed(&error));
            return;
        }
        shared.printed.fetch_add(1, Ordering::Release);
        waker.wake();
    }
}

/// Another attempt prints to the same output, so it helps only where the reader is still there.
fn failed(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Error::new(&codes::PRINT_CLOSED, "nobody reads what is printed")
            .cause(error)
            .next("keep its reader open (`| head` ends with its last line), or use a file sink");
    }
    Error::new(&codes::SINK_WRITE, "can't print to the output")
        .cause(error)
        .next("see to where the output goes, or use a file sink")
}
