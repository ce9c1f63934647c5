//! How long ago a file changed: whoever writes it may not be done.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a file has been what it is, by the nanoseconds since 1970 at which it was modified; nothing where that lies ahead.
#[allow(
    clippy::disallowed_methods,
    reason = "the home of the clock that times of modification are held against"
)]
pub(crate) fn age(modified: i64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let changed = Duration::from_nanos(u64::try_from(modified).unwrap_or_default());
    now.map_or(Duration::ZERO, |now| now.saturating_sub(changed))
}

/// The moment from which on a file is known to be what it is, whatever its time of modification says.
#[allow(
    clippy::disallowed_methods,
    reason = "the home of the clock that files that were found are held against"
)]
pub(crate) fn moment() -> Instant {
    Instant::now()
}
