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

/// Between two questions, at first and at most.
const SOON: Duration = Duration::from_millis(20);
const LATER: Duration = Duration::from_secs(1);

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

    /// How long it is until then.
    pub(super) fn left(&self) -> Duration {
        match self.cancelled.is_set() {
            true => Duration::ZERO,
            false => self.end.saturating_duration_since(Instant::now()),
        }
    }

    /// Whether it has passed.
    pub(super) fn has_passed(&self) -> bool {
        self.left().is_zero()
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

/// For how long something is asked again, soon at first.
#[derive(Debug)]
pub(in crate::kafka) struct Patience {
    deadline: Deadline,
    pause: Duration,
}

impl Patience {
    /// One that lasts for `time` from now, or until the job is being cancelled.
    pub(in crate::kafka) fn of(time: Duration, cancelled: &Cancelled) -> Self {
        Self {
            deadline: Deadline::after(time, cancelled),
            pause: SOON,
        }
    }

    /// Waits until it is time to ask again. False: the patience is over.
    pub(in crate::kafka) fn pause(&mut self) -> bool {
        if self.deadline.has_passed() {
            return false;
        }
        self.deadline.pause(self.pause);
        self.pause = (self.pause * 2).min(LATER);
        true
    }
}
