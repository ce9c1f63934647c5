//! Event time, and times of day for people.

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
    /// The first of the times that are told apart where it is remembered what was seen: in the year 2490 BC.
    pub const FIRST_KEPT: Self = Self(-(1 << 47));
    /// The last of them: in the year 6429. What lies behind is no date that people mean, but a number in another unit.
    pub const LAST_KEPT: Self = Self((1 << 47) - 2);

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

/// A time of day, in milliseconds since 1970-01-01T00:00:00Z, for people: `2026-11-28T03:52:11Z`.
///
/// ```
/// assert_eq!(millstream_core::time::utc(1_795_837_931_000), "2026-11-28T03:52:11Z");
/// ```
pub fn utc(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March, in periods of 400 years (146,097 days): leap days come last.
    let from_march = days + 719_468;
    let (period, day) = (from_march / 146_097, from_march % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let march_based = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * march_based + 2) / 5 + 1;
    let (month, later) = if march_based < 10 {
        (march_based + 3, 0)
    } else {
        (march_based - 9, 1)
    };
    let year = period * 400 + year + later;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{of_month:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn times_of_day_for_people() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_704_067_199, "2023-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds * 1_000), text);
        }
    }
}
