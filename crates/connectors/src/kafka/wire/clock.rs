//! The home of the clock for requests: how long brokers are waited for.

#![allow(
    clippy::disallowed_methods,
    reason = "brokers have no way to tell that they never will answer"
)]

use std::time::{Duration, Instant};

use crossbeam_channel::never;
use millstream_engine::connector::Cancelled;

/// The longest time without a look at whether the job is being cancelled.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// When something must have happened.
#[derive(Debug, Clone)]
pub(super) struct Deadline {
    end: Instant,
    cancelled: Cancelled,
}

impl Deadline {
    /// After `time` from now, or as soon as the job is being cancelled.
    pub(super) fn after(time: Duration, cancelled: &Cancelled) -> Self {
        Self {
            end: Instant::now() + time,
            cancelled: cancelled.clone(),
        }
    }

    /// Whether it has passed.
    pub(super) fn has_passed(&self) -> bool {
        self.cancelled.is_set() || Instant::now() >= self.end
    }

    /// Waits for `time`, not beyond this deadline.
    pub(super) fn pause(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.has_passed() {
            let now = left.min(LOOK);
            // Nothing is ever sent.
            let _over = never::<()>().recv_timeout(now);
            left = left.saturating_sub(now);
        }
    }
}
