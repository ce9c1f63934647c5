//! What the producers of a writer wait for, and where people see it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_engine::connector::Notice;

/// Shows what one of the producers waits for, as long as any does.
#[derive(Default)]
struct Board {
    held_up: Notice,
    waiting: Mutex<BTreeMap<usize, String>>,
    producers: AtomicUsize,
}

/// The place of one producer on the board of its writer. Clones are of the same one.
#[derive(Clone, Default)]
pub(super) struct Waiting {
    board: Arc<Board>,
    number: usize,
    /// So that each delivery needs no lock.
    waits: Arc<AtomicBool>,
}

impl Waiting {
    /// That of the first producer.
    pub(super) fn new(held_up: Notice) -> Self {
        let board = Board {
            held_up,
            ..Board::default()
        };
        Self {
            board: Arc::new(board),
            ..Self::default()
        }
    }

    /// That of another one.
    pub(super) fn another(&self) -> Self {
        Self {
            board: Arc::clone(&self.board),
            number: self.board.producers.fetch_add(1, Ordering::Relaxed) + 1,
            waits: Arc::default(),
        }
    }

    /// The producer waits.
    pub(super) fn waits_for(&self, why: String) {
        self.change(|waiting| {
            self.waits.store(true, Ordering::Relaxed);
            waiting.insert(self.number, why);
        });
    }

    /// It does not.
    pub(super) fn goes_on(&self) {
        if self.waits.load(Ordering::Relaxed) {
            self.change(|waiting| {
                self.waits.store(false, Ordering::Relaxed);
                waiting.remove(&self.number);
            });
        }
    }

    /// What is shown changes together with who waits.
    fn change(&self, how: impl FnOnce(&mut BTreeMap<usize, String>)) {
        let waiting = self.board.waiting.lock();
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        how(&mut waiting);
        self.board.held_up.set(waiting.values().next().cloned());
    }
}
