//! What one reader knows of the pieces of files that were announced: which splits are its own, what it has handed
//! out, what comes next.
//!
//! Pure: it is told what was announced and what was handed out, and says what to read. All offsets are
//! places between records: everything that begins in a stretch `[from, to)` of the file is one piece of
//! work, so the same records come out whatever the split size and the parallelism are.
//!
//! Pieces are worked through in the order of their numbers, so the position is one number and what is known of the
//! few pieces behind it; it does not grow with the number of files.

mod change;
mod entry;
mod file;
mod tails;
mod unended;

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use millstream_core::Result;
use millstream_engine::connector::StateEntry;
use tracing::warn;

pub(crate) use self::change::{Mended, Passed, changed_error, lost, overwritten, unreadable};
pub(crate) use self::entry::PassedOver;
use self::entry::{Entry, Restored, TailEntry};
use self::file::FileState;
pub(crate) use self::file::Totals;
use self::tails::{Tail, Tails};
use super::contents::Contents;
use super::fetch::Task;
use super::intervals::Intervals;
use super::layers::{self, Layer, Position};
use super::listing::{FoundFile, Identity};
use super::name::{Key, Name};
use super::options::{Bad, Changed, Lost};
use super::piece::{Announcement, Piece};
use super::share::Share;
use super::stream::Start;

/// Who reads, and where.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) subtask: usize,
    pub(crate) parallelism: usize,
    /// The directory in which the files lie.
    pub(crate) directory: PathBuf,
    /// What files hold.
    pub(crate) contents: Contents,
    pub(crate) changed: Changed,
    pub(crate) lost: Lost,
    pub(crate) bad: Bad,
}

/// The task that is being handed out.
#[derive(Debug)]
struct Running {
    number: u64,
    piece: u64,
    from: u64,
    to: u64,
    /// Bytes up to here have been counted as read.
    counted: u64,
}

/// What came of a task that has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Bytes of the file that count as read by now and did not before.
    pub(crate) bytes: u64,
    /// Whether a file whose first split is the reader's has been read to its end.
    pub(crate) file: bool,
}

/// The most files of which the farthest known record start is kept after they were read, so that growth is read on
/// from there.
const REMEMBERED: usize = 1_024;

/// The ledger of one reader.
#[derive(Debug)]
pub(crate) struct Ledger {
    place: Place,
    layers: Vec<Layer>,
    /// Pieces of which something is left for this reader, in the order of their numbers.
    pieces: VecDeque<FileState>,
    /// How many of them each file has.
    names: HashMap<Key, usize>,
    /// The first of them that has splits which were not given out; those before have none.
    given: usize,
    /// The number behind the last piece that was announced.
    next: u64,
    running: VecDeque<Running>,
    next_number: u64,
    tails: Tails,
    /// Where reading came to in files that may grow.
    reached: VecDeque<(Key, Start)>,
    columns: Option<Vec<String>>,
    ended: bool,
}

impl Ledger {
    /// The ledger of a reader that starts from `entries`, those of all readers of a snapshot.
    pub(crate) fn new(place: Place, entries: Option<Vec<StateEntry>>) -> Result<Self> {
        let restored = Restored::read(&entries.unwrap_or_default())?;
        let all_done = restored.layers.iter().map(Layer::all_below).max();
        let mine = |tail: &Tail| {
            let (file, reader) = (tail.name.key(), place.subtask);
            Share::new(file, tail.split, reader, place.parallelism).owns(tail.start.offset)
        };
        let mut tails = Tails::default();
        let mine = restored.tails.into_iter().filter(mine);
        mine.for_each(|tail| tails.keep(tail));
        let mut ledger = Self {
            tails,
            place,
            layers: restored.layers,
            pieces: VecDeque::new(),
            names: HashMap::new(),
            given: 0,
            next: all_done.unwrap_or(0),
            running: VecDeque::new(),
            next_number: 0,
            reached: VecDeque::new(),
            columns: restored.columns,
            ended: false,
        };
        ledger.drop_layers();
        Ok(ledger)
    }

    /// The names of the columns, if the first file has told them or the snapshot knew.
    pub(crate) fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    /// Keeps the names of the columns in snapshots from now on.
    pub(crate) fn set_columns(&mut self, names: Vec<String>) {
        self.columns = Some(names);
    }

    /// Takes note of what was announced. Answers how much of it is this reader's.
    ///
    /// # Errors
    /// A piece was read in part with another charset or delimiter.
    pub(crate) fn hear(&mut self, announcement: Announcement) -> Result<Totals> {
        let mut totals = Totals::default();
        match announcement {
            Announcement::Pieces(pieces) => {
                for piece in pieces {
                    if piece.sequence >= self.next {
                        self.next = piece.sequence + 1;
                        let anew = self.supersede(&piece)?;
                        self.add(&piece, anew, &mut totals)?;
                    }
                }
                self.drop_layers();
            }
            Announcement::End => {
                self.ended = true;
                self.add_tails();
            }
        }
        Ok(totals)
    }

    fn add(&mut self, piece: &Piece, anew: bool, totals: &mut Totals) -> Result<()> {
        let key = piece.name.key();
        let file = found(&self.place.directory, &piece.name, piece.identity);
        let whole = self.place.contents.is_whole(&piece.name);
        let mut split = piece.split;
        let (done, starts) = self.done_before(piece, split);
        let complete = if split == 0 {
            done.covers(0, u64::MAX)
        } else {
            done.covers(piece.from, piece.identity.size)
        };
        // A record that began in an earlier piece of the file may still be this reader's.
        let follows = piece.grows && self.names.contains_key(&key);
        let has_tail = || {
            let mut tails = self.tails.of(key, piece.sequence, piece.from);
            piece.grows && tails.next().is_some()
        };
        if complete && !done.is_empty() && !follows && !has_tail() {
            return Ok(());
        }
        if (split == 0) != whole {
            if !done.is_empty() {
                return Err(change::counted_otherwise(&file.text));
            }
            // Nobody has read any of it, so it is cut as files are cut now.
            split = if whole { 0 } else { piece.identity.size.max(1) };
        }
        let share = Share::new(key, split, self.place.subtask, self.place.parallelism);
        let mut state = FileState::new(piece.sequence, Arc::new(file), share, piece.from);
        state.grows = piece.grows;
        state.waits = piece.grows;
        state.beginning = piece.beginning;
        (state.anew, state.waited) = (anew, piece.waited);
        state.restored = !done.is_empty();
        for (from, to) in done.within(0, u64::MAX) {
            state.done.insert(from, to);
        }
        state.starts = starts;
        if state.has_gap() {
            totals.files += u64::from(share.owns_first() && piece.from == 0);
            totals.bytes += state.own_bytes();
        }
        if !follows {
            self.join(&mut state);
        }
        if follows || state.has_gap() {
            *self.names.entry(key).or_default() += 1;
            self.pieces.push_back(state);
        }
        Ok(())
    }

    fn forget_name(&mut self, key: Key) {
        if let Some(count) = self.names.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.names.remove(&key);
            }
        }
    }

    /// What readers have done of a piece before the job was restored.
    fn done_before(&self, piece: &Piece, split: u64) -> (Intervals, Vec<Start>) {
        let (mut done, mut starts) = (Intervals::default(), Vec::new());
        let place = layers::Place {
            sequence: piece.sequence,
            key: piece.name.key(),
            size: piece.identity.size,
            split,
        };
        for layer in &self.layers {
            layer.add_to(&place, &mut done, &mut starts);
        }
        starts.sort_unstable();
        starts.dedup();
        (done, starts)
    }

    /// Joins what was appended to what was read before: where that ended, and the record that had no end.
    ///
    /// Only when this reader is done with all earlier pieces of the file: until then nobody knows whether the last of
    /// them ends with such a record, nor where it begins.
    fn join(&mut self, state: &mut FileState) {
        if !std::mem::take(&mut state.waits) {
            return;
        }
        let key = state.file.name.key();
        if state.from == 0 {
            if self.tails.forget_before(key, state.sequence) {
                warn!(
                    file = %state.file.text,
                    "the last record of the file that had this name before never got its end, and is not read"
                );
            }
            return;
        }
        let reached = self.reached.iter().find(|(file, _)| *file == key);
        state.starts.extend(reached.map(|(_, start)| *start));
        for tail in self.tails.of(key, state.sequence, state.from) {
            state.starts.push(tail.start);
            // It begins in front of this piece, in whatever split that is now.
            state.add_tail(tail.stretch());
        }
        state.starts.sort_unstable();
        state.starts.dedup();
    }

    /// Whether the piece at this place in the row may be begun: one that waits for earlier pieces of its file is joined
    /// to them when they have been passed.
    fn has_turn(&mut self, at: usize) -> bool {
        let Some(state) = self.pieces.get(at).filter(|state| state.waits) else {
            return true;
        };
        let name = &state.file.name;
        let mut earlier = self.pieces.iter().take(at);
        if earlier.any(|earlier| earlier.file.name == *name) {
            return false;
        }
        if let Some(mut state) = self.pieces.remove(at) {
            self.join(&mut state);
            self.pieces.insert(at, state);
        }
        true
    }

    /// A file is announced again: what can't be read on of it is given up, and what turns out to be that need not be
    /// asked for. Whether reading stood before it until now.
    ///
    /// # Errors
    /// What can't be read on has been appended to.
    fn supersede(&mut self, piece: &Piece) -> Result<bool> {
        let key = piece.name.key();
        if !self.names.contains_key(&key) {
            return Ok(false);
        }
        let same = |state: &FileState| state.file.name == piece.name;
        if piece.from > 0 {
            let blocked = |state: &&FileState| state.blocked && !state.sought && same(state);
            return match self.pieces.iter().find(blocked) {
                Some(state) => Err(changed_error(
                    &state.file.text,
                    &state.file.identity,
                    &piece.identity,
                    Changed::Append,
                )),
                None => Ok(false),
            };
        }
        self.pieces
            .iter_mut()
            .filter(|state| same(state))
            .for_each(|state| state.superseded = true);
        let blocked = |state: &FileState| state.blocked && !state.sought && same(state);
        let mut was_blocked = false;
        while let Some(at) = self.pieces.iter().position(blocked) {
            self.remove(at);
            was_blocked = true;
        }
        Ok(was_blocked)
    }

    fn remove(&mut self, at: usize) {
        if let Some(state) = self.pieces.remove(at) {
            self.forget_name(state.file.name.key());
            self.running
                .retain(|running| running.piece != state.sequence);
            self.given -= usize::from(at < self.given);
            self.pass_finished();
        }
    }

    /// All of this reader's splits of pieces with lower numbers are done.
    pub(crate) fn below(&self) -> u64 {
        let first = self.pieces.front().filter(|state| !state.last);
        first.map_or(self.next, |state| state.sequence)
    }

    /// The next stretch to be read, if there is one.
    pub(crate) fn next_task(&mut self) -> Option<Task> {
        loop {
            if self.blocked().is_some() || !self.has_turn(self.given) {
                return None;
            }
            let state = self.pieces.get_mut(self.given)?;
            let Some((from, to)) = state.next_gap() else {
                self.given += 1;
                continue;
            };
            let number = self.next_number;
            self.next_number += 1;
            state.running += 1;
            let known = state.starts.partition_point(|start| start.offset <= from);
            let leaves_growth =
                self.place.changed == Changed::Ignore && self.place.contents.may_grow();
            let grows = leaves_growth && state.share.split > 0;
            let task = Task {
                number,
                file: Arc::clone(&state.file),
                from,
                to,
                known: known
                    .checked_sub(1)
                    .and_then(|last| state.starts.get(last))
                    .copied(),
                may_grow: grows || state.grows || state.last,
                appends: state.grows || state.last,
                keeps_tail: state.grows,
                leaves_growth,
                anew: state.anew,
                waited: state.waited,
                beginning: state.beginning,
            };
            // Bytes of a record without its end were counted when it was found.
            let counted = if state.is_tail(from) { to } else { from };
            self.running.push_back(Running {
                number,
                piece: state.sequence,
                from,
                to,
                counted,
            });
            return Some(task);
        }
    }

    fn state(&self, piece: u64) -> Option<&FileState> {
        let at = self
            .pieces
            .binary_search_by_key(&piece, |state| state.sequence);
        at.ok().and_then(|at| self.pieces.get(at))
    }

    fn state_mut(&mut self, piece: u64) -> Option<&mut FileState> {
        let at = self
            .pieces
            .binary_search_by_key(&piece, |state| state.sequence);
        at.ok().and_then(|at| self.pieces.get_mut(at))
    }

    fn running_state(&self) -> Option<&FileState> {
        self.state(self.running.front()?.piece)
    }

    /// Whether a task is still wanted; it isn't after its file has been announced again.
    pub(crate) fn is_running(&self, task: u64) -> bool {
        self.running
            .front()
            .is_some_and(|running| running.number == task)
    }

    /// The piece of the running task.
    pub(crate) fn running_piece(&self) -> Option<u64> {
        self.running.front().map(|running| running.piece)
    }

    /// The file of the running task.
    pub(crate) fn file(&self) -> Option<Arc<FoundFile>> {
        self.running_state().map(|state| Arc::clone(&state.file))
    }

    /// Whether the file of the running task is one split, whose offsets are not those of its bytes.
    pub(crate) fn is_whole(&self) -> bool {
        self.running_state()
            .is_some_and(|state| state.share.split == 0)
    }

    /// The records before `next` that belong to the running task have been handed out. Answers how many
    /// more bytes of the file count as read: none where offsets are not those of its bytes.
    pub(crate) fn handed_out(&mut self, next: Start) -> u64 {
        let Some(running) = self.running.front() else {
            return 0;
        };
        let (piece, from, to) = (running.piece, running.from, running.to);
        let Some(state) = self.state_mut(piece) else {
            return 0;
        };
        state.done.insert(from, next.offset.min(to));
        state.reached(next);
        state.tries = 0;
        let limit = counted_up_to(state);
        if state.is_tail(from) {
            let key = state.file.name.key();
            self.tails.handed_out(key, to, next);
        }
        let running = self.running.front_mut();
        running.map_or(0, |running| running.count(limit, next.offset))
    }

    /// The running task has ended; the next record that is not its own begins at `next`. `kept`: that is one of its
    /// own that has no end yet.
    pub(crate) fn finished(&mut self, next: Start, kept: bool) -> Finished {
        let Some(mut running) = self.running.pop_front() else {
            return Finished::default();
        };
        let Some(state) = self.state_mut(running.piece) else {
            return Finished::default();
        };
        state.done.insert(running.from, running.to);
        state.reached(next);
        state.running -= 1;
        let limit = counted_up_to(state);
        let finished = Finished {
            bytes: running.count(limit, running.to),
            file: state.is_idle() && state.share.owns_first() && state.from == 0,
        };
        self.keep_tail(&running, next, kept);
        self.pass_finished();
        finished
    }

    /// Drops pieces of which nothing is left from the front.
    fn pass_finished(&mut self) {
        while self.has_turn(0) && self.pieces.front_mut().is_some_and(FileState::is_passed) {
            if let Some(state) = self.pieces.pop_front() {
                self.forget_name(state.file.name.key());
            }
            self.given = self.given.saturating_sub(1);
        }
        self.drop_layers();
    }

    /// A layer of which every piece has been passed says nothing more.
    fn drop_layers(&mut self) {
        let below = self.below();
        self.layers.retain(|layer| layer.end() > below);
    }

    /// Whether nothing is left to read, and nothing will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended && self.pieces.is_empty() && self.running.is_empty()
    }

    /// The state of this reader.
    pub(crate) fn snapshot(&self) -> Result<Vec<StateEntry>> {
        let subtask = self.place.subtask;
        let mut entries = Vec::new();
        if let Some(names) = &self.columns {
            let names = names.clone();
            entries.push((format!("columns#{subtask}"), Entry::Columns { names }));
        }
        for (number, layer) in self.layers.iter().enumerate() {
            let layer = Entry::Layer(layer.clone());
            entries.push((format!("layer {number}#{subtask}"), layer));
        }
        for (number, tail) in self.tails.iter().enumerate() {
            let tail = Entry::Tail(TailEntry::of(tail));
            entries.push((format!("tail {number}#{subtask}"), tail));
        }
        let touched = self.pieces.iter().take(self.given + 1);
        let touched = touched.filter(|state| !state.last);
        let position = Position {
            subtask,
            below: self.below(),
            partial: touched.filter_map(FileState::partial).collect(),
        };
        let parallelism = self.place.parallelism;
        let reader = Entry::Reader {
            parallelism,
            position,
        };
        entries.push((format!("reader#{subtask}"), reader));
        let written = entries.into_iter();
        written
            .map(|(key, entry)| entry::written(key, &entry))
            .collect()
    }
}

/// Offsets up to which bytes are counted: none where offsets are not those of the file's bytes.
fn counted_up_to(state: &FileState) -> u64 {
    if state.share.split == 0 {
        0
    } else {
        state.file.identity.size
    }
}

impl Running {
    /// Counts the bytes before `offset` as read; answers how many of them had not been counted.
    fn count(&mut self, limit: u64, offset: u64) -> u64 {
        let read = offset.min(self.to).min(limit);
        let more = read.saturating_sub(self.counted);
        self.counted += more;
        more
    }
}

fn found(directory: &Path, name: &Name, identity: Identity) -> FoundFile {
    FoundFile::new(directory, name.clone(), identity)
}

#[cfg(test)]
mod tests;
