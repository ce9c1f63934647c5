//! The thread that lists a directory for the enumerator, so that a slow disk never holds up anybody else.
//!
//! It does all that waits: looks, opens what is ready, writes the journal, takes files away. What it decides is decided
//! by [`Intake`], in short turns under one lock that it shares with the enumerator.

mod look;
mod stage;
mod take;
mod unended;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use millstream_core::{CheckpointId, Error, Result};
use millstream_engine::connector::{SourceProgress, Waker};
use tracing::{info, warn};

use super::away::Taker;
use super::book::{Book, Granted};
use super::fetch::no_thread;
use super::intake::{Intake, Ready, WINDOW};
use super::journal::{Journal, Mark};
use super::listing::{DirectoryId, Root};
use super::meeting::Meeting;
use super::name::{Key, Name};
use super::options::{AfterCommit, Bad, Lost, OtherDirectory};
use super::taken::Taken;
use crate::looking;
use unended::Waited;

pub(crate) use unended::TakenUnended;

/// How long a directory that is away is left alone before it is looked at again.
const AWAY: Duration = Duration::from_secs(1);

/// The thread looks around at least this often.
const LONGEST: Duration = Duration::from_secs(3_600);
/// And so often for files that people want to be read again, where there is a book of them.
const WISHES: Duration = Duration::from_secs(2);

/// A clock that only goes forward, from some moment on.
pub(crate) type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// What is told of and asked for between the thread and the enumerator.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) intake: Intake,
    /// Why nothing can be found at present.
    pub(crate) held_up: Option<String>,
    /// Why nothing will be found any more.
    pub(crate) failed: Option<Error>,
    /// Whether a source that looks once has found everything.
    pub(crate) complete: bool,
    /// Checkpoints that are complete: what every reader had finished before them.
    pub(crate) completed: Vec<Option<u64>>,
    /// From where on the checkpoints that are there need the journal, the oldest first.
    pub(crate) marks: Vec<Mark>,
    /// The newest snapshot that was begun.
    pub(crate) begun: CheckpointId,
    /// What was announced behind the snapshot has not been looked for yet.
    pub(crate) unchecked: bool,
    /// Whether files are to be taken away, of which the checkpoint is complete.
    pub(crate) owed: bool,
    /// The directory in which the files of the ledger lie.
    pub(crate) directory: Option<DirectoryId>,
    /// For how many minutes the job has run.
    pub(crate) minute: u64,
}

/// The desk, locked for short turns only.
pub(crate) type SharedDesk = Arc<Mutex<Desk>>;

/// Locks the desk. What a panicking thread leaves on it is whole.
pub(crate) fn at(desk: &SharedDesk) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread does with what it finds.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// The pause between two looks; `None`: it looks once.
    pub(crate) interval: Option<Duration>,
    /// How long a file that ends within a record has to stand still before it is read as it is.
    pub(crate) patience: Duration,
    pub(crate) bad: Bad,
    pub(crate) lost: Lost,
    pub(crate) after_commit: AfterCommit,
    pub(crate) other: OtherDirectory,
}

/// What was known before the first look.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// How many files of the snapshot were there; `None`: there is no snapshot, or the question is settled.
    pub(crate) present: Option<usize>,
    /// How their directory was called; empty: that is not known, or nothing of it was read.
    pub(crate) path: String,
    /// Whether the job goes on where it, or the one whose place it takes, was left; `false`: from a snapshot that was named.
    pub(crate) is_continued: bool,
    /// Whether files were taken away behind it, as far as that is noted.
    pub(crate) has_taken: bool,
    /// Files that were announced behind the snapshot.
    pub(crate) announced: HashMap<Key, super::piece::Piece>,
    /// Those of them in whose place another file lies.
    pub(crate) replaced: HashSet<Key>,
    /// The minutes for which the job had run.
    pub(crate) minutes: u64,
}

/// So many times as long as a look has taken passes before one that is made for readers is made again.
const PAUSES: u32 = 4;

/// The thread.
pub(crate) struct Lister {
    pub(crate) root: Root,
    pub(crate) taker: Taker,
    pub(crate) policy: Policy,
    pub(crate) desk: SharedDesk,
    /// Held weakly: a thread that waits for a disk must not keep the meeting of an attempt that has ended.
    pub(crate) meeting: Weak<Meeting>,
    pub(crate) waker: Waker,
    pub(crate) bell: Receiver<()>,
    pub(crate) journal: Option<Journal>,
    /// Where it is noted what is taken away; `None`: nothing is, or there is no such place.
    pub(crate) taken: Option<Taken>,
    /// What people are told of files.
    pub(crate) book: Option<Arc<Book>>,
    pub(crate) before: Before,
    pub(crate) clock: Clock,
    pub(crate) progress: SourceProgress,
    /// Ready files that have not been judged.
    pub(crate) backlog: VecDeque<Ready>,
    /// Files that stay on their way, and when they are opened again: those that others are writing, as far as can be told, where the
    /// source looks once, and those that may not be read where it watches.
    pub(crate) unfinished: VecDeque<Ready>,
    pub(crate) next_try: Duration,
    /// Files that may not be closed yet, or end within a record.
    pub(crate) fresh: HashMap<Key, Waited>,
    /// Files that were taken up though they end within a record, and have not been told of.
    pub(crate) taken_unended: TakenUnended,
    /// Bytes of files that were looked through since pieces were queued last.
    pub(crate) looked_through: u64,
    /// Files that a source that looks once waited for, and that are gone.
    pub(crate) missed: Vec<Name>,
    /// Whether a source that looks once has looked for such files under other names.
    pub(crate) looked_once_more: bool,
    /// Whether such a look has not found every file that was known to be there: it may have been renamed, too.
    pub(crate) lacks_known: bool,
    /// Entries that can't be read and have been told of.
    pub(crate) told: HashMap<Key, &'static str>,
    /// Files that were moved into the quarantine.
    pub(crate) quarantined: HashSet<Key>,
    /// Which readers that missed one have heard that it is there.
    pub(crate) heard: HashSet<(Key, usize)>,
    /// Since which minute the directory is another one.
    pub(crate) other_since: Option<u64>,
    /// Files that readers miss, and for which there is no answer yet.
    pub(crate) sought: BTreeMap<usize, Key>,
    /// When to look again for whatever there is, once nothing is ready any more.
    pub(crate) next_look: Duration,
    /// When to look again for what readers wait for, or for what changed before it was opened.
    pub(crate) next_asked: Duration,
    /// Whether the last look saw everything.
    pub(crate) looked: bool,
}

impl Lister {
    /// Starts the thread, named `name`. It ends when the other end of the bell is dropped.
    pub(crate) fn start(self, name: String) -> Result<()> {
        let (desk, waker) = (Arc::clone(&self.desk), self.waker.clone());
        let died = move |error| {
            at(&desk).failed = Some(error);
            waker.wake();
        };
        looking::start(name, move || self.run(), died).map_err(no_thread)
    }

    fn run(mut self) {
        loop {
            if let Err(error) = self.turn() {
                at(&self.desk).failed = Some(error);
                self.waker.wake();
                return;
            }
            let wait = self.wait();
            if self.bell.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    /// Everything that is to be done now.
    fn turn(&mut self) -> Result<()> {
        self.serve_readers();
        self.serve_wishes();
        if self.end_checkpoints() {
            self.next_look = Duration::ZERO;
        }
        self.stage_backlog()?;
        if (self.clock)() >= self.due() {
            self.looked = false;
            let begun = (self.clock)();
            let looked = self.look();
            let now = (self.clock)();
            // A look may take long itself, and looks for readers are made while other files wait.
            self.next_asked = now + AWAY.max(now.saturating_sub(begun) * PAUSES);
            match looked {
                Ok(()) => {
                    self.looked = true;
                    self.come_back();
                    self.nothing_is_owed();
                }
                Err(Hindrance::Failed(error)) => return Err(error),
                Err(Hindrance::Away(error)) => self.go_away(&error)?,
                Err(Hindrance::Vanished(words)) => self.wait_for(words),
            }
            self.stage_backlog()?;
        }
        self.check_complete();
        Ok(())
    }

    /// When a look is of use. Files that are ready come first, but for a reader that can't go on, and makes no room for them. A file
    /// that was ready and changed before it was opened is looked for before long, too: a source that looks once would end without it.
    fn due(&self) -> Duration {
        let is_changed = at(&self.desk).intake.is_unsettled();
        let is_regular = self.backlog.is_empty();
        let regular = is_regular.then_some(self.next_look);
        let asked = (self.is_asked() || is_regular && is_changed).then_some(self.next_asked);
        let due = regular.into_iter().chain(asked).min();
        due.unwrap_or(Duration::MAX)
    }

    /// Whether readers wait for what only a look tells.
    fn is_asked(&self) -> bool {
        !self.sought.is_empty() || at(&self.desk).intake.is_asked()
    }

    /// How long nothing need be done.
    fn wait(&self) -> Duration {
        let is_left = !self.unfinished.is_empty();
        let is_waited_for = is_left && self.policy.interval.is_none();
        let is_pressed = self.is_asked() || !self.backlog.is_empty() || is_waited_for;
        let longest = match self.book {
            // The enumerator rings when there is room.
            _ if is_pressed => AWAY,
            Some(_) => WISHES,
            None => LONGEST,
        };
        let tried = if is_left {
            self.next_try
        } else {
            Duration::MAX
        };
        let next = self.due().min(tried);
        next.saturating_sub((self.clock)()).min(longest)
    }

    /// Has files read again that people want to be read again.
    fn serve_wishes(&mut self) {
        let Some(book) = &self.book else {
            return;
        };
        book.look_for_wishes();
        for wish in book.take_wishes() {
            let mut desk = at(&self.desk);
            // What lies between two tries to open it is not being read.
            let tried = self.unfinished.len();
            self.unfinished.retain(|ready| ready.name != wish.name);
            if self.unfinished.len() < tried {
                desk.intake.pass_over(&wish.name);
            }
            let granted = if desk.intake.forget_file(wish.name.key(), wish.piece) {
                desk.complete = false;
                self.next_look = Duration::ZERO;
                let path = wish.name.below(&self.root.directory);
                let is_away =
                    self.root.store.is_none() && self.root.volume.identity(&path).is_err();
                info!(
                    "{}/{} is read again, as was asked{}",
                    self.root.shown(),
                    wish.name,
                    if is_away {
                        ", once it lies there again"
                    } else {
                        ""
                    }
                );
                Granted::Behind(desk.begun)
            } else {
                warn!(
                    "{}/{} is not read again, as was asked: it is being read, or was read again since",
                    self.root.shown(),
                    wish.name
                );
                Granted::No
            };
            drop(desk);
            book.answer(wish, granted);
        }
    }

    /// Does what readers have asked for.
    fn serve_readers(&mut self) {
        let Some(meeting) = self.meeting.upgrade() else {
            return;
        };
        let sought = meeting.take_sought();
        if !sought.is_empty() {
            self.sought.extend(sought);
            self.next_asked = Duration::ZERO;
        }
        let (again, bad) = meeting.take_asked();
        if !again.is_empty() {
            let mut desk = at(&self.desk);
            desk.complete = false;
            again
                .into_iter()
                .for_each(|(key, piece)| desk.intake.want_again(key, piece));
            drop(desk);
            self.next_asked = Duration::ZERO;
            self.bring_forward();
        }
        for passed in bad {
            self.quarantine_passed(&passed);
        }
    }

    /// Has files that readers wait for come before all others that are ready.
    fn bring_forward(&mut self) {
        let desk = at(&self.desk);
        if !desk.intake.is_asked() {
            return;
        }
        let is_awaited = |ready: &Ready| desk.intake.is_asked_for(&ready.name);
        let (awaited, others): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.backlog)
            .into_iter()
            .partition(is_awaited);
        let (left, unfinished): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.unfinished)
            .into_iter()
            .partition(is_awaited);
        self.unfinished = unfinished;
        self.backlog = awaited;
        self.backlog.extend(left);
        self.backlog.extend(others);
    }

    /// Tidies up behind checkpoints that are complete. Whether there is something to be taken away.
    fn end_checkpoints(&mut self) -> bool {
        let (completed, news) = {
            let mut desk = at(&self.desk);
            let completed = std::mem::take(&mut desk.completed);
            let mut news = false;
            for finished in &completed {
                news |= finished.is_some_and(|finished| desk.intake.set_committed(finished));
            }
            news &= self.policy.after_commit != AfterCommit::Keep;
            desk.owed |= news;
            (completed, news)
        };
        if !completed.is_empty() && !news {
            // The enumerator may wait for having nothing left to do.
            self.waker.wake();
        }
        if !completed.is_empty() {
            self.tidy_journal();
        }
        news
    }

    /// Drops what no checkpoint needs of the journal any more.
    fn tidy_journal(&mut self) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        let marks = at(&self.desk).marks.clone();
        match journal.completed(&marks) {
            Ok(oldest) => {
                let is_there = |mark: &Mark| oldest.is_some_and(|oldest| mark.checkpoint >= oldest);
                at(&self.desk).marks.retain(is_there);
            }
            Err(error) => {
                warn!(cause = %error, "old journals of the source can't be dropped; it is tried again");
            }
        }
    }

    /// A look has taken away what was done with.
    fn nothing_is_owed(&mut self) {
        let mut desk = at(&self.desk);
        if std::mem::take(&mut desk.owed) {
            drop(desk);
            self.waker.wake();
        }
    }

    /// The directory has been looked at in vain.
    fn go_away(&mut self, error: &io::Error) -> Result<()> {
        let is_owed = at(&self.desk).owed;
        if self.policy.interval.is_none() && self.sought.is_empty() && !is_owed {
            return Err(look::not_readable(&self.root.shown(), error));
        }
        self.wait_for(format!("{} can't be looked at: {error}", self.root.shown()));
        Ok(())
    }

    /// Waits for the directory; whoever shows what holds a source up says so once.
    fn wait_for(&mut self, words: String) {
        at(&self.desk).held_up = Some(words);
        let pause = self.policy.interval.unwrap_or(AWAY).min(AWAY);
        self.next_look = (self.clock)() + pause;
        self.waker.wake();
    }

    /// When to look again: after the pause, but when a file is due or there was too much for one look, before.
    fn come_back(&mut self) {
        let mut desk = at(&self.desk);
        if desk.held_up.take().is_some() {
            self.waker.wake();
        }
        let now = (self.clock)();
        let pause = self.policy.interval.unwrap_or(Duration::MAX);
        let regular = now.saturating_add(pause);
        self.next_look = if desk.intake.has_more() {
            // At once as soon as something of it can be read: see `queue`.
            (now + AWAY).min(regular)
        } else {
            desk.intake.due().unwrap_or(regular).min(regular)
        };
    }

    /// A source that looks once has found everything when nothing is ready, and nothing is waited for.
    fn check_complete(&mut self) {
        if self.policy.interval.is_some() {
            return;
        }
        let mut desk = at(&self.desk);
        let is_busy = !self.backlog.is_empty() || !self.unfinished.is_empty();
        // A look that came to nothing tells nothing of what there is.
        if is_busy || !self.looked || desk.complete {
            return;
        }
        if desk.intake.is_complete() {
            desk.complete = true;
            drop(desk);
            self.waker.wake();
        } else if self.next_look == Duration::MAX && !desk.intake.is_unsettled() {
            // There were more files than can be watched at once.
            self.next_look = (self.clock)();
        }
    }

    /// Whether the enumerator has room for more.
    fn has_room(&self) -> bool {
        (at(&self.desk).intake.queued() as u64) < WINDOW / 2
    }
}

/// Why a look came to nothing.
pub(crate) enum Hindrance {
    /// The directory is away.
    Away(io::Error),
    /// It is there, but empty of everything that it held; what to say.
    Vanished(String),
    /// The job fails.
    Failed(Error),
}

impl From<Error> for Hindrance {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
