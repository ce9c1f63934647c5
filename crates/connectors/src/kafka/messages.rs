//! What people are told when records are not where they were.

use millstream_core::{Error, codes};
use rdkafka::error::KafkaError;

use super::begin::Missing;
use super::identity::Anew;
use super::options::Lost;
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

/// The error of records that are not what was written, from this offset on or soon behind it. The client's library would go on behind them.
pub(super) fn damaged_error(partition: &Partition, offset: i64) -> Error {
    let message = format!(
        "{partition} can't be read from offset {offset} on: records come with a checksum that is not theirs, or can't be decompressed"
    );
    Error::new(&codes::SOURCE_KAFKA, message)
        .next("the next attempt reads them again; where they lie damaged on the broker's disk, have another replica lead the partition")
}

/// The warning of a job that goes on without them, at an offset.
pub(super) fn missing_warning(partition: &Partition, missing: Missing, offset: i64) -> String {
    format!(
        "{}; reading goes on at offset {offset}, as source.kafka.lost says.",
        words(partition, missing)
    )
}

/// The warning of a group that does not take where reading begins.
pub(super) fn unnoted_warning(group: &str, error: &KafkaError) -> String {
    let code = error.rdkafka_error_code();
    let said = code.map_or_else(|| error.to_string(), |code| code.to_string());
    format!(
        "Where reading begins can't be committed to group {group}: {said}. A job that fails before its first checkpoint begins as \
         auto.offset.reset says then, which may be behind records that it has read now."
    )
}

/// The error of a partition for which nothing says where to begin.
pub(super) fn unknown_error(partition: &Partition, group: &str) -> Error {
    let message =
        format!("group {group} has no offset for {partition}, and auto.offset.reset is none");
    Error::new(&codes::SOURCE_OFFSETS, message)
        .next("give auto.offset.reset earliest or latest, or set the group's offsets")
}

/// What is waited for where a partition ends before what the group knows of it.
pub(super) fn beyond(partition: &Partition, missing: Missing) -> String {
    words(partition, missing)
}

/// The error of topics that are not there. `begun`: the job has noticed it on the way.
pub(super) fn absent_error(topics: &[String], by_pattern: bool, begun: bool) -> Error {
    let message = format!("topic {} is not there", topics.join(", "));
    let next = match (by_pattern, begun) {
        (false, _) => {
            "make the topic, or correct source.kafka.topic; a job whose topic was deleted can't read on"
        }
        (true, false) => {
            "it was read and is deleted: set source.kafka.lost to earliest or latest to go on without it"
        }
        (true, true) => {
            "it was read and is deleted: with source.kafka.lost earliest or latest the next start goes on without it"
        }
    };
    Error::new(&codes::SOURCE_KAFKA, message).next(next)
}

/// The warning of a job that goes on without a topic that its pattern held.
pub(super) fn gone_warning(topic: &str) -> String {
    format!(
        "Topic {topic} was deleted; reading goes on without it, as source.kafka.lost says. What it held that was not read is lost, and one of \
         its name that is made later is read from its start."
    )
}

fn anew_words(anew: &Anew) -> String {
    let Anew { topic, was, is } = anew;
    format!("topic {topic} was deleted and made anew (its id was {was} and is {is})")
}

/// The error of topics that are others than those that were read. `begun`: the job has noticed it on the way.
pub(super) fn anew_error(anew: &[Anew], begun: bool) -> Error {
    let words: Vec<String> = anew.iter().map(anew_words).collect();
    let so_far = if begun {
        "; records that were read since may be those of the new one"
    } else {
        ""
    };
    Error::new(
        &codes::SOURCE_OFFSETS,
        format!("{}{so_far}", words.join(", ")),
    )
    .next("set source.kafka.lost to earliest or latest to go on with the new one, or start without the snapshot")
}

/// The warning of a job that goes on with the new one.
pub(super) fn anew_warning(anew: &Anew, lost: Lost) -> String {
    let place = match lost {
        Lost::Latest => "behind its newest record",
        Lost::Fail | Lost::Earliest => "at its oldest record",
    };
    format!(
        "{}; reading begins {place}, as source.kafka.lost says.",
        anew_words(anew)
    )
}
