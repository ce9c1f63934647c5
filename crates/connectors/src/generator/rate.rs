//! How fast a generator may go.

use std::time::{Duration, Instant};

/// Time since some start.
pub(super) type Clock = Box<dyn Fn() -> Duration>;

/// Time since now. The one place of the generator that knows a clock.
#[allow(
    clippy::disallowed_methods,
    reason = "the clock of the generator; everything else takes it as an argument"
)]
pub(super) fn elapsed_clock() -> Clock {
    let start = Instant::now();
    Box::new(move || start.elapsed())
}

/// A number of records a second, counted from the start of the clock.
pub(super) struct Pace {
    rate: f64,
    clock: Clock,
    handed_out: u64,
}

impl Pace {
    /// At most `rate` records a second, above 0 unless there is nothing to hand out.
    pub(super) fn new(rate: f64, clock: Clock) -> Self {
        Self {
            rate,
            clock,
            handed_out: 0,
        }
    }

    /// How many records may be handed out now, at least 1; or how long to wait for the next.
    pub(super) fn allowed(&self) -> Result<u64, Duration> {
        let seconds = (self.clock)().as_secs_f64();
        // A cast of a float saturates, so a rate without bounds allows everything.
        let due = (seconds * self.rate) as u64;
        match due.checked_sub(self.handed_out) {
            Some(allowed) if allowed > 0 => Ok(allowed),
            _ => {
                let next = (self.handed_out + 1) as f64 / self.rate;
                let wait = Duration::try_from_secs_f64(next - seconds).unwrap_or_default();
                // Never 0, or the worker would spin.
                Err(wait.max(Duration::from_micros(100)))
            }
        }
    }

    /// So many records were handed out.
    pub(super) fn used(&mut self, records: u64) {
        self.handed_out += records;
    }
}
