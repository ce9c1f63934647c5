//! Partitions that are to be read, and whose positions have to be looked at first.

use std::time::Duration;

use crossbeam_channel::after;
use millstream_core::{Error, Result, codes};
use rdkafka::Offset;
use rdkafka::consumer::Consumer;
use tracing::warn;

use super::super::super::begin::{Bounds, Missing, Start, go_on};
use super::super::super::client::{ANSWER, bounds, is_unknown, list};
use super::super::super::messages::{missing_error, missing_warning};
use super::super::super::options::Topics;
use super::super::super::partition::{Partition, Position};
use super::super::Event;
use super::super::reading::Reading;
use super::{AGAIN, BESIDE, Fetching, GLANCE, PATIENCE};

/// A partition that is to be read, and whose position has to be looked at first.
pub(super) struct Waiting {
    pub(super) position: Position,
    pub(super) tries: u32,
    /// Whether its broker was away when it was looked at last.
    pub(super) is_away: bool,
}

impl Waiting {
    pub(super) fn new(position: Position) -> Self {
        Self {
            position,
            tries: 0,
            is_away: false,
        }
    }
}

impl Fetching {
    /// Begins to read partitions that wait, if brokers tell what they hold.
    pub(super) fn try_waiting(&mut self) -> Result<()> {
        if self.again.try_recv().is_ok() {
            self.waiting.append(&mut self.later);
        }
        while let Some(mut waiting) = self.waiting.pop_front() {
            let partition = waiting.position.partition.clone();
            let doing = format!("{partition} can't be read");
            // Nothing else is read while this is waited for.
            let (patience, pause) = match self.reading.is_empty() {
                true => (ANSWER, AGAIN),
                false => (GLANCE, BESIDE),
            };
            let next = waiting.position.next;
            match bounds(&self.client, &self.options, &partition, next, patience) {
                Ok(bounds) => {
                    self.client.context().forget_trouble();
                    self.begin(waiting, bounds)?;
                }
                Err(error) => {
                    if is_unknown(&error) && waiting.tries >= PATIENCE {
                        return Err(self.absent(&partition));
                    }
                    self.heed(&error, &doing)?;
                    if is_unknown(&error) {
                        waiting.tries += 1;
                        // Of a topic that has grown the client knows what it was, for minutes, unless it asks. No answer, no news.
                        drop(self.client.fetch_metadata(Some(&partition.topic), GLANCE));
                    }
                    waiting.is_away = !is_unknown(&error);
                    // The next ones may have the same broker. They have their turn first, as they may have another one.
                    let mut others = std::mem::take(&mut self.waiting);
                    others.push_back(waiting);
                    for other in others {
                        let pause = if other.is_away { pause } else { AGAIN };
                        self.try_later(other, pause);
                    }
                }
            }
        }
        Ok(())
    }

    /// The error of a partition that is not there.
    fn absent(&self, partition: &Partition) -> Error {
        let next = match self.options.topics {
            Topics::Names(_) => {
                "a job whose topic was deleted can't read on: start it without the snapshot"
            }
            Topics::Pattern(_) => {
                "with source.kafka.lost earliest or latest the next start goes on without a topic that was deleted"
            }
        };
        let message = format!("{partition} is not there");
        Error::new(&codes::SOURCE_KAFKA, message).next(next)
    }

    /// Has a position looked at again after a while: with those that wait already, unless that is sooner.
    pub(super) fn try_later(&mut self, waiting: Waiting, pause: Duration) {
        if self.later.is_empty() || pause == AGAIN {
            self.again = after(pause);
        }
        self.later.push_back(waiting);
    }

    /// Begins to read a partition that holds what `bounds` say.
    fn begin(&mut self, mut waiting: Waiting, bounds: Bounds) -> Result<()> {
        let Position {
            partition, next, ..
        } = &waiting.position;
        let next = match go_on(*next, bounds, self.options.lost) {
            Start::At(next) => next,
            Start::Behind(_, Missing::Other { .. }) | Start::Refused(Missing::Other { .. })
                if waiting.tries < PATIENCE =>
            {
                waiting.tries += 1;
                self.try_later(waiting, AGAIN);
                return Ok(());
            }
            Start::Behind(next, missing) => {
                warn!("{}", missing_warning(partition, missing, next));
                self.outcome
                    .push_back(Event::Moved(partition.clone(), next));
                next
            }
            Start::Refused(missing) => return Err(missing_error(partition, missing)),
            Start::Unknown => *next,
        };
        let Position { partition, end, .. } = waiting.position;
        if end.is_some_and(|end| next >= end) {
            self.outcome.push_back(Event::Ended(partition));
            return Ok(());
        }
        let ring = self.ring.clone();
        let queue = self
            .client
            .split_partition_queue(&partition.topic, partition.number);
        let Some(mut queue) = queue else {
            let message = format!("{partition} can't be read: librdkafka has no queue for it");
            return Err(Error::new(&codes::INTERNAL, message));
        };
        queue.set_nonempty_callback(move || {
            // A bell that has been rung need not be rung again.
            let _rung = ring.try_send(());
        });
        let assigned = list([(&partition, Offset::Offset(next))])
            .and_then(|list| self.client.incremental_assign(&list));
        assigned.map_err(|error| {
            let message = format!("{partition} can't be read");
            Error::new(&codes::SOURCE_KAFKA, message).cause(error)
        })?;
        self.reading.push(Reading {
            partition,
            queue,
            next,
            end,
            met_end: None,
            heard: None,
        });
        Ok(())
    }
}
