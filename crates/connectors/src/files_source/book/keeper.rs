//! What follows for rows from what is told, and the thread that writes it down.

mod away;
mod past;
mod wishes;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, Sender};
use millstream_core::book::{FileState, Head, Row};
use millstream_core::{CheckpointId, JobId};
use tracing::warn;

use super::pages::{Added, Pages};
use super::{Announced, Book, Keeping, Notes, Past, Unreadable};
use crate::files_source::counts::Count;
use crate::files_source::intake::WINDOW;
use crate::files_source::meeting::Meeting;
use crate::files_source::name::{Key, Name};

/// How often the book is written.
const INTERVAL: Duration = Duration::from_millis(500);
/// Rows that are remembered by the names of their files, at most, beside those that are being read.
const REMEMBERED: usize = 4_096;

/// A file that is not finished.
#[derive(Debug)]
struct Live {
    row: Row,
    key: Key,
    changed: bool,
}

/// Who keeps the book.
pub(super) struct Keeper {
    place: PathBuf,
    job: JobId,
    shown: String,
    past: Option<Past>,
    meeting: Weak<Meeting>,
    book: Arc<Book>,
    pages: Pages,
    counts: BTreeMap<FileState, u64>,
    /// The rows of pieces that not every reader has finished.
    open: BTreeMap<u64, u64>,
    live: HashMap<u64, Live>,
    /// Live rows by the names of their files.
    names: HashMap<Key, u64>,
    /// The rows of files that may be appended to, and of entries that can't be read.
    known: HashMap<Key, u64>,
    /// The rows of files that are to be read again and have not been announced.
    again: HashMap<Key, u64>,
    /// Pieces that were done before the snapshot which the job goes on from, and that the enumerator there did not know to be.
    done_before: HashSet<u64>,
    /// The rows of pieces that can't be read.
    failed: BTreeMap<u64, u64>,
    /// Rows before this one need no look when a checkpoint is complete.
    uncommitted: u64,
    /// Wishes that the lister has heard.
    asked: HashSet<u64>,
    /// Wishes that were granted, until a checkpoint behind this one is complete.
    owed: Vec<(u64, CheckpointId)>,
    missed: u64,
    told: Option<Head>,
    is_open: bool,
}

/// Why the thread ends.
enum Pause {
    Closed,
    /// There is nothing to write.
    Quiet,
}

#[allow(
    clippy::disallowed_methods,
    reason = "the home of the clock of what people are told of files"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

impl Keeper {
    pub(super) fn new(keeping: Keeping, meeting: Weak<Meeting>, book: Arc<Book>) -> Self {
        let Keeping {
            place,
            job,
            shown,
            past,
        } = keeping;
        Self {
            pages: Pages::none(&place),
            place,
            job,
            shown,
            past,
            meeting,
            book,
            counts: BTreeMap::new(),
            open: BTreeMap::new(),
            live: HashMap::new(),
            names: HashMap::new(),
            known: HashMap::new(),
            again: HashMap::new(),
            done_before: HashSet::new(),
            failed: BTreeMap::new(),
            uncommitted: 0,
            asked: HashSet::new(),
            owed: Vec::new(),
            missed: 0,
            told: None,
            is_open: false,
        }
    }

    /// What the thread does, until the book is closed or there is nothing to write.
    pub(super) fn work(
        mut self,
        rung: Receiver<()>,
        ring_lister: Sender<()>,
        end: Sender<()>,
    ) -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            match self.keep(&rung, &ring_lister) {
                Ok(Pause::Closed) => {}
                Ok(Pause::Quiet) => return self.rest(rung, ring_lister, end),
                Err(error) => {
                    warn!(place = %self.place.display(), cause = %error, "the book of files is not kept any more; the job goes on without it");
                    self.give_up(&rung);
                }
            }
            let _heard = end.try_send(());
        })
    }

    /// Ends the thread until it is [woken](Book::wake).
    fn rest(self, rung: Receiver<()>, ring_lister: Sender<()>, end: Sender<()>) {
        let book = Arc::clone(&self.book);
        let waiting = self.told.as_ref().map(|head| head.waiting);
        let mut resting = book.resting();
        resting.0 = Some(self.work(rung, ring_lister, end));
        drop(resting);
        // Whoever has left something meanwhile has found that there is a thread.
        let notes = book.notes();
        let is_left = !notes.is_empty() || Some(notes.waiting) != waiting;
        drop(notes);
        if is_left {
            book.wake();
        }
    }

    fn keep(&mut self, rung: &Receiver<()>, ring_lister: &Sender<()>) -> io::Result<Pause> {
        if !self.is_open {
            let past = self.past.take();
            self.pages = past::open(&self.place, self.job, past.as_ref())?;
            self.uncommitted = self.pages.first();
            if let Some(past) = &past {
                self.go_on(past)?;
            }
            self.is_open = true;
        }
        loop {
            if !self.wait_for_place(rung) || self.turn(ring_lister)? {
                return Ok(Pause::Closed);
            }
            let is_woken = rung.recv_timeout(INTERVAL).is_ok();
            if !is_woken && self.is_quiet() {
                return Ok(Pause::Quiet);
            }
        }
    }

    /// Whether nothing is to be written until something is left for it.
    fn is_quiet(&self) -> bool {
        self.is_over() && self.book.notes().is_empty()
    }

    /// Whether all that was told of is as it stays.
    fn is_over(&self) -> bool {
        self.live.is_empty() && self.owed.is_empty() && self.asked.is_empty()
    }

    /// Remembers a row of a job that goes on.
    fn remember(&mut self, number: u64, row: Row, name: &Name) {
        let (Some(state), key) = (row.state, name.key()) else {
            return;
        };
        *self.counts.entry(state).or_default() += 1;
        match row.piece {
            Some(piece) if !state.is_over() => self.watch(
                number,
                piece,
                Live {
                    row,
                    key,
                    changed: false,
                },
            ),
            Some(piece) if state == FileState::Failed => self.fail(piece, number),
            Some(_) => {}
            None if state == FileState::Pending => drop(self.again.insert(key, number)),
            None => self.know(key, number),
        }
    }

    fn watch(&mut self, number: u64, piece: u64, live: Live) {
        self.names.insert(live.key, number);
        self.open.insert(piece, number);
        self.live.insert(number, live);
    }

    fn know(&mut self, key: Key, number: u64) {
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(key, number);
    }

    fn fail(&mut self, piece: u64, number: u64) {
        if self.failed.len() >= REMEMBERED {
            self.failed.pop_first();
        }
        self.failed.insert(piece, number);
    }

    /// Everything that is to be written now. Whether the book is closed.
    fn turn(&mut self, ring_lister: &Sender<()>) -> io::Result<bool> {
        let notes = {
            let mut left = self.book.notes();
            let notes = std::mem::take(&mut *left);
            (left.waiting, left.awaits_checkpoint) = (notes.waiting, true);
            notes
        };
        let meeting = self.meeting.upgrade();
        // Readers count before they say that they have finished.
        let finished = meeting.as_ref().map(|meeting| meeting.finished_by_all());
        let told = meeting.as_ref().map(|meeting| meeting.counts().take());
        self.missed += notes.missed;
        for announced in &notes.announced {
            self.announce(announced)?;
        }
        for told in told.unwrap_or_default() {
            self.forget_records(told.left_out);
            for (piece, count) in told.counts {
                self.count(piece, count);
            }
            for (piece, why) in told.failed {
                self.has_failed(piece, why)?;
            }
        }
        for unreadable in &notes.unreadable {
            self.is_unreadable(unreadable)?;
        }
        let finished = finished.unwrap_or(0);
        self.finish(finished)?;
        self.write_live()?;
        for piece in &notes.moved {
            self.is_moved(*piece)?;
        }
        let heard = !notes.committed.is_empty();
        for (checkpoint, below) in &notes.committed {
            self.commit(*checkpoint, below.unwrap_or(0).min(finished))?;
        }
        for (wish, granted) in &notes.granted {
            self.grant(wish, *granted)?;
        }
        self.write_head(&notes)?;
        if let Some(meeting) = &meeting
            && (heard || finished > meeting.counts().settled() + WINDOW)
        {
            self.pages.sync()?;
            meeting.counts().set_settled(finished);
        }
        self.hear_wishes(ring_lister)?;
        let settled = meeting.map(|meeting| meeting.counts().settled());
        let is_settled = settled.is_none_or(|settled| settled >= finished);
        let awaits = !is_settled || !self.is_over() || self.uncommitted < self.pages.next();
        self.book.notes().awaits_checkpoint = awaits;
        Ok(notes.closed)
    }

    fn add(&mut self, row: Row, name: &Name, reason: &str) -> io::Result<(u64, Row)> {
        let Added {
            number,
            row,
            forgotten,
        } = self.pages.add(row, name.bytes(), reason)?;
        for state in forgotten.iter().filter_map(|row| row.state) {
            self.uncount(state);
        }
        if let Some(state) = row.state {
            *self.counts.entry(state).or_default() += 1;
        }
        Ok((number, row))
    }

    fn uncount(&mut self, state: FileState) {
        let count = self.counts.entry(state).or_default();
        *count = count.saturating_sub(1);
    }

    fn change(&mut self, row: &mut Row, state: Option<FileState>) {
        if let Some(before) = row.state {
            self.uncount(before);
        }
        if let Some(state) = state {
            *self.counts.entry(state).or_default() += 1;
        }
        (row.state, row.changed) = (state, now());
    }

    fn announce(&mut self, announced: &Announced) -> io::Result<()> {
        let Announced {
            name,
            piece,
            size,
            from,
        } = announced;
        if self.open.contains_key(piece) || self.done_before.contains(piece) {
            return Ok(());
        }
        let key = name.key();
        let appended = (*from > 0)
            .then(|| self.names.get(&key).or_else(|| self.known.get(&key)))
            .flatten()
            .copied();
        if let Some(number) = appended
            && let Some(mut row) = self.present(number)?
        {
            self.change(&mut row, Some(FileState::Reading));
            (row.piece, row.size, row.checkpoint) = (Some(*piece), *size, None);
            self.uncommitted = self.uncommitted.min(number);
            self.watch(number, *piece, changed(row, key));
            return Ok(());
        }
        if let Some(number) = self.again.remove(&key)
            && let Some(mut row) = self.present(number)?
        {
            self.change(&mut row, Some(FileState::Pending));
            (row.piece, row.size) = (Some(*piece), *size);
            self.uncommitted = self.uncommitted.min(number);
            self.watch(number, *piece, changed(row, key));
            return Ok(());
        }
        self.replace(key)?;
        let row = Row {
            state: Some(FileState::Pending),
            piece: Some(*piece),
            size: *size,
            records: Some(0),
            changed: now(),
            ..NOTHING
        };
        let (number, row) = self.add(row, name, "")?;
        self.watch(
            number,
            *piece,
            Live {
                row,
                key,
                changed: false,
            },
        );
        Ok(())
    }

    /// A row as it is now: what is being read is newer than what was written.
    fn present(&mut self, number: u64) -> io::Result<Option<Row>> {
        match self.live.get(&number) {
            Some(live) => Ok(Some(live.row)),
            None => self.pages.row(number),
        }
    }

    /// The file is announced anew: what was told of it before it was read to its end is not told any more.
    fn replace(&mut self, key: Key) -> io::Result<()> {
        let before = self.names.remove(&key).or_else(|| self.known.remove(&key));
        let Some(number) = before else {
            return Ok(());
        };
        if let Some(mut row) = self.present(number)? {
            self.live.remove(&number);
            if row
                .state
                .is_some_and(|state| state != FileState::Read && state != FileState::Done)
            {
                self.change(&mut row, None);
            }
            self.pages.write(number, &row)?;
        }
        Ok(())
    }

    fn count(&mut self, piece: u64, count: Count) {
        let Some(live) = self
            .open
            .get(&piece)
            .and_then(|number| self.live.get_mut(number))
        else {
            return;
        };
        let row = &mut live.row;
        row.read += count.read;
        row.records = row.records.map(|records| records + count.records);
        row.bad += count.bad;
        row.changed = now();
        live.changed = true;
        if row.state == Some(FileState::Pending) {
            row.state = Some(FileState::Reading);
            self.uncount(FileState::Pending);
            *self.counts.entry(FileState::Reading).or_default() += 1;
        }
    }

    /// How many records there are in files up to this piece is not known: readers have counted more than was told in time.
    fn forget_records(&mut self, left_out: Option<u64>) {
        for (_, number) in left_out.iter().flat_map(|last| self.open.range(..=last)) {
            if let Some(live) = self.live.get_mut(number) {
                live.row.records = None;
                live.changed = true;
            }
        }
    }

    fn has_failed(&mut self, piece: u64, why: &str) -> io::Result<()> {
        let Some(number) = self.open.get(&piece).copied() else {
            return Ok(());
        };
        let Some(mut row) = self.present(number)? else {
            return Ok(());
        };
        let name = self.pages.name(number, &row)?;
        self.pages.put_name(number, &mut row, &name, why)?;
        self.change(&mut row, Some(FileState::Failed));
        self.fail(piece, number);
        match self.live.get_mut(&number) {
            Some(live) => {
                live.row = row;
                live.changed = true;
                Ok(())
            }
            None => self.pages.write(number, &row),
        }
    }

    fn is_unreadable(&mut self, unreadable: &Unreadable) -> io::Result<()> {
        let Unreadable {
            name,
            why,
            is_moved,
        } = unreadable;
        let state = if *is_moved {
            FileState::Quarantined
        } else {
            FileState::Failed
        };
        let key = name.key();
        let before = self.known.get(&key).copied();
        if let Some(number) = before
            && let Some(mut row) = self.pages.row(number)?
            && row.piece.is_none()
        {
            self.pages.put_name(number, &mut row, name.bytes(), why)?;
            self.change(&mut row, Some(state));
            return self.pages.write(number, &row);
        }
        let row = Row {
            state: Some(state),
            records: Some(0),
            changed: now(),
            ..NOTHING
        };
        let (number, _) = self.add(row, name, why)?;
        self.know(key, number);
        Ok(())
    }

    fn is_moved(&mut self, piece: u64) -> io::Result<()> {
        let Some(number) = self.failed.remove(&piece) else {
            return Ok(());
        };
        let Some(mut row) = self.present(number)? else {
            return Ok(());
        };
        self.change(&mut row, Some(FileState::Quarantined));
        if let Some(live) = self.live.get_mut(&number) {
            live.row = row;
        }
        self.pages.write(number, &row)
    }

    /// Every reader has finished the pieces below `finished`.
    fn finish(&mut self, finished: u64) -> io::Result<()> {
        while let Some(entry) = self
            .open
            .first_entry()
            .filter(|entry| *entry.key() < finished)
        {
            let (piece, number) = entry.remove_entry();
            let is_newest = |live: &&Live| live.row.piece == Some(piece);
            if self.live.get(&number).filter(is_newest).is_none() {
                continue;
            }
            let Some(mut live) = self.live.remove(&number) else {
                continue;
            };
            if !live.row.state.is_some_and(FileState::is_over) {
                self.change(&mut live.row, Some(FileState::Read));
                live.row.read = live.row.size;
            }
            self.pages.write(number, &live.row)?;
            if self.names.get(&live.key) == Some(&number) {
                self.names.remove(&live.key);
            }
            self.know(live.key, number);
        }
        Ok(())
    }

    fn write_live(&mut self) -> io::Result<()> {
        for (number, live) in &mut self.live {
            if std::mem::take(&mut live.changed) {
                self.pages.write(*number, &live.row)?;
            }
        }
        Ok(())
    }

    fn write_head(&mut self, notes: &Notes) -> io::Result<()> {
        let mut head = Head {
            version: 1,
            job: Some(self.job),
            directory: self.shown.clone(),
            first: self.pages.first(),
            next: self.pages.next(),
            counts: self.counts.clone(),
            waiting: notes.waiting,
            missed: self.missed,
            written: 0,
        };
        if self.told.as_ref() == Some(&head) {
            return Ok(());
        }
        self.told = Some(head.clone());
        head.written = now();
        self.pages.write_head(&head)
    }
}

fn changed(row: Row, key: Key) -> Live {
    Live {
        row,
        key,
        changed: true,
    }
}

/// A row of which nothing is known.
const NOTHING: Row = Row {
    state: None,
    name_at: 0,
    name_length: 0,
    reason_length: 0,
    piece: None,
    size: 0,
    read: 0,
    records: None,
    bad: 0,
    checkpoint: None,
    changed: 0,
};
