//! The book of the source: what people are told of each file ([`millstream_core::book`] is its form).
//!
//! A thread of its own writes it, twice a second, from what enumerator, lister and readers have left for it; none of
//! them waits for it, and nothing is decided by it. Where it can't keep up it leaves files out and says how many.
//!
//! - [`pages`]: rows and names on the disk.
//! - [`keeper`]: what follows for rows from what is told; the thread; what is made of the rows of a job that goes on.

mod keeper;
mod pages;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use millstream_core::{CheckpointId, JobId, Lineage, Result};
use tracing::warn;

use self::keeper::Keeper;
use super::meeting::Meeting;
use super::name::Name;
use super::piece::Piece;

/// What is left for the thread, at most, before it is left out.
const MOST: usize = 32_768;
/// What is left for the thread before it is woken.
const MANY: usize = 1_024;
/// How long the end of an attempt waits for the last rows.
const FAREWELL: Duration = Duration::from_secs(5);

/// A file that was announced.
#[derive(Debug, Clone)]
struct Announced {
    name: Name,
    piece: u64,
    size: u64,
    /// What was read of it before it was appended to.
    from: u64,
}

/// Something that can't be read as a file.
#[derive(Debug, Clone)]
struct Unreadable {
    name: Name,
    why: &'static str,
    is_moved: bool,
}

/// That a file be read again.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// The row of it that is known to who wishes it.
    row: u64,
    pub(crate) name: Name,
    /// The number under which it was read.
    pub(crate) piece: u64,
}

/// What became of a [`Wish`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Granted {
    /// It is read again; a snapshot behind this one says so.
    Behind(CheckpointId),
    /// It is being read, or was read again since.
    No,
}

/// What is left for the thread.
#[derive(Debug, Default)]
struct Notes {
    announced: Vec<Announced>,
    unreadable: Vec<Unreadable>,
    /// Pieces that can't be read and whose files were moved away.
    moved: Vec<u64>,
    /// Checkpoints that are complete, and what every reader had finished before them.
    committed: Vec<(CheckpointId, Option<u64>)>,
    granted: Vec<(Wish, Granted)>,
    waiting: u64,
    missed: u64,
    closed: bool,
}

impl Notes {
    fn is_full(&mut self) -> bool {
        let full = self.announced.len() + self.unreadable.len() + self.moved.len() >= MOST;
        self.missed += u64::from(full);
        full
    }
}

/// The book, as enumerator and lister know it.
#[derive(Debug)]
pub(crate) struct Book {
    notes: Mutex<Notes>,
    bell: Sender<()>,
    wishes: Mutex<Vec<Wish>>,
    ended: Receiver<()>,
}

/// What the job goes on from.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    /// The jobs that went before.
    pub(crate) lineage: Lineage,
    /// The number behind the last piece that was announced before the snapshot.
    pub(crate) announced: u64,
    /// Every reader had finished the pieces below this.
    pub(crate) finished: u64,
    /// The number of the snapshot, where it is known.
    pub(crate) checkpoint: Option<CheckpointId>,
    /// The pieces that the snapshot itself has counts of.
    pub(crate) counted: HashSet<u64>,
}

/// Who keeps a book, and where.
#[derive(Debug)]
pub(crate) struct Keeping {
    pub(crate) place: PathBuf,
    pub(crate) job: JobId,
    /// The directory that is read, for people.
    pub(crate) shown: String,
    /// What the job goes on from.
    pub(crate) past: Option<Past>,
}

impl Book {
    /// Opens the book and starts its thread; `ring_lister` is called when there is a wish.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub(crate) fn open(
        keeping: Keeping,
        meeting: &Arc<Meeting>,
        ring_lister: Sender<()>,
    ) -> Result<Arc<Self>> {
        let (bell, rung) = bounded(1);
        let (end, ended) = bounded(1);
        let book = Arc::new(Self {
            notes: Mutex::default(),
            bell,
            wishes: Mutex::default(),
            ended,
        });
        let keeper = Keeper::new(keeping, Arc::downgrade(meeting), Arc::clone(&book));
        keeper.start(rung, ring_lister, end)?;
        Ok(book)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // What a panicking thread leaves behind is whole.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wishes(&self) -> MutexGuard<'_, Vec<Wish>> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        // A bell that has been rung need not be rung again.
        let _rung = self.bell.try_send(());
    }

    /// Readers have been told of these.
    pub(crate) fn announced(&self, pieces: &[Piece]) {
        let mut notes = self.notes();
        for piece in pieces {
            if !notes.is_full() {
                notes.announced.push(Announced {
                    name: piece.name.clone(),
                    piece: piece.sequence,
                    size: piece.identity.size,
                    from: piece.from,
                });
            }
        }
        notes.waiting = notes.waiting.saturating_sub(pieces.len() as u64);
        let many = notes.announced.len() >= MANY;
        drop(notes);
        if many {
            self.ring();
        }
    }

    /// A look at the directory has found so many files that readers have not been told of.
    pub(crate) fn waiting(&self, files: usize) {
        self.notes().waiting = files as u64;
    }

    /// Something can't be read as a file.
    pub(crate) fn unreadable(&self, name: &Name, why: &'static str, is_moved: bool) {
        let mut notes = self.notes();
        if !notes.is_full() {
            notes.unreadable.push(Unreadable {
                name: name.clone(),
                why,
                is_moved,
            });
        }
    }

    /// The file of a piece can't be read and was moved away.
    pub(crate) fn moved(&self, piece: u64) {
        let mut notes = self.notes();
        if !notes.is_full() {
            notes.moved.push(piece);
        }
    }

    /// A checkpoint is complete, before which every reader had finished the pieces below `finished`.
    pub(crate) fn committed(&self, checkpoint: CheckpointId, finished: Option<u64>) {
        const CHECKPOINTS: usize = 64;
        let mut notes = self.notes();
        if notes.committed.len() < CHECKPOINTS {
            notes.committed.push((checkpoint, finished));
        }
        drop(notes);
        self.ring();
    }

    /// What is wished since the last call.
    pub(crate) fn take_wishes(&self) -> Vec<Wish> {
        std::mem::take(&mut *self.wishes())
    }

    /// What became of a wish.
    pub(crate) fn answer(&self, wish: Wish, granted: Granted) {
        self.notes().granted.push((wish, granted));
        self.ring();
    }

    /// The attempt ends: what is left is written, if that takes no long time.
    pub(crate) fn close(&self) {
        self.notes().closed = true;
        self.ring();
        if self.ended.recv_timeout(FAREWELL).is_err() {
            warn!("the last rows of the book of files are not written, as its disk stands still");
        }
    }
}

#[cfg(test)]
mod tests;
