//! Where a partition has nothing more at present: how far it has been read for certain, and whether that is its end.
//!
//! An end may be of no messages (marks of transactions, records of transactions that were given up, what compaction took), so that no
//! message ever reaches it. What the partition holds *now* says nothing about it: librdkafka has told that there is nothing more at the
//! end that it knew when it fetched, which is an earlier one where somebody writes, where a follower is read, and behind an election.
//! So an end, and a position behind marks, is believed by what was *fetched* alone, and only once all of that was handed over:
//!
//! - The consumer's position stands behind what was taken from the queue of the partition, marks included.
//! - Its statistics tell how far was fetched, whatever lay there. What they tell of was in the queue before they were made. So when they are
//!   heard and the queue is empty then, all of it has been taken. They come each second, so it ends where the position does not tell.
//!
//! Both may be of an earlier assignment of the partition for as long as nothing has come of this one. So they count from the first end on
//! that was told of it.

use millstream_core::Result;
use rdkafka::Offset;
use rdkafka::consumer::Consumer;

use super::super::super::client::Client;
use super::super::super::fetched::now;
use super::super::super::partition::Partition;
use super::super::Event;
use super::{Fetching, Then};

/// The offset behind everything that was taken from the queue of a partition.
fn taken(client: &Client, partition: &Partition) -> Option<i64> {
    let all = client.position().ok()?;
    let found = all.find_partition(&partition.topic, partition.number)?;
    match found.offset() {
        Offset::Offset(next) => Some(next),
        _ => None,
    }
}

impl Fetching {
    /// librdkafka has told that there is nothing more: is it where reading is to end?
    pub(super) fn look_at_end(&mut self, number: usize) -> Result<()> {
        self.client.context().forget_trouble();
        let Some(reading) = self.reading.get_mut(number) else {
            return Ok(());
        };
        if reading.met_end.is_none() {
            reading.met_end = Some(now());
        }
        let partition = reading.partition.clone();
        if reading.end.is_none() {
            self.outcome.push_back(Event::AtEnd(partition));
            return Ok(());
        }
        match taken(&self.client, &partition) {
            Some(next) => self.passes(number, next),
            None => Ok(()),
        }
    }

    /// The queue of the partition is empty: all that statistics tell of has been handed over that were heard before.
    pub(super) fn pass_over(&mut self, number: usize) -> Result<()> {
        let fetched = &self.client.context().fetched;
        let Some(reading) = self.reading.get_mut(number) else {
            return Ok(());
        };
        let Some(met_end) = reading.met_end else {
            return Ok(());
        };
        // The same statistics tell nothing new.
        let at = fetched.at();
        if reading.heard.replace(at) == Some(at) {
            return Ok(());
        }
        match fetched.next(&reading.partition, met_end) {
            Some(next) => self.passes(number, next),
            None => Ok(()),
        }
    }

    /// Everything before an offset has been handed over.
    fn passes(&mut self, number: usize, next: i64) -> Result<()> {
        let Some(reading) = self.reading.get_mut(number) else {
            return Ok(());
        };
        if next <= reading.next {
            return Ok(());
        }
        reading.next = next;
        if reading.end.is_some_and(|end| next >= end) {
            return self.stop_reading(number, Then::Tell);
        }
        let partition = reading.partition.clone();
        self.outcome.push_back(Event::Passed(partition, next));
        Ok(())
    }
}
