//! The clock and the randomness of this crate; everything else takes them as arguments.

use std::time::SystemTime;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[allow(clippy::disallowed_methods, reason = "the home of the clock")]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// 16 random bytes: an id.
pub(crate) fn random_id() -> [u8; 16] {
    rand::random()
}

/// A random number.
pub(crate) fn random_number() -> u64 {
    rand::random()
}
