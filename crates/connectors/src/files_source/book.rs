//! The book of the source: what people are told of each file ([`millstream_core::book`] is its form).
//!
//! A thread of its own writes it, twice a second, from what enumerator, lister and readers have left for it; none of
//! them waits for it, and nothing is decided by it. Where it can't keep up it leaves files out and says how many. While there is
//! nothing to write there is no thread: a machine runs a thousand jobs of which most wait for files.
//!
//! - [`pages`]: rows and names on the disk.
//! - [`keeper`]: what follows for rows from what is told; the thread; what is made of the rows of a job that goes on.

mod keeper;
mod pages;

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use millstream_core::{CheckpointId, JobId, Lineage, Result};
use tracing::warn;

use self::keeper::Keeper;
use super::fetch::no_thread;
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
    /// Whether something follows from the next checkpoint that is complete.
    awaits_checkpoint: bool,
    closed: bool,
}

impl Notes {
    /// Whether the thread has something to do. How many files wait is no reason to wake it.
    fn is_empty(&self) -> bool {
        let files = self.announced.len() + self.unreadable.len() + self.moved.len();
        files == 0 && self.committed.is_empty() && self.granted.is_empty() && !self.closed
    }

    fn is_full(&mut self) -> bool {
        let full = self.announced.len() + self.unreadable.len() + self.moved.len() >= MOST;
        self.missed += u64::from(full);
        full
    }
}

/// The book, as enumerator and lister know it.
#[derive(Debug)]
pub(crate) struct Book {
    place: PathBuf,
    notes: Mutex<Notes>,
    bell: Sender<()>,
    wishes: Mutex<Vec<Wish>>,
    meeting: Weak<Meeting>,
    resting: Mutex<Resting>,
    ended: Receiver<()>,
}

/// Who keeps the book while there is nothing to write, and so no thread; nothing: it runs.
#[derive(Default)]
struct Resting(Option<Box<dyn FnOnce() + Send>>);

impl fmt::Debug for Resting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resting({})", self.0.is_some())
    }
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
            place: keeping.place.clone(),
            notes: Mutex::new(Notes {
                awaits_checkpoint: true,
                ..Notes::default()
            }),
            bell,
            wishes: Mutex::default(),
            meeting: Arc::downgrade(meeting),
            resting: Mutex::default(),
            ended,
        });
        let keeper = Keeper::new(keeping, Arc::downgrade(meeting), Arc::clone(&book));
        start(keeper.work(rung, ring_lister, end)).map_err(no_thread)?;
        Ok(book)
    }

    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the thread look what was left for it, if there is none.
    fn wake(&self) {
        let Some(work) = self.resting().0.take() else {
            return;
        };
        if let Err(error) = start(work) {
            warn!(
                "the book of files is not kept any more, as there is no thread for it ({error}); the job goes on without it"
            );
            if let Some(meeting) = self.meeting.upgrade() {
                meeting.counts().set_settled(u64::MAX);
            }
        }
    }

    /// Looks for wishes while nobody else does.
    pub(crate) fn look_for_wishes(&self) {
        if self.resting().0.is_none() {
            return;
        }
        // Where it can't be looked the thread would tell, as soon as it has something to write.
        if pages::wishes(&self.place).is_ok_and(|wishes| !wishes.is_empty()) {
            self.wake();
        }
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
        self.wake();
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
        self.wake();
    }

    /// A look at the directory has found so many files that readers have not been told of.
    pub(crate) fn waiting(&self, files: usize) {
        let files = files as u64;
        if std::mem::replace(&mut self.notes().waiting, files) != files {
            self.wake();
        }
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
        drop(notes);
        self.wake();
    }

    /// The file of a piece can't be read and was moved away.
    pub(crate) fn moved(&self, piece: u64) {
        let mut notes = self.notes();
        if !notes.is_full() {
            notes.moved.push(piece);
        }
        drop(notes);
        self.wake();
    }

    /// A checkpoint is complete, before which every reader had finished the pieces below `finished`.
    pub(crate) fn committed(&self, checkpoint: CheckpointId, finished: Option<u64>) {
        const CHECKPOINTS: usize = 64;
        let mut notes = self.notes();
        if !notes.awaits_checkpoint && notes.is_empty() {
            return;
        }
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

/// Starts the thread.
fn start(work: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
    let thread = Builder::new().name("book of files".to_owned());
    thread.spawn(work).map(drop)
}

#[cfg(test)]
mod tests;
