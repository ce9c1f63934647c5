//! Event time.

use std::fmt;

/// A point in event time: milliseconds since 1970-01-01T00:00:00Z, as in Flink. Also the value of a
/// watermark, which promises that no record at or before it comes any more.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct EventTime(i64);

impl EventTime {
    /// Before every record: no promise yet.
    pub const MIN: Self = Self(i64::MIN);
    /// After every record: event time has come to its end.
    pub const MAX: Self = Self(i64::MAX);

    /// The point `milliseconds` after the epoch.
    pub const fn from_millis(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
