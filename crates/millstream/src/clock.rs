//! The clock and the randomness of this crate; everything behind takes them as arguments.

use std::time::{Duration, Instant, SystemTime};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[allow(clippy::disallowed_methods, reason = "the home of the clock")]
pub(crate) fn time_of_day() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Now, for measuring.
#[allow(clippy::disallowed_methods, reason = "the home of the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A random number.
pub(crate) fn random_number() -> u64 {
    rand::random()
}

/// A duration as people read it: `850 ms`, `12.3 s`, `4 min 10 s`.
pub(crate) fn readable(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{} ms", duration.as_millis())
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else if seconds < 3_600.0 {
        format!(
            "{} min {} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        )
    } else {
        format!(
            "{} h {} min",
            duration.as_secs() / 3_600,
            duration.as_secs() / 60 % 60
        )
    }
}
