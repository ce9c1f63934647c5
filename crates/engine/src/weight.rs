//! How many bytes a task has handed out that nobody has processed yet.
//!
//! Sizes are guessed: of some chunks one record is measured. A task whose bytes exceed [`FULL`] waits until its
//! consumers have caught up. The count is each task's own, so that a task never waits for bytes that wait for it: what
//! it has sent is of the epochs that it has sent in, and its consumers take that without anything from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::chunk::Chunk;
use crate::connector::Waker;

/// Bytes in flight with which a task waits: many times what flows at full speed.
const FULL: u64 = 16 * 1024 * 1024;
/// Bytes in flight with which a task that waits goes on.
const LOW: u64 = FULL / 2;
/// At most this many chunks pass between two measurements.
const LONGEST_GAP: u32 = 64;

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

/// Guesses the sizes of the chunks of one stream.
#[derive(Debug, Default)]
pub(crate) struct Weigher {
    bytes_of_a_record: f64,
    /// Chunks that pass before one is measured.
    skip: u32,
    gap: u32,
}

impl Weigher {
    /// About how many bytes `chunk` has.
    pub(crate) fn weigh(&mut self, chunk: &Chunk) -> u64 {
        if let Some(bytes) = chunk.known_bytes() {
            return bytes;
        }
        if self.skip == 0 {
            self.measure(chunk);
        } else {
            self.skip -= 1;
        }
        (chunk.len() as f64 * self.bytes_of_a_record) as u64
    }

    fn measure(&mut self, chunk: &Chunk) {
        let Some(measured) = chunk.measure_one() else {
            return;
        };
        let measured = measured as f64;
        // Growth counts at once, so that large records are met early.
        self.bytes_of_a_record = if measured > self.bytes_of_a_record {
            measured
        } else {
            self.bytes_of_a_record.mul_add(0.75, measured * 0.25)
        };
        self.gap = (self.gap * 2).clamp(1, LONGEST_GAP);
        self.skip = self.gap;
    }
}

#[cfg(test)]
mod tests;
