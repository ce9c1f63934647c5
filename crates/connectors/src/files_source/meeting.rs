//! Where the readers of an attempt tell the enumerator how far they are.
//!
//! Readers and enumerator of one process meet here; nothing that decides about records depends on it. It bounds how far
//! the enumerator runs ahead, and tells it which files are done with. With workers in several processes the same numbers
//! would have to travel with the readers' acknowledgements; until they come nothing is announced too early and nothing
//! is taken away.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use millstream_core::CheckpointId;
use millstream_engine::connector::Waker;

use super::counts::Counts;
use super::ledger::{Passed, PassedOver};
use super::name::Key;
use super::starts::Starts;

/// Boundaries whose end was not told are forgotten beyond this many.
const BOUNDARIES: usize = 16;

/// What the readers and the enumerator of one attempt share.
#[derive(Debug)]
pub(crate) struct Meeting {
    /// The number of the attempt.
    run: u64,
    /// For each reader: it has finished the pieces with lower numbers.
    below: Vec<AtomicU64>,
    /// When this number has been finished by all, the enumerator is to be woken.
    wake_at: AtomicU64,
    enumerator: OnceLock<Waker>,
    told: Mutex<Told>,
    /// Where records begin, as far as readers have found out.
    starts: Arc<Starts>,
    /// What readers have counted.
    counts: Arc<Counts>,
}

/// What became of a file that a reader has asked for, and that can't be announced again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is gone.
    Gone,
    /// It is there, and may not be opened.
    Denied,
}

#[derive(Debug, Default)]
struct Told {
    /// How far each reader was at a boundary.
    boundaries: BTreeMap<CheckpointId, Vec<Option<u64>>>,
    /// Files that have to be announced again, and the number of the piece that can't be read on.
    again: BTreeMap<Key, u64>,
    /// What became of those of them that can't be announced again.
    fates: BTreeMap<Key, Fate>,
    /// Files that readers miss: is one there, or gone?
    sought: BTreeMap<usize, Key>,
    /// What was answered each reader: whether the file that it missed is there.
    answers: BTreeMap<usize, bool>,
    /// Files that can't be read and are to be moved away.
    bad: Vec<Passed>,
    /// Files that were not read to their end.
    passed: Vec<ToldPassed>,
}

/// A file that was not read to its end.
#[derive(Debug)]
struct ToldPassed {
    subtask: usize,
    passed: PassedOver,
    /// The first snapshot whose ledger knows it.
    known: Option<CheckpointId>,
}

/// Where each attempt's meeting is found, as long as anybody takes part in it.
pub(crate) type Place = Arc<Mutex<Weak<Meeting>>>;

/// The meeting of the attempt `run`, which whoever comes first makes.
pub(crate) fn join(place: &Place, run: u64, parallelism: usize) -> Arc<Meeting> {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    let present = place.upgrade().filter(|meeting| meeting.run == run);
    present.unwrap_or_else(|| {
        let meeting = Arc::new(Meeting {
            run,
            below: (0..parallelism).map(|_| AtomicU64::new(0)).collect(),
            wake_at: AtomicU64::new(u64::MAX),
            enumerator: OnceLock::new(),
            told: Mutex::default(),
            starts: Arc::default(),
            counts: Arc::new(Counts::new(parallelism)),
        });
        *place = Arc::downgrade(&meeting);
        meeting
    })
}

impl Meeting {
    fn told(&self) -> MutexGuard<'_, Told> {
        // What a panicking thread leaves behind is whole.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What readers have found out about the starts of records.
    pub(crate) fn starts(&self) -> Arc<Starts> {
        Arc::clone(&self.starts)
    }

    /// What readers have counted.
    pub(crate) fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// Who is woken when readers have something to tell.
    pub(crate) fn set_enumerator(&self, waker: Waker) {
        let _first = self.enumerator.set(waker);
    }

    fn wake(&self) {
        if let Some(waker) = self.enumerator.get() {
            waker.wake();
        }
    }

    /// A reader has finished the pieces with numbers below this one.
    pub(crate) fn finished(&self, subtask: usize, below: u64) {
        let Some(mine) = self.below.get(subtask) else {
            return;
        };
        if mine.swap(below, Ordering::SeqCst) == below {
            return;
        }
        let wake_at = self.wake_at.load(Ordering::SeqCst);
        if below >= wake_at && self.finished_by_all() >= wake_at {
            self.wake();
        }
    }

    /// Every reader has finished the pieces with numbers below this one.
    pub(crate) fn finished_by_all(&self) -> u64 {
        let below = self.below.iter();
        let lowest = below.map(|below| below.load(Ordering::SeqCst)).min();
        lowest.unwrap_or(0)
    }

    /// Has the enumerator woken when every reader has finished the pieces below `number`; answers whether they have.
    pub(crate) fn await_finished(&self, number: u64) -> bool {
        self.wake_at.store(number, Ordering::SeqCst);
        self.finished_by_all() >= number
    }

    /// A reader stands on a boundary.
    pub(crate) fn at_boundary(&self, checkpoint: CheckpointId, subtask: usize, below: u64) {
        let mut told = self.told();
        let readers = self.below.len();
        let boundary = told
            .boundaries
            .entry(checkpoint)
            .or_insert_with(|| vec![None; readers]);
        if let Some(mine) = boundary.get_mut(subtask) {
            *mine = Some(below);
        }
        while told.boundaries.len() > BOUNDARIES {
            told.boundaries.pop_first();
        }
    }

    /// What every reader had finished at a boundary, which is forgotten with all before it.
    pub(crate) fn take_boundary(&self, checkpoint: CheckpointId) -> Option<u64> {
        let mut told = self.told();
        let later = told.boundaries.split_off(&(checkpoint + 1));
        let mut earlier = std::mem::replace(&mut told.boundaries, later);
        let boundary = earlier.remove(&checkpoint)?;
        let all: Option<Vec<u64>> = boundary.into_iter().collect();
        all?.into_iter().min()
    }

    /// A reader needs to know what a file is now.
    pub(crate) fn want_again(&self, key: Key, piece: u64) {
        let mut told = self.told();
        told.fates.remove(&key);
        told.again.insert(key, piece);
        drop(told);
        self.wake();
    }

    /// Tells what became of files that readers have asked for.
    pub(crate) fn met_fate(&self, keys: Vec<Key>, fate: Fate) {
        let fates = keys.into_iter().map(|key| (key, fate));
        self.told().fates.extend(fates);
    }

    /// What became of a file that a reader has asked for; `None`: that is not known, or it is announced again.
    pub(crate) fn fate(&self, key: Key) -> Option<Fate> {
        self.told().fates.get(&key).copied()
    }

    /// A reader misses a file, and needs to know whether it is there.
    pub(crate) fn seek(&self, subtask: usize, key: Key) {
        let mut told = self.told();
        told.answers.remove(&subtask);
        told.sought.insert(subtask, key);
        drop(told);
        self.wake();
    }

    /// What readers have missed since the last call.
    pub(crate) fn take_sought(&self) -> BTreeMap<usize, Key> {
        std::mem::take(&mut self.told().sought)
    }

    /// A look that began after the question has found the file that a reader missed, or has found it gone.
    pub(crate) fn answer(&self, subtask: usize, is_there: bool) {
        self.told().answers.insert(subtask, is_there);
    }

    /// Whether the file that a reader missed is there, once that is known.
    pub(crate) fn take_answer(&self, subtask: usize) -> Option<bool> {
        self.told().answers.remove(&subtask)
    }

    /// A reader has met a file that can't be read and is to be moved away.
    pub(crate) fn met_bad(&self, passed: Passed) {
        self.told().bad.push(passed);
        self.wake();
    }

    /// A reader has passed over a file that it has not read to its end.
    pub(crate) fn passed_over(&self, subtask: usize, passed: PassedOver) {
        self.told().passed.push(ToldPassed {
            subtask,
            passed,
            known: None,
        });
    }

    /// What was passed over and is in the ledger of no snapshot. `checkpoint`: the one that will hold it.
    pub(crate) fn take_passed(&self, checkpoint: Option<CheckpointId>) -> Vec<PassedOver> {
        let mut told = self.told();
        let unknown = told.passed.iter_mut().filter(|told| told.known.is_none());
        let taken = unknown.map(|told| {
            told.known = checkpoint;
            told.passed
        });
        taken.collect()
    }

    /// What a reader has passed over before a boundary, and is not in the enumerator's part of that snapshot.
    pub(crate) fn passed_before(
        &self,
        checkpoint: CheckpointId,
        subtask: usize,
    ) -> Vec<PassedOver> {
        let told = self.told();
        let is_in = |told: &&ToldPassed| {
            let is_new = told.known.is_none_or(|known| known > checkpoint);
            told.subtask == subtask && is_new
        };
        let unwritten = told.passed.iter().filter(is_in);
        unwritten.map(|told| told.passed).collect()
    }

    /// A snapshot is complete: nobody need write down any more what its ledger knows.
    pub(crate) fn forget_passed(&self, checkpoint: CheckpointId) {
        let is_new = |told: &ToldPassed| told.known.is_none_or(|known| known > checkpoint);
        self.told().passed.retain(is_new);
    }

    /// Whether readers have asked for something.
    pub(crate) fn has_asked(&self) -> bool {
        let told = self.told();
        !(told.again.is_empty() && told.bad.is_empty() && told.sought.is_empty())
    }

    /// What readers have asked for since the last call.
    pub(crate) fn take_asked(&self) -> (BTreeMap<Key, u64>, Vec<Passed>) {
        let mut told = self.told();
        (
            std::mem::take(&mut told.again),
            std::mem::take(&mut told.bad),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use millstream_engine::connector::Waker;

    use super::{PassedOver, Place, join};

    #[test]
    fn one_attempt_meets_at_one_place() {
        let place = Place::default();
        let first = join(&place, 1, 2);
        assert!(Arc::ptr_eq(&first, &join(&place, 1, 2)));
        first.finished(0, 7);
        assert_eq!(
            join(&place, 2, 1).finished_by_all(),
            0,
            "the next attempt's"
        );
    }

    #[test]
    fn the_enumerator_is_woken_when_the_last_reader_is_far_enough() {
        let meeting = join(&Place::default(), 1, 2);
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        meeting.set_enumerator(Waker::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        }));
        assert!(!meeting.await_finished(5));
        for (subtask, below, calls) in [(0, 9, 0), (1, 4, 0), (1, 5, 1), (1, 5, 1)] {
            meeting.finished(subtask, below);
            assert_eq!(woken.load(Ordering::SeqCst), calls, "{subtask} at {below}");
        }
        assert!(meeting.await_finished(5));
    }

    #[test]
    fn a_boundary_counts_when_every_reader_has_stood_on_it() {
        let meeting = join(&Place::default(), 1, 2);
        meeting.at_boundary(1, 0, 10);
        meeting.at_boundary(2, 0, 20);
        meeting.at_boundary(2, 1, 15);
        assert_eq!(meeting.take_boundary(2), Some(15));
        assert_eq!(meeting.take_boundary(1), None, "is forgotten");
        meeting.at_boundary(3, 1, 30);
        assert_eq!(meeting.take_boundary(3), None, "one was not there");
    }

    #[test]
    fn what_was_passed_over_is_in_one_part_of_every_snapshot() {
        let meeting = join(&Place::default(), 1, 2);
        let passed = |piece| PassedOver { file: 5, piece };
        // Behind the enumerator's part of the snapshot 7, and before the reader's.
        meeting.passed_over(0, passed(3));
        assert_eq!(meeting.passed_before(7, 0), [passed(3)]);
        assert_eq!(meeting.passed_before(7, 1), [], "another reader's");
        // The end of 7 has it marked; that is in no snapshot yet.
        assert_eq!(meeting.take_passed(None), [passed(3)]);
        meeting.forget_passed(7);
        assert_eq!(meeting.take_passed(Some(8)), [passed(3)]);
        assert_eq!(meeting.take_passed(Some(9)), []);
        assert_eq!(meeting.passed_before(7, 0), [passed(3)]);
        assert_eq!(meeting.passed_before(8, 0), []);
        meeting.forget_passed(8);
        assert_eq!(meeting.passed_before(7, 0), [], "nobody writes it any more");
    }
}
