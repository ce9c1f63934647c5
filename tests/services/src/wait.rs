//! Waiting for a condition, with a patience.

use std::time::{Duration, Instant};

use crate::{Failure, Result};

/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);

/// Looks at `condition` until it answers something.
///
/// # Errors
/// Those of the condition; it answered nothing within `patience`.
#[allow(
    clippy::disallowed_methods,
    reason = "a process of another program has no way to tell when it is ready"
)]
pub(crate) fn until<T>(
    what: &str,
    patience: Duration,
    mut condition: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(answer) = condition()? {
            return Ok(answer);
        }
        if Instant::now() >= end {
            let seconds = patience.as_secs();
            return Err(Failure::new(format!("waited {seconds} s for {what}")));
        }
        std::thread::sleep(LOOK);
    }
}
