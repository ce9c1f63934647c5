//! How far librdkafka has fetched partitions, as it tells in its statistics: the only place where rdkafka shows it.
//!
//! [`PartitionEOF`](rdkafka::error::KafkaError::PartitionEOF) has lost the offset at which the partition ended, and the position of a
//! consumer stands behind the last message or mark, not behind what was passed over in silence (records of transactions that were
//! given up, and what compaction took). What was fetched up to is behind all of those.

#![allow(
    clippy::disallowed_methods,
    reason = "whether statistics are older than what was seen of a partition is known by a clock only"
)]

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::statistics::Statistics;

use super::partition::Partition;

/// The present, for [`Fetched::next`].
pub(super) fn now() -> Instant {
    Instant::now()
}

/// What a consumer has told of how far it has fetched.
pub(super) struct Fetched {
    /// When the consumer was made, or a little earlier.
    made: Instant,
    told: Mutex<Told>,
}

struct Told {
    /// When the statistics were made that were heard last, or a little earlier.
    at: Instant,
    /// The offset behind the last one that was fetched.
    next: BTreeMap<Partition, i64>,
}

/// Of a consumer that is about to be made.
impl Default for Fetched {
    fn default() -> Self {
        let made = now();
        let next = BTreeMap::new();
        Self {
            made,
            told: Mutex::new(Told { at: made, next }),
        }
    }
}

impl Fetched {
    /// Takes over what the consumer tells of itself.
    pub(super) fn hear(&self, statistics: &Statistics) {
        let age = Duration::from_micros(u64::try_from(statistics.age).unwrap_or(0));
        let Some(at) = self.made.checked_add(age) else {
            return;
        };
        let mut next = BTreeMap::new();
        for (topic, told) in &statistics.topics {
            // What is not known yet is below 0.
            let known = told.partitions.values();
            let known = known.filter(|told| told.partition >= 0 && told.next_offset >= 0);
            for told in known {
                let partition = Partition::new(topic.as_str(), told.partition);
                next.insert(partition, told.next_offset);
            }
        }
        *self.told() = Told { at, next };
    }

    /// When the statistics were made that were heard last.
    pub(super) fn at(&self) -> Instant {
        self.told().at
    }

    /// The offset behind the last one that was fetched of a partition, by statistics that were made after `moment`.
    pub(super) fn next(&self, partition: &Partition, moment: Instant) -> Option<i64> {
        let told = self.told();
        let is_later = told.at > moment;
        told.next.get(partition).copied().filter(|_| is_later)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
