//! What brokers are asked about partitions and offsets.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::metadata::MetadataTopic;

use super::super::begin::{Bounds, Fresh, New};
use super::super::client::{ANSWER, Client, Trouble, bounds, is_unknown, judge, list};
use super::super::options::{End, KafkaSourceOptions, Reset};
use super::super::partition::{Partition, Position};
use super::super::topics::Wanted;

/// Whoever asks brokers, as what consumer, and about what.
pub(in crate::kafka) struct Questions {
    pub(in crate::kafka) client: Client,
    pub(in crate::kafka) options: Arc<KafkaSourceOptions>,
    pub(in crate::kafka) wanted: Wanted,
}

impl Questions {
    /// The partitions of the topics that are wanted, and the named topics that are not there.
    pub(in crate::kafka) fn partitions(
        &self,
    ) -> std::result::Result<(Vec<Partition>, Vec<String>), Trouble> {
        let mut there = Vec::new();
        let mut missing = Vec::new();
        for name in self.wanted.names() {
            let metadata = self.ask("topics can't be asked for", |client| {
                client.fetch_metadata(name, ANSWER)
            })?;
            for topic in metadata.topics() {
                match name {
                    Some(name) if !self.has_partitions(topic)? => missing.push(name.to_owned()),
                    None if !self.wanted.holds(topic.name()) => {}
                    _ => there.extend(partitions_of(topic)),
                }
            }
        }
        Ok((there, missing))
    }

    /// Whether a topic is there that is not told of among all of them, where brokers leave out what the user may not see.
    ///
    /// # Errors
    /// The user may not see it, or nobody answers.
    pub(super) fn is_there(&self, topic: &str) -> std::result::Result<bool, Trouble> {
        let metadata = self.ask("topics can't be asked for", |client| {
            client.fetch_metadata(Some(topic), ANSWER)
        })?;
        let found = metadata.topics().first();
        found.map_or(Ok(false), |found| self.has_partitions(found))
    }

    /// Whether a topic that was asked for by name is there.
    fn has_partitions(&self, topic: &MetadataTopic) -> std::result::Result<bool, Trouble> {
        let Some(error) = topic.error() else {
            return Ok(!topic.partitions().is_empty());
        };
        let error = rdkafka::error::KafkaError::MetadataFetch(error.into());
        if is_unknown(&error) {
            return Ok(false);
        }
        let doing = format!("topic {} can't be read", topic.name());
        Err(judge(&error, &doing, self.client.context()))
    }

    /// The offsets that the group has committed.
    pub(in crate::kafka) fn committed(
        &self,
        partitions: &[&Partition],
    ) -> std::result::Result<Vec<(Partition, i64)>, Trouble> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let partitions = partitions.iter();
        let unset = list(partitions.map(|partition| (*partition, Offset::Invalid)));
        let group = self.ask("the group's offsets can't be asked for", |client| {
            client.committed_offsets(unset?, ANSWER)
        })?;
        Ok(known_offsets(&group))
    }

    /// Has the group note where partitions begin, and waits until it has.
    pub(super) fn note(&self, begins: &[Position]) -> KafkaResult<()> {
        self.hear();
        let begins = begins.iter();
        let noted = list(begins.map(|begin| (&begin.partition, Offset::Offset(begin.next))))
            .and_then(|offsets| self.client.commit(&offsets, CommitMode::Sync));
        self.hear();
        noted
    }

    /// What is known of partitions that nobody has read from yet, in their order.
    pub(in crate::kafka) fn fresh(
        &self,
        new: &[New],
        committed: &[(Partition, i64)],
    ) -> std::result::Result<Vec<Fresh>, Trouble> {
        let partitions: Vec<&Partition> = new.iter().map(|new| &new.partition).collect();
        let at_reset = match self.options.reset {
            Reset::Timestamp(time) => self.at(&partitions, time)?,
            _ => Vec::new(),
        };
        let at_end = match self.options.end {
            End::Timestamp(time) => self.at(&partitions, time)?,
            _ => Vec::new(),
        };
        let fresh = new.iter().map(|new| {
            let partition = &new.partition;
            Ok(Fresh {
                bounds: self.bounds(partition, offset_in(committed, partition))?,
                committed: offset_in(committed, partition),
                at_reset: offset_in(&at_reset, partition),
                at_end: offset_in(&at_end, partition),
                is_added: new.is_added,
            })
        });
        fresh.collect()
    }

    /// The offsets that a partition holds, of which the group knows `committed`.
    pub(super) fn bounds(
        &self,
        partition: &Partition,
        committed: Option<i64>,
    ) -> std::result::Result<Bounds, Trouble> {
        let doing = format!("the offsets of {partition} can't be asked for");
        let next = committed.unwrap_or(0);
        self.ask(&doing, |client| {
            bounds(client, &self.options, partition, next, ANSWER)
        })
    }

    /// The offsets of the first records that are not older than `time`.
    pub(super) fn at(
        &self,
        partitions: &[&Partition],
        time: i64,
    ) -> std::result::Result<Vec<(Partition, i64)>, Trouble> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let partitions = partitions.iter();
        let times = list(partitions.map(|partition| (*partition, Offset::Offset(time))));
        let found = self.ask("the offsets of a time can't be asked for", |client| {
            client.offsets_for_times(times?, ANSWER)
        })?;
        Ok(known_offsets(&found))
    }

    fn hear(&self) {
        while self.client.poll(Duration::ZERO).is_some() {}
    }

    fn ask<T>(
        &self,
        doing: &str,
        question: impl FnOnce(&Client) -> KafkaResult<T>,
    ) -> std::result::Result<T, Trouble> {
        // Whoever logs in by a token is asked for it by who polls.
        self.hear();
        question(&self.client).map_err(|error| {
            // What librdkafka tells by itself is heard by who polls.
            self.hear();
            judge(&error, doing, self.client.context())
        })
    }
}

fn partitions_of(topic: &MetadataTopic) -> impl Iterator<Item = Partition> {
    let name: Arc<str> = topic.name().into();
    let numbers = topic.partitions().iter();
    numbers.map(move |partition| Partition::new(Arc::clone(&name), partition.id()))
}

/// The partitions of a list for which an offset is known.
fn known_offsets(list: &rdkafka::TopicPartitionList) -> Vec<(Partition, i64)> {
    let elements = list.elements();
    let known = elements.iter().filter_map(|element| {
        let Offset::Offset(offset) = element.offset() else {
            return None;
        };
        Some((Partition::new(element.topic(), element.partition()), offset))
    });
    known.collect()
}

pub(super) fn offset_in(offsets: &[(Partition, i64)], partition: &Partition) -> Option<i64> {
    let found = offsets.iter().find(|(known, _)| known == partition);
    found.map(|(_, offset)| *offset)
}
