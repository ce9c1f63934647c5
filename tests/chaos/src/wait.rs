//! The one place that waits: for conditions, with a patience.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::violation::Kind;

/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(5);

/// The present moment.
#[allow(clippy::disallowed_methods, reason = "the harness is a driver")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Lets `time` pass: what is under way at a moment of the schedule is what a fault meets.
#[allow(
    clippy::disallowed_methods,
    reason = "the moment of a fault is a time, and files and processes have no way to tell"
)]
pub(crate) fn pass(time: Duration) {
    std::thread::sleep(time);
}

/// Looks at `condition` until it holds; `false`: it did not within `patience`.
pub(crate) fn holds_within(
    patience: Duration,
    mut condition: impl FnMut() -> Result<bool>,
) -> Result<bool> {
    let end = now() + patience;
    loop {
        if condition()? {
            return Ok(true);
        }
        if now() >= end {
            return Ok(false);
        }
        pass(LOOK);
    }
}

/// Waits until `condition` holds.
///
/// # Errors
/// Those of the condition; [`Kind::Stuck`]: it did not hold within `patience`.
pub(crate) fn until(
    what: &str,
    patience: Duration,
    condition: impl FnMut() -> Result<bool>,
) -> Result<()> {
    if holds_within(patience, condition)? {
        return Ok(());
    }
    Err(Kind::Stuck.because(format!("waited {} s for {what}", patience.as_secs())))
}
