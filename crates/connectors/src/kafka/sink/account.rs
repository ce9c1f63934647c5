//! What is known of the messages that a producer was given: how many are on their way, and what went wrong.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use millstream_core::Error;
use millstream_engine::connector::Waker;

use crate::kafka::figures::Sent;
use crate::kafka::transaction::Place;

/// Kept by the worker, which gives messages, and by whoever hears of their delivery.
///
/// Messages belong to one of two *sides*: what is written while a snapshot is being prepared goes on the other side than
/// what was written before.
pub(super) struct Account {
    /// Messages of each side that were not heard of yet.
    underway: [AtomicUsize; 2],
    /// The worker waits until no more than this many are underway, less one; 0: it does not wait.
    starved: AtomicUsize,
    /// The side whose end the worker waits for, and one more; 0: it does not wait.
    settling: AtomicUsize,
    failure: Mutex<Option<Error>>,
    failed: AtomicBool,
    /// Where one message of the present transaction lies.
    place: Mutex<Option<Place>>,
    placed: AtomicBool,
    /// It is one of the output.
    placed_in_output: AtomicBool,
    waker: Waker,
    /// What people see.
    pub(super) sent: Sent,
}

impl Account {
    pub(super) fn new(waker: Waker, sent: Sent) -> Self {
        Self {
            underway: [AtomicUsize::new(0), AtomicUsize::new(0)],
            starved: AtomicUsize::new(0),
            settling: AtomicUsize::new(0),
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
            place: Mutex::new(None),
            placed: AtomicBool::new(false),
            placed_in_output: AtomicBool::new(false),
            waker,
            sent,
        }
    }

    /// One that nobody watches.
    pub(super) fn unseen() -> Self {
        Self::new(Waker::none(), Sent::default())
    }

    fn side(&self, side: usize) -> &AtomicUsize {
        let [even, odd] = &self.underway;
        if side.is_multiple_of(2) { even } else { odd }
    }

    /// Messages that were not heard of yet.
    pub(super) fn underway(&self) -> usize {
        let [even, odd] = &self.underway;
        even.load(Ordering::SeqCst) + odd.load(Ordering::SeqCst)
    }

    /// Whether all messages of a side were heard of.
    pub(super) fn is_settled(&self, side: usize) -> bool {
        self.side(side).load(Ordering::SeqCst) == 0
    }

    /// A message is given, or is about to be.
    pub(super) fn gives(&self, side: usize) {
        self.side(side).fetch_add(1, Ordering::SeqCst);
    }

    /// It was not taken.
    pub(super) fn takes_back(&self, side: usize) {
        self.side(side).fetch_sub(1, Ordering::SeqCst);
    }

    /// The producer is full: the worker is woken once there is room again.
    pub(super) fn starves(&self) {
        self.starved
            .store(self.underway() / 2 + 2, Ordering::SeqCst);
    }

    /// It is not full after all.
    pub(super) fn is_fed(&self) {
        self.starved.store(0, Ordering::SeqCst);
    }

    /// The worker is woken once all of this side is heard of, which it has left. Whoever polls has everything sent at once.
    pub(super) fn settles(&self, side: Option<usize>) {
        let settling = side.map_or(0, |side| side + 1);
        self.settling.store(settling, Ordering::SeqCst);
    }

    /// Whether the worker waits for the end of a side.
    pub(super) fn is_settling(&self) -> bool {
        self.settling.load(Ordering::SeqCst) > 0
    }

    /// Whether a delivered message of this side says that it goes on: while the end of a side is waited for, only those of that one do,
    /// as others may go to other brokers.
    pub(super) fn is_waited_for(&self, side: usize) -> bool {
        let settling = self.settling.load(Ordering::SeqCst);
        settling == 0 || settling == side + 1
    }

    /// A message was delivered, or failed.
    pub(super) fn heard(&self, side: usize) {
        let left = self.side(side).fetch_sub(1, Ordering::SeqCst) - 1;
        let starved = self.starved.load(Ordering::SeqCst);
        if starved > 0 && self.underway() < starved && self.starved.swap(0, Ordering::SeqCst) > 0 {
            self.waker.wake();
        }
        if left == 0 && self.is_settling() {
            self.waker.wake();
        }
    }

    /// Where a delivered message lies, and whether that is in the topic of the output: a place there is taken before one among dead
    /// letters, whose topic others may clear sooner.
    pub(super) fn lies(&self, topic: &str, partition: i32, offset: i64, in_output: bool) {
        let is_known = match in_output {
            true => &self.placed_in_output,
            false => &self.placed,
        };
        if is_known.load(Ordering::Relaxed) || offset < 0 {
            return;
        }
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(Place {
            topic: topic.to_owned(),
            partition,
            offset,
        });
        self.placed.store(true, Ordering::Relaxed);
        self.placed_in_output.store(in_output, Ordering::Relaxed);
    }

    /// Where one message of the present transaction lies; forgotten with that, for the next one.
    pub(super) fn take_place(&self) -> Option<Place> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        self.placed.store(false, Ordering::Relaxed);
        self.placed_in_output.store(false, Ordering::Relaxed);
        place.take()
    }

    /// Whether a message was given in the present transaction.
    pub(super) fn has_records(&self) -> bool {
        self.placed.load(Ordering::Relaxed) || self.underway() > 0
    }

    /// Something went wrong that does not pass. The first of such holds.
    pub(super) fn fails(&self, error: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_none() {
            *failure = Some(error);
            self.failed.store(true, Ordering::SeqCst);
            drop(failure);
            self.waker.wake();
        }
    }

    /// What went wrong.
    pub(super) fn failure(&self) -> Option<Error> {
        if !self.failed.load(Ordering::SeqCst) {
            return None;
        }
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.clone()
    }

    /// Has the worker look.
    pub(super) fn wake(&self) {
        self.waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn only_the_side_that_settles_is_waited_for() {
        let account = Account::unseen();
        let waited_for = || [0, 1].map(|side| account.is_waited_for(side));
        assert_eq!(waited_for(), [true, true]);
        for (side, expected) in [(0, [true, false]), (1, [false, true])] {
            account.settles(Some(side));
            assert!(account.is_settling());
            assert_eq!(waited_for(), expected);
        }
        account.settles(None);
        assert!(!account.is_settling());
        assert_eq!(waited_for(), [true, true]);
    }

    #[test]
    fn what_lies_in_the_output_is_the_proof_before_a_dead_letter() {
        let account = Account::unseen();
        let taken = || {
            account
                .take_place()
                .map(|place| (place.topic, place.offset))
        };
        let at = |topic: &str, offset: i64| Some((topic.to_owned(), offset));
        assert!(!account.has_records());
        account.lies("bad", 0, 1, false);
        account.lies("bad", 0, 2, false);
        assert!(account.has_records());
        account.lies("out", 0, 3, true);
        account.lies("out", 0, 4, true);
        account.lies("bad", 0, 5, false);
        assert_eq!(taken(), at("out", 3));
        assert_eq!(taken(), None);
        account.lies("bad", 0, 6, false);
        assert_eq!(taken(), at("bad", 6));
    }
}
