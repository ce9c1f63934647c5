//! Rows that were there before are left out.

use std::marker::PhantomData;

use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, MaxParallelism, Numbers, Result, counted};
use millstream_engine::Chunk;
use millstream_engine::connector::StateEntry;
use millstream_engine::graph::Partitioner;
use millstream_engine::operator::{
    Operator, OperatorContext, OperatorSnapshot, Port, SnapshotRequest,
};
use millstream_state::{KeyedState, SeenTable};

use super::OpenOperator;
use crate::clock::time_of_day;
use crate::deduplication::{Deduplication, Fingerprinted, TimeOf};

/// Entries written during a snapshot that are folded back between two chunks: a fraction of a millisecond.
const FOLDED_AT_ONCE: usize = 4_096;

/// What the state is called.
const SEEN: &str = "seen";

/// What the entry is called that says how far time has come, before the number of the subtask.
const TIME: &str = "time-";

/// Sends each row to the subtask that owns the key group of its fingerprint.
pub(crate) struct FingerprintPartitioner<T> {
    types: PhantomData<fn(T)>,
}

impl<T> FingerprintPartitioner<T> {
    pub(crate) fn new() -> Self {
        Self { types: PhantomData }
    }
}

impl<T: Fingerprinted> Partitioner for FingerprintPartitioner<T> {
    fn split(
        &self,
        chunk: Chunk,
        parallelism: usize,
        groups: MaxParallelism,
        out: &mut Vec<Chunk>,
    ) -> Result<()> {
        if parallelism == 1 {
            out.push(chunk.with_destination(0));
            return Ok(());
        }
        let owner = |hash: u64| groups.owner(groups.group_of(hash), parallelism);
        let mut parts: Vec<Vec<T>> = (0..parallelism).map(|_| Vec::new()).collect();
        let mut rows: Vec<Vec<usize>> = (0..parallelism).map(|_| Vec::new()).collect();
        for record in chunk.into_records::<T>()? {
            let elsewhere = owner(stable_hash(&record.place()));
            let prints = record.fingerprints();
            if prints.is_empty() {
                if let Some(part) = parts.get_mut(elsewhere) {
                    part.push(record);
                }
                continue;
            }
            for (row, print) in prints.iter().enumerate() {
                let to = print.map_or(elsewhere, |print| owner(stable_hash(&print)));
                if let Some(rows) = rows.get_mut(to) {
                    rows.push(row);
                }
            }
            let count = prints.len();
            for (part, rows) in parts.iter_mut().zip(&mut rows) {
                match rows.len() {
                    0 => {}
                    all if all == count => part.push(record.clone()),
                    _ => part.push(record.only(rows)?),
                }
                rows.clear();
            }
        }
        for (destination, part) in parts.into_iter().enumerate().filter(|(_, p)| !p.is_empty()) {
            out.push(Chunk::to(part, destination));
        }
        Ok(())
    }
}

/// Leaves out rows that were there before.
pub(crate) struct Deduplicate<T> {
    options: Deduplication,
    types: PhantomData<fn(T)>,
}

impl<T> Deduplicate<T> {
    pub(crate) fn new(options: Deduplication) -> Self {
        Self {
            options,
            types: PhantomData,
        }
    }
}

impl<T> Clone for Deduplicate<T> {
    fn clone(&self) -> Self {
        Self::new(self.options)
    }
}

impl<T: Fingerprinted> OpenOperator for Deduplicate<T> {
    const KEEPS_ENTRIES: bool = true;

    fn open(self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        let within = i64::try_from(self.options.within.as_millis()).unwrap_or(i64::MAX);
        let (groups, own) = (context.max_parallelism, context.key_groups());
        let mut operator = DeduplicateOperator::<T> {
            seen: SeenTable::new(SEEN, groups, own, within),
            within,
            time: self.options.time,
            now: EventTime::MIN,
            subtask: context.subtask,
            numbers: Numbers::default(),
            without: Notice::default(),
            beyond: Notice::default(),
            late: Notice::default(),
            types: PhantomData,
        };
        if let Some(restored) = &context.restored {
            operator.restore_time(&restored.entries);
            if let Some(keyed) = &restored.keyed {
                operator.seen.restore(keyed)?;
            }
        }
        Ok(Box::new(operator))
    }
}

struct DeduplicateOperator<T> {
    seen: SeenTable,
    /// Milliseconds.
    within: i64,
    time: TimeOf,
    /// How far time has come: the watermark, or the clock. Never goes back, also over a restart: what was forgotten
    /// stays so.
    now: EventTime,
    subtask: usize,
    numbers: Numbers,
    /// Rows without a fingerprint.
    without: Notice,
    /// Rows whose times are no dates that people mean, such as microseconds that are taken for milliseconds.
    beyond: Notice,
    /// Rows that came too late to be compared.
    late: Notice,
    types: PhantomData<fn(T)>,
}

impl<T: Fingerprinted> DeduplicateOperator<T> {
    /// The entries of all subtasks; time had come equally far in each, as a boundary lies at one time for all.
    fn restore_time(&mut self, entries: &[StateEntry]) {
        let entries = entries.iter().filter(|entry| entry.key.starts_with(TIME));
        let latest = entries.filter_map(|entry| entry.value.as_i64()).max();
        if let Some(latest) = latest {
            self.advance(EventTime::from_millis(latest));
        }
    }

    fn advance(&mut self, now: EventTime) {
        self.now = self.now.max(now);
        self.seen.forget_until(self.horizon());
    }

    /// What lies at or before this time is compared with nothing that may still come.
    fn horizon(&self) -> EventTime {
        EventTime::from_millis(self.now.as_millis().saturating_sub(self.within))
    }

    /// The numbers of the rows that go on.
    fn new_rows(&mut self, record: &T, clock: EventTime, rows: &mut Vec<usize>) {
        let horizon = self.horizon();
        for (row, print) in record.fingerprints().iter().enumerate() {
            let time = match self.time {
                TimeOf::Clock => self.now,
                TimeOf::Record => self.time_of(record.time(row), clock),
            };
            let is_new = match print {
                None => {
                    self.without.count += 1;
                    true
                }
                Some(print) => {
                    self.late.count += u64::from(time <= horizon);
                    self.seen.note(print, time)
                }
            };
            if is_new {
                rows.push(row);
            }
        }
    }

    /// The time of a record by its own; by the clock where it has none, or one that is told apart from no other.
    fn time_of(&mut self, own: Option<EventTime>, clock: EventTime) -> EventTime {
        let can_keep = own.filter(|own| SeenTable::can_keep(*own));
        self.beyond.count += u64::from(own.is_some() && can_keep.is_none());
        can_keep.unwrap_or(clock)
    }

    fn tell(&mut self) {
        self.beyond.tell(|count| {
            format!(
                "{} dated further away than the years that are remembered (before 2490 BC, or behind 6429) went by the time of reading",
                counted(count, "record")
            )
        });
        self.without.tell(|count| {
            format!(
                "{} without a key went on, compared with no other",
                counted(count, "record")
            )
        });
        self.late.tell(|count| {
            format!(
                "{} older than what is remembered went on, compared with no other",
                counted(count, "record")
            )
        });
    }
}

impl<T: Fingerprinted> Operator for DeduplicateOperator<T> {
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let clock = i64::try_from(time_of_day()).unwrap_or(i64::MAX);
        let clock = EventTime::from_millis(clock);
        if self.time == TimeOf::Clock {
            self.advance(clock);
        }
        let mut kept = Vec::new();
        let mut rows = Vec::new();
        for record in chunk.into_records::<T>()? {
            let count = record.fingerprints().len();
            rows.clear();
            self.new_rows(&record, clock, &mut rows);
            self.numbers.deduplicated += (count - rows.len()) as u64;
            if rows.len() == count {
                kept.push(record);
            } else if !rows.is_empty() {
                kept.push(record.only(&rows)?);
            }
        }
        self.tell();
        if !kept.is_empty() {
            out.push(Chunk::new(kept));
        }
        Ok(())
    }

    fn advance_to(&mut self, time: EventTime, _: usize, _: &mut Vec<Chunk>) -> Result<bool> {
        // At the end of time nothing is forgotten: a job that is drained may be gone on from.
        if self.time == TimeOf::Record && time < EventTime::MAX {
            self.advance(time);
        }
        Ok(false)
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        let time = (self.now > EventTime::MIN).then(|| StateEntry {
            key: format!("{TIME}{}", self.subtask),
            value: self.now.as_millis().into(),
        });
        Ok(OperatorSnapshot {
            states: vec![self.seen.freeze()],
            entries: time.into_iter().collect(),
        })
    }

    fn numbers(&self) -> Option<Numbers> {
        Some(self.numbers)
    }

    fn maintain(&mut self) -> bool {
        self.seen.maintain(FOLDED_AT_ONCE)
    }
}

/// A count of which people are told when it has grown tenfold.
#[derive(Default)]
struct Notice {
    count: u64,
    told: u64,
}

impl Notice {
    fn tell(&mut self, text: impl FnOnce(u64) -> String) {
        if self.count > 0 && self.count >= self.told.saturating_mul(10) {
            self.told = self.count;
            tracing::warn!("{} (in this subtask, since its start).", text(self.count));
        }
    }
}

#[cfg(test)]
mod tests;
