//! What readers count of each piece, for the [book](super::book) that people are shown.
//!
//! A reader keeps what it has counted of the pieces that are not settled in the book, and writes that into its part of
//! snapshots: so a job that goes on counts every record of a file once. Where nobody keeps a book nothing is counted.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use millstream_engine::connector::StateEntry;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Pieces of which a reader keeps what it has counted, at most.
const KEPT: usize = 16_384;
/// Failures that wait to be told, at most.
const FAILURES: usize = 1_024;

/// What was counted of a piece.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Bytes of the file.
    pub(crate) read: u64,
    /// Records, with the bad ones.
    pub(crate) records: u64,
    pub(crate) bad: u64,
}

impl Count {
    fn add(&mut self, more: Self) {
        self.read += more.read;
        self.records += more.records;
        self.bad += more.bad;
    }
}

/// What one reader has told since it was asked last.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// By piece.
    pub(crate) counts: BTreeMap<u64, Count>,
    /// The highest piece of which counts were left out, because nobody asked for too long: what is told of it and of those before
    /// is less than there was.
    pub(crate) left_out: Option<u64>,
    /// Pieces that are not read to their end, and why.
    pub(crate) failed: Vec<(u64, &'static str)>,
}

/// Where readers tell what they count.
#[derive(Debug)]
pub(crate) struct Counts {
    readers: Vec<Mutex<Told>>,
    /// What is known of the pieces below this number is in the book for good.
    settled: AtomicU64,
}

impl Counts {
    pub(crate) fn new(readers: usize) -> Self {
        Self {
            readers: (0..readers).map(|_| Mutex::default()).collect(),
            settled: AtomicU64::new(0),
        }
    }

    fn of(&self, subtask: usize) -> Option<MutexGuard<'_, Told>> {
        let told = self.readers.get(subtask)?;
        // What a panicking thread leaves behind is whole.
        Some(told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what readers have told; the lock of each is held for a moment.
    pub(crate) fn take(&self) -> Vec<Told> {
        let readers = 0..self.readers.len();
        readers
            .filter_map(|subtask| self.of(subtask).map(|mut told| std::mem::take(&mut *told)))
            .collect()
    }

    /// The book holds all of the pieces below `piece`.
    pub(crate) fn set_settled(&self, piece: u64) {
        self.settled.fetch_max(piece, Ordering::SeqCst);
    }

    pub(crate) fn settled(&self) -> u64 {
        self.settled.load(Ordering::SeqCst)
    }
}

/// One reader's counting.
#[derive(Debug)]
pub(crate) struct Counting {
    subtask: usize,
    /// `None`: nobody keeps a book.
    counts: Option<Arc<Counts>>,
    own: BTreeMap<u64, Count>,
}

/// Counts as a reader writes them: piece, bytes, records, bad records of each.
#[derive(Debug, Serialize, Deserialize)]
struct WrittenCounts(Vec<(u64, u64, u64, u64)>);

impl WrittenCounts {
    /// Those among the entries of all readers of a snapshot.
    fn all(entries: &[StateEntry]) -> impl Iterator<Item = (u64, Count)> {
        let counts = entries.iter().filter_map(|entry| {
            let kind = entry.value.get("kind")?.as_str()?;
            let counts = entry
                .value
                .get("counts")
                .filter(|_| kind == COUNTED)
                .cloned()?;
            serde_json::from_value::<Self>(counts).ok()
        });
        counts.flat_map(|Self(counts)| {
            counts.into_iter().map(|(piece, read, records, bad)| {
                let count = Count { read, records, bad };
                (piece, count)
            })
        })
    }
}

/// The kind of the entry.
const COUNTED: &str = "counted";

/// The pieces of which a snapshot holds what was counted.
pub(crate) fn counted_in(entries: &[StateEntry]) -> HashSet<u64> {
    WrittenCounts::all(entries)
        .map(|(piece, _)| piece)
        .collect()
}

impl Counting {
    /// That of the reader `subtask`; the first one goes on from what all readers of the snapshot had counted.
    pub(crate) fn new(
        subtask: usize,
        counts: Option<Arc<Counts>>,
        restored: Option<&[StateEntry]>,
    ) -> Self {
        let mut counting = Self {
            subtask,
            counts,
            own: BTreeMap::new(),
        };
        let restored = restored.filter(|_| subtask == 0).unwrap_or_default();
        for (piece, count) in WrittenCounts::all(restored) {
            counting.add(piece, count);
        }
        counting
    }

    /// Counts more of a piece.
    pub(crate) fn add(&mut self, piece: u64, more: Count) {
        let Some(counts) = &self.counts else {
            return;
        };
        self.own.entry(piece).or_default().add(more);
        if self.own.len() > KEPT {
            // The book stands still.
            self.own.pop_first();
        }
        if let Some(mut told) = counts.of(self.subtask) {
            told.counts.entry(piece).or_default().add(more);
            if told.counts.len() > KEPT {
                let first = told.counts.pop_first();
                told.left_out = told.left_out.max(first.map(|(piece, _)| piece));
            }
        }
    }

    /// A piece is not read to its end.
    pub(crate) fn failed(&self, piece: u64, why: &'static str) {
        let counts = self.counts.as_ref();
        let told = counts.and_then(|counts| counts.of(self.subtask));
        if let Some(mut told) = told.filter(|told| told.failed.len() < FAILURES) {
            told.failed.push((piece, why));
        }
    }

    /// What a snapshot keeps; `None`: nothing.
    pub(crate) fn entry(&mut self) -> Option<StateEntry> {
        let counts = self.counts.as_ref()?;
        self.own = self.own.split_off(&counts.settled());
        if self.own.is_empty() {
            return None;
        }
        let own = self.own.iter();
        let own = own.map(|(piece, count)| (*piece, count.read, count.records, count.bad));
        let counts = WrittenCounts(own.collect());
        Some(StateEntry {
            key: format!("counted#{}", self.subtask),
            value: json!({ "kind": COUNTED, "counts": counts }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(records: u64) -> Count {
        Count {
            read: records * 10,
            records,
            bad: 0,
        }
    }

    #[test]
    fn what_was_counted_before_a_restart_is_counted_once() {
        let counts = Arc::new(Counts::new(2));
        let mut first = Counting::new(0, Some(Arc::clone(&counts)), None);
        let mut second = Counting::new(1, Some(Arc::clone(&counts)), None);
        first.add(3, count(5));
        first.add(4, count(1));
        second.add(4, count(2));
        counts.set_settled(4);
        let entries = [&mut first, &mut second].map(|reader| reader.entry().expect("something"));
        assert_eq!(counted_in(&entries), HashSet::from([4]), "3 is in the book");
        // Three readers go on where two were.
        let counts = Arc::new(Counts::new(3));
        for subtask in 0..3 {
            Counting::new(subtask, Some(Arc::clone(&counts)), Some(&entries));
        }
        let told = counts.take();
        let told: Vec<_> = told.iter().flat_map(|told| told.counts.iter()).collect();
        assert_eq!(told, [(&4, &count(3))]);
    }

    #[test]
    fn what_is_left_out_is_said() {
        let counts = Arc::new(Counts::new(1));
        let mut reader = Counting::new(0, Some(Arc::clone(&counts)), None);
        let most = KEPT as u64;
        for piece in 0..most + 2 {
            reader.add(piece, count(1));
        }
        let [told]: [Told; 1] = counts.take().try_into().expect("one reader");
        assert_eq!((told.left_out, told.counts.len()), (Some(1), KEPT));
        reader.add(most + 2, count(1));
        let [told]: [Told; 1] = counts.take().try_into().expect("one reader");
        assert_eq!((told.left_out, told.counts.len()), (None, 1));
    }

    #[test]
    fn without_a_book_nothing_is_kept() {
        let mut reader = Counting::new(0, None, None);
        reader.add(1, count(1));
        assert_eq!(reader.entry(), None);
    }
}
