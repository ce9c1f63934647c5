//! Times of messages, which are numbers of milliseconds since 1970, in columns of timestamps.

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use chrono::DateTime;

/// Whether there is such a day: with a time of none, whoever is to write it would fail.
pub(super) fn is_of_a_day(millis: i64) -> bool {
    DateTime::from_timestamp_millis(millis).is_some()
}

/// Milliseconds since 1970 as timestamps of this kind.
///
/// # Errors
/// They are no numbers.
pub(super) fn as_times(millis: &ArrayRef, kind: &DataType) -> Result<ArrayRef, ArrowError> {
    let times = cast(millis, &DataType::Timestamp(TimeUnit::Millisecond, None))?;
    cast(&times, kind)
}
