//! Times: seconds since 2015 and what is behind them, in two streams.

use std::fmt;

use arrow::datatypes::TimeUnit;

/// Seconds from 1970 to 2015, where times of ORC begin.
const BEGIN: i64 = 1_420_070_400;
/// From so many nanoseconds on readers take a second off times before 1970 (ORC-763).
const TAKEN_OFF: i64 = 1_000_000;

/// Why a time is none of ORC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoTime {
    /// Between a millisecond behind 1969-12-31 23:59:59 and 1970: written as the same part of the second behind.
    LastSecond,
    /// Further away than ORC's seconds go.
    Far,
}

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LastSecond => {
                "parts of the last second before 1970 can't be told from those of the second behind it in ORC"
            }
            Self::Far => "it is further away than times of ORC go",
        })
    }
}

/// A time as what its two streams hold.
///
/// # Errors
/// ORC has no such time.
pub(crate) fn parts(value: i64, unit: TimeUnit) -> Result<(i64, i64), NoTime> {
    let (in_second, nanoseconds) = match unit {
        TimeUnit::Second => (1, 1_000_000_000),
        TimeUnit::Millisecond => (1_000, 1_000_000),
        TimeUnit::Microsecond => (1_000_000, 1_000),
        TimeUnit::Nanosecond => (1_000_000_000, 1),
    };
    let behind = value.rem_euclid(in_second) * nanoseconds;
    let mut seconds = value.div_euclid(in_second);
    if seconds < 0 && behind >= TAKEN_OFF {
        if seconds == -1 {
            return Err(NoTime::LastSecond);
        }
        seconds += 1;
    }
    let seconds = seconds.checked_sub(BEGIN).ok_or(NoTime::Far)?;
    Ok((seconds, without_zeros(behind)))
}

/// The millisecond that a time is in, if there is a number for it.
pub(crate) fn millis(value: i64, unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Second => value.checked_mul(1_000),
        TimeUnit::Millisecond => Some(value),
        TimeUnit::Microsecond => Some(value.div_euclid(1_000)),
        TimeUnit::Nanosecond => Some(value.div_euclid(1_000_000)),
    }
}

/// Nanoseconds whose last zeros are counted in the last three bits, from two on.
fn without_zeros(nanoseconds: i64) -> i64 {
    if nanoseconds == 0 || nanoseconds % 100 != 0 {
        return nanoseconds << 3;
    }
    let (mut left, mut zeros) = (nanoseconds / 100, 1);
    while left % 10 == 0 && zeros < 7 {
        left /= 10;
        zeros += 1;
    }
    left << 3 | zeros
}
