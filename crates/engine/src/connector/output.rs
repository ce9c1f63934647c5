//! Where a reader puts its records, and what it promises about event time.

use std::collections::BTreeMap;

use millstream_core::EventTime;

/// The split of readers that have no splits, or whose records need no event time.
const DEFAULT_SPLIT: u32 = 0;

/// Takes what a reader hands out. It lives as long as the reader: what was said of a split counts until something else
/// is said.
///
/// A source's watermark is the least of those of its splits that are not idle. Splits are known from the first time
/// that they are [named](Self::split) until they [end](Self::end_split).
#[derive(Debug)]
pub struct SourceOutput<T> {
    records: Vec<T>,
    bytes: usize,
    splits: BTreeMap<u32, SplitTime>,
}

/// What is known of the event time of a split.
#[derive(Debug, Clone, Copy)]
struct SplitTime {
    watermark: EventTime,
    idle: bool,
}

/// How far event time has come, as one who makes watermarks sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Announced {
    /// No record at or before this time comes any more.
    Active(EventTime),
    /// Nothing comes for now: nobody need wait.
    Idle,
}

impl<T> SourceOutput<T> {
    /// Nothing yet, and no split.
    pub fn new() -> Self {
        Self {
            records: Vec::new(),
            bytes: 0,
            splits: BTreeMap::new(),
        }
    }

    /// Hands out one record.
    #[inline]
    pub fn push(&mut self, record: T) {
        self.records.push(record);
    }

    /// Hands out records.
    pub fn extend(&mut self, records: impl IntoIterator<Item = T>) {
        self.records.extend(records);
    }

    /// The records handed out since they were last taken, for a reader that fills a vector.
    pub fn records(&mut self) -> &mut Vec<T> {
        &mut self.records
    }

    /// Counts `bytes` as handed out. A reader that never does has its records' sizes guessed.
    pub fn bytes(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// The split with this number, by which a reader tells of event time.
    pub fn split(&mut self, id: u32) -> SplitOutput<'_> {
        let time = self.splits.entry(id).or_insert(SplitTime {
            watermark: EventTime::MIN,
            idle: false,
        });
        SplitOutput { time }
    }

    /// Nothing will come from this split any more: it holds event time back no longer. A number is not used again.
    pub fn end_split(&mut self, id: u32) {
        self.splits.remove(&id);
    }

    /// The watermark of a reader without splits; as [`SplitOutput::watermark`].
    pub fn watermark(&mut self, watermark: EventTime) {
        self.split(DEFAULT_SPLIT).watermark(watermark);
    }

    /// A reader without splits is idle; as [`SplitOutput::idle`].
    pub fn idle(&mut self) {
        self.split(DEFAULT_SPLIT).idle();
    }

    /// How far event time has come over all splits. Without splits nothing is promised.
    pub fn announced(&self) -> Announced {
        if self.splits.is_empty() {
            return Announced::Active(EventTime::MIN);
        }
        let active = self.splits.values().filter(|split| !split.idle);
        active
            .map(|split| split.watermark)
            .min()
            .map_or(Announced::Idle, Announced::Active)
    }

    /// How far event time has come in this split; `None`: it was not named yet, or has ended.
    pub fn announced_by(&self, split: u32) -> Option<Announced> {
        self.splits.get(&split).map(|split| match split.idle {
            true => Announced::Idle,
            false => Announced::Active(split.watermark),
        })
    }

    /// Takes what was handed out, and how many bytes the reader counted.
    pub fn take(&mut self) -> (Vec<T>, usize) {
        (
            std::mem::take(&mut self.records),
            std::mem::take(&mut self.bytes),
        )
    }
}

impl<T> Default for SourceOutput<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// One split of a reader.
#[derive(Debug)]
pub struct SplitOutput<'a> {
    time: &'a mut SplitTime,
}

impl SplitOutput<'_> {
    /// No record at or before `watermark` comes from this split any more. Never goes back; a split that was idle is active
    /// again.
    pub fn watermark(&mut self, watermark: EventTime) {
        self.time.watermark = self.time.watermark.max(watermark);
        self.time.idle = false;
    }

    /// Nothing comes from this split for now: it does not hold event time back until it is active again. Records that come
    /// then may be late. Said in a poll that hands out nothing of the split.
    pub fn idle(&mut self) {
        self.time.idle = true;
    }

    /// Something comes from this split again.
    pub fn active(&mut self) {
        self.time.idle = false;
    }
}

#[cfg(test)]
mod tests;
