//! What the producers or lanes of a writer wait for, and where people see it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_engine::connector::Notice;

/// Shows what one of them waits for, as long as any does.
#[derive(Default)]
struct Board {
    held_up: Notice,
    waiting: Mutex<BTreeMap<usize, String>>,
    /// The number that was given last.
    last: AtomicUsize,
}

/// The place of one of them on the board of their writer. Clones are the same place.
#[derive(Clone, Default)]
pub(crate) struct Waiting {
    board: Arc<Board>,
    number: usize,
    /// So that whoever goes on without having waited needs no lock.
    waits: Arc<AtomicBool>,
}

impl Waiting {
    /// The first place of a board of its own.
    pub(crate) fn new(held_up: Notice) -> Self {
        let board = Board {
            held_up,
            ..Board::default()
        };
        Self {
            board: Arc::new(board),
            ..Self::default()
        }
    }

    /// Another place of the board.
    pub(crate) fn another(&self) -> Self {
        Self {
            board: Arc::clone(&self.board),
            number: self.board.last.fetch_add(1, Ordering::Relaxed) + 1,
            waits: Arc::default(),
        }
    }

    /// Whose place it is waits.
    pub(crate) fn waits_for(&self, why: String) {
        self.change(|waiting| {
            self.waits.store(true, Ordering::Relaxed);
            waiting.insert(self.number, why);
        });
    }

    /// It does not.
    pub(crate) fn goes_on(&self) {
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
