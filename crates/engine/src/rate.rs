//! How fast the sources of a job may go together: so many records, and so many bytes, in a second.
//!
//! Each limit is a bucket that fills evenly and holds a tenth of a second. Whoever may hand out takes from it what it may hand
//! out at most and gives back what it did not; what it has handed out beyond that stays owed. So the rate is exact on average,
//! whatever records are like. A source that has to wait does so between two polls, as one without records does:
//! boundaries, stops and other tasks pass. Sources take turns: who asked first is served first.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::connector::Limit;

/// What is handed out at once, as a share of a second.
const STEP: f64 = 0.01;
/// What a bucket holds, as a share of a second.
const FULL: f64 = 0.1;
/// So much later than it said a source may come for its turn.
const LATE: Duration = Duration::from_millis(50);

/// The limits of one job, shared by its sources over all attempts.
#[derive(Debug, Default)]
pub(crate) struct RateLimit {
    records: AtomicU64,
    bytes: AtomicU64,
    /// Sources have been numbered up to here.
    sources: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    records: Bucket,
    bytes: Bucket,
    /// Who waits, and when each comes again.
    waiting: VecDeque<(usize, Instant)>,
}

/// What may be handed out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Grant {
    /// So much now; what of it is not [spent](RateLimit::spent) is given back.
    Now(Limit),
    /// Nothing before this time has passed.
    In(Duration),
}

#[derive(Debug, Default)]
struct Bucket {
    /// What it holds; below 0 what is owed.
    holds: f64,
    filled: Option<Instant>,
}

impl Bucket {
    fn fill(&mut self, rate: f64, now: Instant) {
        let since = self.filled.replace(now).unwrap_or(now);
        let passed = now.saturating_duration_since(since).as_secs_f64();
        let most = (rate * FULL).max(2.0);
        self.holds = (self.holds + rate * passed).min(most);
    }

    /// How long until it may be taken from.
    fn wait(&self, rate: f64) -> Duration {
        let missing = (rate * STEP).max(1.0) - self.holds;
        // A second is looked at again in any case.
        Duration::from_secs_f64((missing / rate).clamp(0.0, 1.0))
    }

    /// Takes up to `wanted`.
    fn take(&mut self, wanted: usize) -> usize {
        let whole = self.holds.max(1.0);
        let taken = wanted.min(whole as usize);
        self.holds -= taken as f64;
        taken
    }

    fn settle(&mut self, taken: usize, spent: usize) {
        self.holds += taken as f64 - spent as f64;
    }
}

impl RateLimit {
    /// Sets the limits that are given; 0: none.
    pub(crate) fn set(&self, records: Option<u64>, bytes: Option<u64>) {
        for (limit, given) in [(&self.records, records), (&self.bytes, bytes)] {
            if let Some(given) = given {
                limit.store(given, Ordering::SeqCst);
            }
        }
    }

    /// The number of another source.
    pub(crate) fn join(&self) -> usize {
        self.sources.fetch_add(1, Ordering::SeqCst)
    }

    fn rates(&self) -> (f64, f64) {
        let rate = |limit: &AtomicU64| limit.load(Ordering::Relaxed) as f64;
        (rate(&self.records), rate(&self.bytes))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `source` may hand out of `limit` at the time `now`.
    pub(crate) fn grant(&self, source: usize, limit: Limit, now: Instant) -> Grant {
        let (records, bytes) = self.rates();
        if records == 0.0 && bytes == 0.0 {
            return Grant::Now(limit);
        }
        let mut inner = self.lock();
        let Inner {
            records: of_records,
            bytes: of_bytes,
            waiting,
        } = &mut *inner;
        let mut wait = Duration::ZERO;
        for (bucket, rate) in [(&mut *of_records, records), (&mut *of_bytes, bytes)] {
            if rate > 0.0 {
                bucket.fill(rate, now);
                wait = wait.max(bucket.wait(rate));
            }
        }
        // Who did not come for its turn has none.
        waiting.retain(|(other, due)| *other == source || *due + LATE > now);
        let is_first = waiting.front().is_none_or(|(first, _)| *first == source);
        if !wait.is_zero() || !is_first {
            let wait = wait.max(Duration::from_millis(1));
            match waiting.iter_mut().find(|(other, _)| *other == source) {
                Some((_, due)) => *due = now + wait,
                None => waiting.push_back((source, now + wait)),
            }
            return Grant::In(wait);
        }
        waiting.pop_front();
        let mut granted = limit;
        if records > 0.0 {
            granted.records = of_records.take(limit.records);
        }
        if bytes > 0.0 {
            granted.bytes = of_bytes.take(limit.bytes);
        }
        Grant::Now(granted)
    }

    /// Of what was `granted` so much was handed out.
    pub(crate) fn spent(&self, granted: Limit, records: usize, bytes: usize) {
        let (record_rate, byte_rate) = self.rates();
        if record_rate == 0.0 && byte_rate == 0.0 {
            return;
        }
        let mut inner = self.lock();
        if record_rate > 0.0 {
            inner.records.settle(granted.records, records);
        }
        if byte_rate > 0.0 {
            inner.bytes.settle(granted.bytes, bytes);
        }
    }
}

#[cfg(test)]
mod tests;
