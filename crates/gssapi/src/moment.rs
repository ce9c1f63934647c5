//! Moments by both clocks of a machine.

use std::time::{Duration, Instant, SystemTime};

/// A moment by two clocks: one stands still while the machine is suspended, the other one may be set. Tickets go by the other one,
/// and who has got them can't tell how it was set since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    #[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
    pub(crate) fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// So much later, by both.
    pub(crate) fn after(self, time: Duration) -> Self {
        Self {
            steady: self.steady + time,
            wall: self.wall + time,
        }
    }

    /// The earlier one of the two, by each clock.
    pub(crate) fn min(self, other: Self) -> Self {
        Self {
            steady: self.steady.min(other.steady),
            wall: self.wall.min(other.wall),
        }
    }

    /// Whether it is past at `now`, by either clock.
    pub(crate) fn is_past(self, now: Self) -> bool {
        now.steady >= self.steady || now.wall >= self.wall
    }
}

#[cfg(test)]
mod tests;
