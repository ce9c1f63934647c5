//! What a task counts while it runs. Read from other threads at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use millstream_core::EventTime;

use crate::connector::{Counter, SourceProgress};

/// The numbers of one subtask. Clones share them. Names in REST follow Flink's.
#[derive(Debug, Clone, Default)]
pub struct TaskMetrics {
    /// Records taken in (`numRecordsIn`).
    pub records_in: Counter,
    /// Records handed out to other tasks (`numRecordsOut`).
    pub records_out: Counter,
    /// Nanoseconds spent working.
    pub busy_nanos: Counter,
    /// Nanoseconds spent waiting for a slower task or sink.
    pub backpressured_nanos: Counter,
    /// How far the source at the head of the task is, if there is one.
    pub source: SourceProgress,
    longest_pause: Arc<AtomicU64>,
    /// The watermark's distance from [`EventTime::MIN`] in milliseconds: 0 is none yet.
    watermark: Arc<AtomicU64>,
}

impl TaskMetrics {
    /// The watermark that the task's operators have seen (`currentInputWatermark`), in milliseconds of event
    /// time; `None`: none yet.
    pub fn watermark(&self) -> Option<i64> {
        let distance = self.watermark.load(Ordering::Relaxed);
        (distance > 0).then(|| EventTime::MIN.as_millis().wrapping_add_unsigned(distance))
    }

    /// Event time has come to `watermark`.
    pub(crate) fn event_time(&self, watermark: EventTime) {
        let distance = watermark
            .as_millis()
            .wrapping_sub(EventTime::MIN.as_millis());
        self.watermark.store(distance as u64, Ordering::Relaxed);
    }

    /// One piece of work, during which no record could be taken, took this long.
    pub(crate) fn worked(&self, time: Duration) {
        let nanos = time.as_nanos() as u64;
        self.busy_nanos.add(nanos);
        self.longest_pause.fetch_max(nanos, Ordering::Relaxed);
    }

    /// The longest piece of work since the last call.
    pub(crate) fn take_longest_pause(&self) -> Duration {
        Duration::from_nanos(self.longest_pause.swap(0, Ordering::Relaxed))
    }
}
