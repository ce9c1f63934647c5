//! The thread that asks brokers.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use millstream_core::{Error, codes};
use millstream_engine::connector::Waker;
use rdkafka::Offset;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaResult;
use rdkafka::metadata::MetadataTopic;
use tracing::{info, warn};

use super::super::begin::{Bounds, Fresh, Known, New, Start, begin, end_of};
use super::super::client::{ANSWER, Client, Trouble, bounds, is_unknown, judge, list};
use super::super::identity::{Identity, Ids, made_anew};
use super::super::messages::{anew_error, anew_warning, missing_error, missing_warning};
use super::super::options::{End, KafkaSourceOptions, Lost, Reset};
use super::super::partition::{Partition, Position};
use super::super::topics::Wanted;
use super::{Announcement, SharedDesk, at};

/// A broker that is away is asked again after this time.
const AGAIN: Duration = Duration::from_secs(1);
/// Between two looks whether topics are still the same.
const IDS: Duration = Duration::from_secs(5);
/// So often a topic may be missing before it is taken for one that is not there: a topic that has just been made is
/// not known to every broker at once.
const ABSENT: u32 = 10;

/// The thread that asks brokers.
pub(super) struct Looker {
    pub(super) client: Client,
    pub(super) identity: Identity,
    /// The ids that are known of topics.
    pub(super) ids: Ids,
    /// Whether all partitions were found before.
    pub(super) complete: bool,
    /// Whether readers have been told to begin.
    pub(super) begun: bool,
    pub(super) options: Arc<KafkaSourceOptions>,
    pub(super) wanted: Wanted,
    pub(super) known: Known,
    /// Partitions that a job without end has read, and whose end is to be told now.
    pub(super) endless: Vec<Position>,
    /// How many looks in a row have missed a topic.
    pub(super) absent: u32,
    pub(super) desk: SharedDesk,
    pub(super) waker: Waker,
    pub(super) stopped: Receiver<()>,
}

/// What a look has found.
struct Found {
    positions: Vec<Position>,
    anew: Vec<String>,
    /// Ids that were not known.
    ids: Ids,
}

impl Looker {
    pub(super) fn run(mut self) {
        let bounded = self.options.end != End::None;
        // How long until the next look for partitions; `None`: there is none.
        let mut left = Some(Duration::ZERO);
        loop {
            let is_time = left == Some(Duration::ZERO);
            let looked = if is_time {
                self.look().map(|found| {
                    self.announce(found, bounded);
                    left = self.options.discovery;
                })
            } else {
                self.look_at_ids()
            };
            let mut over = bounded && self.begun;
            let wait = match looked {
                Ok(()) => {
                    over |= left.is_none() && !self.identity.is_known();
                    left.map_or(IDS, |left| left.min(IDS))
                }
                Err(Trouble::Away(why)) => {
                    if is_time {
                        at(&self.desk).held_up = Some(why);
                    }
                    AGAIN
                }
                Err(Trouble::Refused(error)) => {
                    at(&self.desk).failed = Some(error);
                    over = true;
                    AGAIN
                }
            };
            self.waker.wake();
            if over || self.stopped.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            left = left.map(|left| left.saturating_sub(wait));
        }
    }

    fn announce(&mut self, found: Found, complete: bool) {
        let mut desk = at(&self.desk);
        desk.held_up = None;
        let Found {
            positions,
            anew,
            ids,
        } = found;
        for position in &positions {
            info!(
                "Reads {} from offset {}.",
                position.partition, position.next
            );
        }
        // The first one has readers begin, also where there is nothing new.
        if !self.begun || !positions.is_empty() {
            desk.announcements.push_back(Announcement {
                found: positions,
                complete,
                anew,
                ids,
            });
        }
        self.begun = true;
    }

    /// Asks for partitions that nobody knows, and where they begin and end.
    fn look(&mut self) -> std::result::Result<Found, Trouble> {
        let there = if self.complete {
            self.known.partitions()
        } else {
            self.partitions()?
        };
        let (ids, anew) = self.identify(&there)?;
        let is_anew = |partition: &Partition| anew.iter().any(|topic| *topic == *partition.topic);
        let there = if self.complete && !anew.is_empty() {
            self.partitions()?
        } else {
            there
        };
        let mut new = self.known.new_among(&there, is_anew);
        new.retain(|new| !self.complete || new.is_anew);
        self.endless
            .retain(|position| !is_anew(&position.partition));
        let mut positions = self.begin(&new)?;
        positions.extend(self.ends()?);
        self.known.take(&new);
        self.endless.clear();
        self.ids.extend(ids.clone());
        self.client.context().forget_trouble();
        Ok(Found {
            positions,
            anew,
            ids,
        })
    }

    /// The ids of the topics that there are, and those that are made anew, where that is accepted.
    fn identify(
        &mut self,
        there: &[Partition],
    ) -> std::result::Result<(Ids, Vec<String>), Trouble> {
        let mut topics: Vec<&str> = there.iter().map(|partition| &*partition.topic).collect();
        topics.dedup();
        let ids = self
            .identity
            .ask(&topics, self.begun)
            .map_err(Trouble::Away)?;
        let anew = made_anew(&self.ids, &ids);
        // A job that is under way has read on under the other's name already.
        if !anew.is_empty() && (self.begun || self.options.lost == Lost::Fail) {
            return Err(Trouble::Refused(anew_error(&anew, self.begun)));
        }
        for anew in &anew {
            warn!("{}", anew_warning(anew, self.options.lost));
        }
        Ok((ids, anew.into_iter().map(|anew| anew.topic).collect()))
    }

    /// Looks whether the topics that are read are still the same.
    fn look_at_ids(&mut self) -> std::result::Result<(), Trouble> {
        let known = self.known.partitions();
        self.identify(&known).map(drop)
    }

    /// The partitions of the topics that are wanted.
    fn partitions(&mut self) -> std::result::Result<Vec<Partition>, Trouble> {
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
        missing.extend(self.known.missing_topics(&there));
        missing.sort_unstable();
        missing.dedup();
        let Some(first) = missing.first() else {
            self.absent = 0;
            return Ok(there);
        };
        self.absent += 1;
        if self.absent < ABSENT {
            return Err(Trouble::Away(format!("topic {first} is not there")));
        }
        let next = "make the topic, or correct source.kafka.topic; a job whose topic was deleted can't read on";
        let message = format!("topic {} is not there", missing.join(", "));
        Err(Trouble::Refused(
            Error::new(&codes::SOURCE_KAFKA, message).next(next),
        ))
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

    /// Where partitions end that were read without an end.
    fn ends(&self) -> std::result::Result<Vec<Position>, Trouble> {
        let partitions: Vec<&Partition> = self
            .endless
            .iter()
            .map(|position| &position.partition)
            .collect();
        let at_end = match self.options.end {
            End::Timestamp(time) => self.at(&partitions, time)?,
            _ => Vec::new(),
        };
        let mut positions = self.endless.clone();
        for position in &mut positions {
            let partition = &position.partition;
            let fresh = Fresh {
                bounds: self.bounds(partition)?,
                committed: None,
                at_reset: None,
                at_end: offset_in(&at_end, partition),
                is_added: false,
            };
            position.end = end_of(partition, &fresh, &self.options.end);
        }
        Ok(positions)
    }

    fn bounds(&self, partition: &Partition) -> std::result::Result<Bounds, Trouble> {
        let doing = format!("the offsets of {partition} can't be asked for");
        self.ask(&doing, |client| bounds(client, partition))
    }

    /// Where new partitions begin and end.
    fn begin(&self, new: &[New]) -> std::result::Result<Vec<Position>, Trouble> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let unset = list(new.iter().map(|new| (&new.partition, Offset::Invalid)));
        let group = self.ask("the group's offsets can't be asked for", |client| {
            client.committed_offsets(unset?, ANSWER)
        })?;
        let committed = known_offsets(&group);
        let partitions: Vec<&Partition> = new.iter().map(|new| &new.partition).collect();
        let at_reset = match self.options.reset {
            Reset::Timestamp(time) => self.at(&partitions, time)?,
            _ => Vec::new(),
        };
        let at_end = match self.options.end {
            End::Timestamp(time) => self.at(&partitions, time)?,
            _ => Vec::new(),
        };
        let mut positions = Vec::with_capacity(new.len());
        for New {
            partition,
            is_added,
            is_anew,
        } in new
        {
            let fresh = Fresh {
                bounds: self.bounds(partition)?,
                committed: offset_in(&committed, partition),
                at_reset: offset_in(&at_reset, partition),
                at_end: offset_in(&at_end, partition),
                is_added: *is_added,
            };
            let next = match self.options.lost {
                Lost::Latest if *is_anew => fresh.bounds.high,
                _ if *is_anew => fresh.bounds.low,
                _ => self.decide(partition, &fresh)?,
            };
            positions.push(Position {
                partition: partition.clone(),
                next,
                end: end_of(partition, &fresh, &self.options.end),
            });
        }
        Ok(positions)
    }

    fn decide(&self, partition: &Partition, fresh: &Fresh) -> std::result::Result<i64, Trouble> {
        match begin(fresh, self.options.reset, self.options.lost) {
            Start::At(offset) => Ok(offset),
            Start::Behind(offset, missing) => {
                warn!("{}", missing_warning(partition, missing, offset));
                Ok(offset)
            }
            Start::Refused(missing) => Err(Trouble::Refused(missing_error(partition, missing))),
            Start::Unknown => {
                let message = format!(
                    "group {} has no offset for {partition}, and auto.offset.reset is none",
                    self.options.group
                );
                Err(Trouble::Refused(
                    Error::new(&codes::SOURCE_OFFSETS, message).next(
                        "give auto.offset.reset earliest or latest, or set the group's offsets",
                    ),
                ))
            }
        }
    }

    /// The offsets of the first records that are not older than `time`.
    fn at(
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

    fn ask<T>(
        &self,
        doing: &str,
        question: impl FnOnce(&Client) -> KafkaResult<T>,
    ) -> std::result::Result<T, Trouble> {
        question(&self.client).map_err(|error| {
            // What librdkafka tells by itself is heard by who polls.
            while self.client.poll(Duration::ZERO).is_some() {}
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

fn offset_in(offsets: &[(Partition, i64)], partition: &Partition) -> Option<i64> {
    let found = offsets.iter().find(|(known, _)| known == partition);
    found.map(|(_, offset)| *offset)
}
