//! The enumerator of a source of files: announces what its thread finds, and keeps the books of that.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use millstream_core::{CheckpointId, Error, JobId, Result, codes};
use millstream_engine::connector::{
    Enumerated, Enumerator, EnumeratorContext, Remaining, SnapshotRequest, SourceSnapshot,
};
use tracing::warn;

use super::away::Taker;
use super::book::{Book, Keeping, Past};
use super::counts::counted_in;
use super::intake::{Intake, Rules, WINDOW};
use super::journal::{Journal, Mark, announced_behind};
use super::lister::{Before, Clock, Desk, Lister, Policy, SharedDesk, TakenUnended, at};
use super::listing::{DirectoryId, Root};
use super::meeting::Meeting;
use super::name::Key;
use super::options::{AfterCommit, Lost};
use super::piece::{Announcement, Piece};
use super::state::{self, Outcome, Restored, Segments, WriteAnnounced, WriteSeen};
use super::taken::{Taken, have_taken, in_the_way, shared, taken_behind};

/// Announces files. Everything that waits is done by its [`Lister`].
pub(crate) struct FileEnumerator {
    desk: SharedDesk,
    meeting: Arc<Meeting>,
    /// Rung when the thread has something to do; dropped with the enumerator, which ends the thread.
    bell: Sender<()>,
    job: JobId,
    run: u64,
    /// How the directory is called.
    path: String,
    snapshots: u64,
    /// Boundaries that have not ended.
    boundaries: BTreeMap<CheckpointId, (Mark, Outcome)>,
    /// What the next checkpoint may refer to.
    segments: Segments,
    is_bounded: bool,
    /// Whether files are taken away when they are done with.
    takes_away: bool,
    /// What people are told of files.
    book: Option<Arc<Book>>,
    ended: bool,
}

/// What an enumerator is made of, besides its context.
pub(crate) struct Parts {
    pub(crate) root: Root,
    pub(crate) rules: Rules,
    pub(crate) policy: Policy,
    pub(crate) meeting: Arc<Meeting>,
    /// Where it is noted what people are told of files; `None`: nowhere.
    pub(crate) book: Option<PathBuf>,
}

/// A clock that nobody sets back.
#[allow(
    clippy::disallowed_methods,
    reason = "the home of the clock of listings"
)]
fn monotonic() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

impl FileEnumerator {
    /// Restores the books and starts the thread.
    ///
    /// # Errors
    /// What was restored can't be read, or the machine gives no thread.
    pub(crate) fn open(parts: Parts, context: EnumeratorContext) -> Result<Self> {
        let Parts {
            root,
            rules,
            policy,
            meeting,
            book,
        } = parts;
        let restored = context.restored.as_ref();
        let restored = restored.map(|source| Restored::read(source, rules.split));
        let restored = restored.transpose()?;
        let behind = announced_before(&context, restored.as_ref())?;
        let journal = carried_on(&context, &behind, restored.as_ref())?;
        let keeping = book.map(|place| keeping(place, &context, &root, restored.as_ref()));
        if let Some(restored) = &restored {
            check_taken(&context, &restored.intake, &policy, &root)?;
            check_shared(&context, restored.intake.directory, &policy, &root)?;
        }
        let taken = taken_away(&context, &policy, &root)?;
        let (before, desk) = books(&context, restored, Intake::new(rules), behind)?;
        let desk: SharedDesk = Arc::new(Mutex::new(desk));
        let (ring, bell) = bounded(1);
        let book = keeping
            .map(|keeping| Book::open(keeping, &meeting, ring.clone()))
            .transpose()?;
        let is_bounded = policy.interval.is_none();
        let takes_away = policy.after_commit != AfterCommit::Keep;
        meeting.set_enumerator(context.waker.clone());
        let path = root.shown();
        Lister {
            taker: Taker::new(
                root.volume.clone(),
                root.directory.clone(),
                context.job,
                context.run,
            ),
            root,
            policy,
            desk: Arc::clone(&desk),
            meeting: Arc::downgrade(&meeting),
            waker: context.waker,
            bell,
            journal,
            taken,
            book: book.clone(),
            before,
            clock: monotonic(),
            progress: context.progress,
            backlog: VecDeque::new(),
            unfinished: VecDeque::new(),
            next_try: Duration::ZERO,
            fresh: HashMap::new(),
            taken_unended: TakenUnended::default(),
            looked_through: 0,
            missed: Vec::new(),
            looked_once_more: false,
            lacks_known: false,
            told: HashMap::new(),
            quarantined: HashSet::new(),
            heard: HashSet::new(),
            other_since: None,
            sought: BTreeMap::new(),
            next_look: Duration::ZERO,
            next_asked: Duration::ZERO,
            looked: false,
        }
        .start("files".to_owned())?;
        Ok(Self {
            desk,
            meeting,
            bell: ring,
            job: context.job,
            run: context.run,
            path,
            snapshots: 0,
            boundaries: BTreeMap::new(),
            segments: Segments::default(),
            is_bounded,
            takes_away,
            book,
            ended: false,
        })
    }

    fn ring(&self) {
        // A bell that has been rung need not be rung again.
        let _rung = self.bell.try_send(());
    }
}

impl Drop for FileEnumerator {
    fn drop(&mut self) {
        if let Some(book) = &self.book {
            book.close();
        }
    }
}

/// What is known before the first look, and the desk as it is then. `behind`: what was announced behind the snapshot.
fn books(
    context: &EnumeratorContext,
    restored: Option<Restored>,
    mut intake: Intake,
    behind: HashMap<Key, Piece>,
) -> Result<(Before, Desk)> {
    let mut before = Before {
        announced: behind,
        ..Before::default()
    };
    let (mut directory, mut marks) = (None, Vec::new());
    if let Some(restored) = restored {
        before.present = Some(restored.seen.present());
        before.has_taken = has_taken(context)?;
        before.is_continued = is_continued(context, &restored.intake);
        before.minutes = restored.intake.minutes;
        directory = restored.intake.directory;
        if restored.intake.announced > 0 {
            before.path = restored.intake.path;
        }
        marks = restored.intake.marks;
        let (announced, finished) = (restored.intake.announced, restored.intake.finished);
        intake.restore(restored.seen, restored.unfinished, announced, finished);
    }
    let desk = Desk {
        intake,
        held_up: None,
        failed: None,
        complete: false,
        completed: Vec::new(),
        marks,
        begun: 0,
        unchecked: !before.announced.is_empty(),
        owed: false,
        directory,
        minute: before.minutes,
    };
    Ok((before, desk))
}

/// Who keeps the book in `place`.
fn keeping(
    place: PathBuf,
    context: &EnumeratorContext,
    root: &Root,
    restored: Option<&Restored>,
) -> Keeping {
    Keeping {
        place,
        job: context.job,
        shown: root.shown(),
        past: past(context, restored),
    }
}

/// The notes of what is taken away, if anything is and there is a place for them.
fn taken_away(context: &EnumeratorContext, policy: &Policy, root: &Root) -> Result<Option<Taken>> {
    let directory = context.directory.as_deref();
    let taken = directory
        .filter(|_| policy.after_commit != AfterCommit::Keep)
        .map(|directory| Taken::open(directory, &context.uid, root.id().ok()));
    taken
        .transpose()
        .map_err(|error| note_error("notes of what was taken away can't be read", error))
}

/// The journal of this attempt, which begins with what was announced `behind` the snapshot; `None`: there is no place for one.
fn carried_on(
    context: &EnumeratorContext,
    behind: &HashMap<Key, Piece>,
    restored: Option<&Restored>,
) -> Result<Option<Journal>> {
    let Some(directory) = context.directory.clone() else {
        return Ok(None);
    };
    let mut journal = Journal::new(directory, &context.uid, context.run);
    let mut pieces: Vec<Piece> = behind.values().cloned().collect();
    pieces.sort_by_key(|piece| piece.sequence);
    let snapshot_run = restored.map_or(0, |restored| restored.intake.run);
    let written = journal.carry_on(&pieces, snapshot_run);
    written.map_err(|error| journal_error("written", error))?;
    Ok(Some(journal))
}

/// Whether the snapshot is the job's own, or that of a job whose place it takes.
fn is_continued(context: &EnumeratorContext, intake: &state::Intake) -> bool {
    let is_own = intake.job == Some(context.job);
    is_own
        || context
            .lineage
            .ancestors
            .last()
            .is_some_and(|last| last.owned)
}

/// Whether this job, or the one that it goes on from, has taken any file away.
fn has_taken(context: &EnumeratorContext) -> Result<bool> {
    let directories = context.behind.iter().chain(&context.directory);
    have_taken(directories, &context.uid)
        .map_err(|error| note_error("notes of what was taken away can't be read", error))
}

/// What the book goes on from.
fn past(context: &EnumeratorContext, restored: Option<&Restored>) -> Option<Past> {
    let intake = &restored?.intake;
    let readers = context.restored.as_ref().map(|source| &source.readers);
    Some(Past {
        lineage: context.lineage.clone(),
        announced: intake.announced,
        finished: intake.finished,
        checkpoint: intake.marks.last().map(|mark| mark.checkpoint),
        counted: readers.map_or_else(HashSet::new, |readers| counted_in(readers)),
    })
}

/// What was announced behind the snapshot that the job goes on from, by name.
fn announced_before(
    context: &EnumeratorContext,
    restored: Option<&Restored>,
) -> Result<HashMap<Key, Piece>> {
    let Some(own) = &context.directory else {
        return Ok(HashMap::new());
    };
    let mut directories = context.behind.clone();
    directories.push(own.clone());
    let intake = restored.map(|restored| &restored.intake);
    let point = intake.map_or((0, 0, false), |intake| {
        (intake.run, intake.announced, intake.unchecked)
    });
    let pieces = announced_behind(&directories, &context.uid, point)
        .map_err(|error| journal_error("read", error))?;
    let by_name = pieces.into_iter().map(|piece| (piece.name.key(), piece));
    Ok(by_name.collect())
}

/// Says what other jobs have taken away behind the snapshot, of which this one would be told by nobody.
fn check_taken(
    context: &EnumeratorContext,
    intake: &state::Intake,
    policy: &Policy,
    root: &Root,
) -> Result<()> {
    let gone = taken_behind(&context.branches, &context.uid, intake.announced);
    let gone =
        gone.map_err(|error| note_error("notes of what was taken away can't be read", error))?;
    let Some(gone) = gone else {
        return Ok(());
    };
    let error = gone.error(&root.shown());
    if policy.lost == Lost::Fail {
        return Err(error);
    }
    warn!("{}; source.file.lost is skip", error.message());
    context.progress.lost_files.add(gone.files);
    Ok(())
}

/// Says who reads the same directory, where this job or that one takes files away which the other one has not read.
fn check_shared(
    context: &EnumeratorContext,
    directory: Option<DirectoryId>,
    policy: &Policy,
    root: &Root,
) -> Result<()> {
    // Who reads another directory than the one of the snapshot is in nobody's way. One that is away is compared by no more.
    let Some(listed) = root.id().ok().or(directory) else {
        return Ok(());
    };
    if directory.is_some_and(|directory| directory != listed) {
        return Ok(());
    }
    let takes = policy.after_commit != AfterCommit::Keep;
    let rival = in_the_way(&context.rivals, &context.uid, listed, takes);
    let rival =
        rival.map_err(|error| note_error("notes of what was taken away can't be read", error))?;
    let Some(rival) = rival else {
        return Ok(());
    };
    let error = shared(rival, &root.shown(), takes);
    if policy.lost == Lost::Fail {
        return Err(error);
    }
    warn!("{}; source.file.lost is skip", error.message());
    Ok(())
}

fn journal_error(done: &str, cause: io::Error) -> Error {
    note_error(
        &format!("the journal of what the source has announced can't be {done}"),
        cause,
    )
}

fn note_error(what: &str, cause: io::Error) -> Error {
    Error::new(&codes::SOURCE_READ, what)
        .cause(cause)
        .next("check the directory of checkpoints")
}

impl Enumerator for FileEnumerator {
    fn poll(&mut self) -> Result<Enumerated> {
        if self.ended {
            return Ok(Enumerated::Ended);
        }
        if self.meeting.has_asked() {
            self.ring();
        }
        let mut desk = at(&self.desk);
        desk.intake.pass_over_all(self.meeting.take_passed(None));
        desk.intake.set_finished(self.meeting.finished_by_all());
        if let Some(error) = desk.failed.take() {
            return Err(error);
        }
        let pieces = desk.intake.announce();
        if (desk.intake.queued() as u64) < WINDOW / 2 {
            self.ring();
        }
        if !pieces.is_empty() {
            if let Some(book) = &self.book {
                book.announced(&pieces);
            }
            return Ok(found(&Announcement::Pieces(pieces)));
        }
        if self.is_bounded && desk.complete && desk.intake.is_finished() {
            self.ended = true;
            return Ok(found(&Announcement::End));
        }
        if let Some(why) = &desk.held_up {
            return Ok(Enumerated::HeldUp(why.clone()));
        }
        let far_enough = self.meeting.await_finished(desk.intake.wake_at());
        let news = far_enough && self.meeting.finished_by_all() > desk.intake.finished();
        Ok(Enumerated::Pending(news.then_some(Duration::ZERO)))
    }

    fn snapshot(&mut self, request: &SnapshotRequest) -> Result<SourceSnapshot> {
        let (books, intake, mark) = {
            let mut desk = at(&self.desk);
            let passed = self.meeting.take_passed(Some(request.checkpoint));
            desk.intake.pass_over_all(passed);
            desk.intake.set_finished(self.meeting.finished_by_all());
            desk.begun = desk.begun.max(request.checkpoint);
            let books = desk.intake.freeze();
            let mark = Mark {
                checkpoint: request.checkpoint,
                run: self.run,
                announced: books.announced,
                unchecked: desk.unchecked,
            };
            let marks = desk.marks.iter().copied().chain([mark]);
            let intake = state::Intake {
                announced: books.announced,
                finished: books.finished,
                job: Some(self.job),
                run: self.run,
                minutes: desk.minute,
                directory: desk.directory,
                path: self.path.clone(),
                unchecked: desk.unchecked,
                marks: marks.collect(),
            };
            (books, intake, mark)
        };
        self.snapshots += 1;
        let outcome = Outcome::default();
        self.boundaries
            .insert(request.checkpoint, (mark, Arc::clone(&outcome)));
        // If this one does not come to its end, what has changed since the last is in no segment.
        let segments = std::mem::take(&mut self.segments);
        let seen = WriteSeen {
            ledger: books.ledger,
            segments: if request.full {
                Segments::default()
            } else {
                segments
            },
            unique: format!("{}-{}", self.run, self.snapshots),
            outcome,
        };
        let announced = WriteAnnounced {
            pieces: books.unfinished,
        };
        Ok(SourceSnapshot {
            entries: vec![intake.entry()?],
            states: vec![Box::new(seen), Box::new(announced)],
        })
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let finished = self.meeting.take_boundary(checkpoint);
        let Some((mark, outcome)) = self.boundaries.remove(&checkpoint) else {
            return Ok(());
        };
        if completed {
            self.meeting.forget_passed(checkpoint);
            self.segments = state::take(&outcome).unwrap_or_default();
            let mut desk = at(&self.desk);
            // Before anybody hears that it is committed: what was not read is not taken away.
            desk.intake.pass_over_all(self.meeting.take_passed(None));
            desk.marks.push(mark);
            desk.completed.push(finished);
            drop(desk);
            self.ring();
            if let Some(book) = &self.book {
                book.committed(checkpoint, finished);
            }
        }
        Ok(())
    }

    fn remaining(&mut self) -> Remaining {
        // Stopped on its way, the job has a savepoint: whoever goes on from it takes the files away.
        if !self.ended || !self.takes_away {
            return Remaining::Nothing;
        }
        let mut desk = at(&self.desk);
        if let Some(error) = desk.failed.take() {
            warn!("Files that are done with stay: {error}");
            desk.owed = false;
        }
        if !desk.owed && desk.completed.is_empty() {
            return Remaining::Nothing;
        }
        match &desk.held_up {
            Some(why) => Remaining::HeldUp(why.clone()),
            None => Remaining::UnderWay,
        }
    }
}

fn found(announcement: &Announcement) -> Enumerated {
    Enumerated::Found(announcement.encode().into())
}
