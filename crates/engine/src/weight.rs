//! How many bytes a task has handed out that nobody has processed yet.
//!
//! Sizes are [guessed](crate::weigher). A task whose bytes exceed [`FULL`] waits until its
//! consumers have caught up. The count is each task's own, so that a task never waits for bytes that wait for it: what
//! it has sent is of the epochs that it has sent in, and its consumers take that without anything from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::connector::Waker;

/// Bytes in flight with which a task waits: many times what flows at full speed.
const FULL: u64 = 16 * 1024 * 1024;
/// Bytes in flight with which a task that waits goes on.
const LOW: u64 = FULL / 2;

/// The bytes that one task has in flight. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Gauge(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: AtomicU64,
    /// Wakes the task.
    waker: Waker,
}

impl Gauge {
    /// Of a task that `waker` wakes.
    pub(crate) fn new(waker: Waker) -> Self {
        Self(Arc::new(Inner {
            bytes: AtomicU64::new(0),
            waker,
        }))
    }

    /// Counts `bytes` until what is answered is dropped.
    pub(crate) fn add(&self, bytes: u64) -> Weight {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        Weight {
            bytes,
            gauge: self.clone(),
        }
    }

    /// Whether the task is to wait. It is woken once it may go on.
    pub(crate) fn is_full(&self) -> bool {
        self.0.bytes.load(Ordering::Relaxed) >= FULL
    }

    /// Whether nothing is in flight.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.bytes.load(Ordering::Relaxed) == 0
    }
}

/// The bytes of one chunk in flight.
#[derive(Debug)]
pub(crate) struct Weight {
    bytes: u64,
    gauge: Gauge,
}

impl Drop for Weight {
    fn drop(&mut self) {
        let before = self.gauge.0.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        if before >= LOW && before - self.bytes < LOW {
            self.gauge.0.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests;
