//! What people are told when records are not where they were.

use millstream_core::{Error, codes};

use super::begin::Missing;
use super::partition::Partition;

fn words(partition: &Partition, missing: Missing) -> String {
    match missing {
        Missing::Records { from, to } => format!(
            "{partition} does not hold the offsets {from} to {} any more: up to {} records were not read",
            to - 1,
            to - from
        ),
        Missing::Other { from, end } => format!(
            "{partition} ends at offset {end} and was to be read on from {from}: the topic was made anew, or has lost its end"
        ),
    }
}

/// The error of records that are gone before they were read.
pub(super) fn missing_error(partition: &Partition, missing: Missing) -> Error {
    Error::new(&codes::SOURCE_OFFSETS, words(partition, missing)).next(
        "set source.kafka.lost to earliest or latest to go on without them, or start without the snapshot",
    )
}

/// The warning of a job that goes on without them, at an offset.
pub(super) fn missing_warning(partition: &Partition, missing: Missing, offset: i64) -> String {
    format!(
        "{}; reading goes on at offset {offset}, as source.kafka.lost says.",
        words(partition, missing)
    )
}
