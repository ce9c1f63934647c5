//! The reader of one subtask: takes batches from the fetching thread, has their messages decoded, and keeps the
//! positions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Limit, SourceOutput, SourceProgress, SourceReader, SourceSnapshot, SourceStatus,
};

use super::decode::{Batch, Decoder};
use super::discovery::Announcement;
use super::fetch::{Event, Fetcher};
use super::identity::Ids;
use super::partition::{Partition, Position};
use super::times::{Times, present};
use crate::rows::Parsed;

/// Boundaries whose end was not told are forgotten beyond this many.
const BOUNDARIES: usize = 16;
/// What the thread could not take is given again after this time.
const AGAIN: Duration = Duration::from_millis(20);

/// Whether topics are still those that were meant, behind the last record that was read of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Same {
    /// Nobody has looked.
    Unknown,
    /// It is being looked.
    Asked,
    /// They are, or there is nothing to tell it by.
    Known,
}

/// The reader of one subtask.
pub(super) struct KafkaReader {
    subtask: usize,
    parallelism: usize,
    is_bounded: bool,
    positions: BTreeMap<Partition, Position>,
    /// Partitions that the thread has not been told of yet.
    unsent: Vec<Position>,
    /// Whether reading may begin: it was looked whether topics are still those that were read.
    begun: bool,
    /// Whether nothing will be found any more.
    complete: bool,
    /// The ids of topics, as they were announced.
    ids: Ids,
    /// The topics of which something is read.
    topics: BTreeSet<Arc<str>>,
    /// Whether those are still the same behind the last record.
    same: Same,
    fetcher: Fetcher,
    decoder: Decoder,
    times: Times,
    /// A batch that is being handed out, and how many messages of it have been.
    current: Option<(Batch, usize)>,
    /// The offsets at boundaries that have not ended.
    boundaries: BTreeMap<CheckpointId, Vec<(Partition, i64)>>,
    progress: SourceProgress,
}

impl KafkaReader {
    /// A reader that goes on from `restored`. `is_bounded`: every partition has an end, which may have to be found yet.
    pub(super) fn new(
        (subtask, parallelism): (usize, usize),
        is_bounded: bool,
        restored: Vec<Position>,
        fetcher: Fetcher,
        decoder: Decoder,
        progress: SourceProgress,
    ) -> Result<Self> {
        let mut reader = Self {
            subtask,
            parallelism,
            is_bounded,
            positions: BTreeMap::new(),
            unsent: Vec::new(),
            begun: false,
            complete: false,
            ids: Ids::new(),
            topics: BTreeSet::new(),
            same: Same::Unknown,
            fetcher,
            decoder,
            times: Times::default(),
            current: None,
            boundaries: BTreeMap::new(),
            progress,
        };
        reader.read(restored)?;
        Ok(reader)
    }

    /// Reads these partitions, too.
    fn read(&mut self, positions: Vec<Position>) -> Result<()> {
        let has_its_end = |position: &&Position| position.end.is_some() || !self.is_bounded;
        let wanted = positions.iter().filter(|position| !position.is_done());
        let wanted = wanted.filter(has_its_end);
        for position in wanted {
            self.times.begin(&position.partition);
            self.topics.insert(Arc::clone(&position.partition.topic));
            self.same = Same::Unknown;
            self.unsent.push(position.clone());
        }
        for Position {
            partition, next, ..
        } in &positions
        {
            let splits = &self.progress.splits;
            splits.begin(partition.to_string(), next.unsigned_abs());
        }
        let new = positions.into_iter();
        self.positions
            .extend(new.map(|position| (position.partition.clone(), position)));
        self.tell();
        self.send()
    }

    fn send(&mut self) -> Result<()> {
        if self.unsent.is_empty() || !self.begun {
            return Ok(());
        }
        self.fetcher.read(&mut self.unsent)
    }

    /// Shows how many partitions there are, and how many have been read to their end.
    fn tell(&self) {
        let done = self
            .positions
            .values()
            .filter(|position| position.is_done());
        self.progress.files.set(done.count() as u64);
        self.progress.files_total.set(self.positions.len() as u64);
    }

    /// Takes events until there is a batch. False: there is nothing more right now.
    fn next_batch(&mut self) -> Result<bool> {
        while self.current.is_none() {
            match self.fetcher.take()? {
                None => return Ok(false),
                Some(Event::Batch(batch)) => self.current = Some((batch, 0)),
                Some(Event::Moved(partition, next)) => self.moves(&partition, |_| next),
                // Whoever goes on from there misses nothing that retention takes of what lies before.
                Some(Event::Passed(partition, next)) => {
                    self.moves(&partition, |position| position.next.max(next));
                }
                Some(Event::AtEnd(partition)) => self.times.at_end(&partition),
                Some(Event::Same) => self.same = Same::Known,
                Some(Event::Ended(partition)) => {
                    self.times.done(&partition);
                    // Behind its last message there may be offsets of no messages.
                    self.moves(&partition, |position| {
                        position.next.max(position.end.unwrap_or(0))
                    });
                    self.tell();
                }
                Some(Event::Failed(error)) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Hands out messages of the batch, up to `limit`: how many, and how many bytes they were.
    fn decode(&mut self, out: &mut Vec<Parsed>, limit: Limit) -> Result<(usize, usize)> {
        let Some((batch, from)) = self.current.take() else {
            return Ok((0, 0));
        };
        let to = batch.together(from..batch.len(), limit.records, limit.bytes);
        let bytes = batch.size(from..to);
        let decoded = self.decoder.decode(&batch, from..to, out)?;
        let present = present();
        let spanned = batch.spanned(from..to, present);
        self.times.read(&batch.partition, spanned, present);
        let last = to.checked_sub(1).and_then(|last| batch.offset(last));
        if let Some(last) = last {
            self.moves(&batch.partition, |_| last + 1);
        }
        self.progress.bytes.add(bytes as u64);
        self.progress.bad_records.add(decoded.bad as u64);
        if to < batch.len() {
            self.current = Some((batch, to));
        }
        Ok((decoded.rows + decoded.bad, bytes))
    }

    /// A partition has been read up to another place.
    fn moves(&mut self, partition: &Partition, to: impl FnOnce(&Position) -> i64) {
        let Some(position) = self.positions.get_mut(partition) else {
            return;
        };
        position.next = to(position);
        let next = position.next.unsigned_abs();
        let splits = &self.progress.splits;
        splits.change(&partition.to_string(), |gauge| gauge.next = next);
    }

    fn is_done(&self) -> bool {
        self.complete && self.positions.values().all(Position::is_done)
    }

    /// What follows when everything has been read: the end, once it is known that it was read of the topics that were meant.
    fn end(&mut self) -> Result<SourceStatus> {
        if self.same == Same::Unknown {
            let known = self.ids.iter();
            let read = known.filter(|(topic, _)| self.topics.contains(topic.as_str()));
            let ids: Ids = read
                .map(|(topic, id)| (topic.clone(), id.clone()))
                .collect();
            if ids.is_empty() {
                self.same = Same::Known;
            } else if self.fetcher.look(ids)? {
                self.same = Same::Asked;
            }
        }
        Ok(match self.same {
            Same::Unknown => SourceStatus::Pending(Some(AGAIN)),
            Same::Asked => SourceStatus::Pending(None),
            Same::Known => SourceStatus::Ended,
        })
    }

    /// Offsets of what has been read, for the group. A partition of which nothing has been read has none.
    fn offsets(&self) -> Vec<(Partition, i64)> {
        let positions = self.positions.values();
        positions
            .map(|position| (position.partition.clone(), position.next))
            .collect()
    }
}

impl SourceReader<Parsed> for KafkaReader {
    fn poll(&mut self, out: &mut SourceOutput<Parsed>, limit: Limit) -> Result<SourceStatus> {
        if limit.records == 0 {
            return Ok(SourceStatus::Ready(0));
        }
        self.send()?;
        let mut left = limit;
        let mut count = 0;
        let records = out.records();
        while left.records > 0 && (left.bytes > 0 || count == 0) && self.next_batch()? {
            if count > 0 && !self.fits(left) {
                break;
            }
            let (read, bytes) = self.decode(records, left)?;
            count += read;
            left.records = left.records.saturating_sub(read);
            left.bytes = left.bytes.saturating_sub(bytes);
        }
        out.bytes(limit.bytes - left.bytes);
        self.times.tell(out, count > 0);
        Ok(match count {
            0 if self.is_done() => self.end()?,
            0 => SourceStatus::Pending((self.begun && !self.unsent.is_empty()).then_some(AGAIN)),
            count => SourceStatus::Ready(count),
        })
    }

    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot> {
        while self.boundaries.len() >= BOUNDARIES {
            self.boundaries.pop_first();
        }
        self.boundaries.insert(checkpoint, self.offsets());
        let entries: Vec<_> = self.positions.values().map(Position::entry).collect();
        Ok(entries.into())
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let Some(offsets) = self.boundaries.remove(&checkpoint) else {
            return Ok(());
        };
        // Also where nothing has come since: what the group was told may have got lost.
        if completed && !offsets.is_empty() {
            self.fetcher.commit(offsets);
        }
        Ok(())
    }

    fn found(&mut self, announcement: &[u8]) -> Result<()> {
        let announcement: Announcement = serde_json::from_slice(announcement).map_err(|error| {
            Error::new(
                &codes::INTERNAL,
                "what was announced to a reader of Kafka can't be read",
            )
            .cause(error)
        })?;
        self.begun = true;
        self.complete |= announcement.complete;
        for topic in &announcement.gone {
            // Nothing comes of it that anybody would have to wait for.
            let is_found = |gone: &&Partition| {
                let mut found = announcement.found.iter();
                found.any(|found| found.partition == **gone)
            };
            let gone = self.positions.keys();
            let gone = gone.filter(|partition| *partition.topic == **topic);
            for gone in gone.filter(|gone| !is_found(gone)) {
                self.times.done(gone);
            }
        }
        for topic in announcement.anew.iter().chain(&announcement.gone) {
            let is_other = |partition: &Partition| *partition.topic != **topic;
            for partition in self.positions.keys() {
                if !is_other(partition) {
                    self.progress.splits.end(&partition.to_string());
                }
            }
            self.positions.retain(|partition, _| is_other(partition));
            self.unsent.retain(|position| is_other(&position.partition));
        }
        self.ids.extend(announcement.ids);
        let (subtask, parallelism) = (self.subtask, self.parallelism);
        let found = announcement.found.into_iter();
        let mine = found.filter(|found| found.partition.reader(parallelism) == subtask);
        // Of one that is known the end was to be found.
        let mine = mine.map(|found| Position {
            next: match self.positions.get(&found.partition) {
                Some(known) => known.next,
                None => found.next,
            },
            ..found
        });
        let mine = mine.collect();
        self.read(mine)
    }
}

impl KafkaReader {
    /// Whether the next message is within the bytes that are left.
    fn fits(&self, left: Limit) -> bool {
        self.current
            .as_ref()
            .is_none_or(|(batch, from)| batch.size(*from..from + 1) <= left.bytes)
    }
}
