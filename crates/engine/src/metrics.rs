//! What a task counts while it runs. Read from other threads at any time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    /// How far the source at the head of the task is, if there is one.
    pub source: SourceProgress,
    backpressure: Arc<Mutex<Backpressure>>,
    longest_pause: Arc<AtomicU64>,
    /// The watermark's distance from [`EventTime::MIN`] in milliseconds: 0 is none yet.
    watermark: Arc<AtomicU64>,
}

/// How long a task has waited for a slower task or sink.
#[derive(Debug, Default)]
struct Backpressure {
    /// The waits that are over.
    over: Duration,
    /// When the present wait began.
    since: Option<Instant>,
}

impl TaskMetrics {
    /// How long the task has waited for a slower task or sink, the wait that is under way at `now` included.
    pub fn backpressured(&self, now: Instant) -> Duration {
        let backpressure = self.backpressure();
        let since = backpressure.since;
        backpressure.over + since.map_or(Duration::ZERO, |since| now.duration_since(since))
    }

    /// From `now` on the task waits for a slower task or sink, or no longer does.
    pub(crate) fn waits(&self, waits: bool, now: Instant) {
        let mut backpressure = self.backpressure();
        if waits {
            backpressure.since.get_or_insert(now);
        } else if let Some(since) = backpressure.since.take() {
            backpressure.over += now.duration_since(since);
        }
    }

    fn backpressure(&self) -> std::sync::MutexGuard<'_, Backpressure> {
        let guard = self.backpressure.lock();
        guard.unwrap_or_else(PoisonError::into_inner)
    }

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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::TaskMetrics;

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "some point in time to count from"
    )]
    fn a_wait_that_is_under_way_counts() {
        let (metrics, start) = (TaskMetrics::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        let waited = |seconds| metrics.backpressured(after(seconds)).as_secs();
        metrics.waits(true, after(1));
        metrics.waits(true, after(2));
        assert_eq!(waited(5), 4);
        metrics.waits(false, after(6));
        metrics.waits(false, after(7));
        assert_eq!(waited(9), 5);
        metrics.waits(true, after(10));
        assert_eq!(waited(12), 7);
    }
}
