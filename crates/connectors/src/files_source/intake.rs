//! What is taken in, and in which order: the decisions of the enumerator. Pure; listings and times are told.
//!
//! ```text
//! listing -> settled? -> ready (oldest first) -> judged, numbered -> queue -> announced, in the ledger
//! ```
//!
//! An announcement changes the ledger, and nothing else does but the sweep behind a whole listing: so the ledger at a
//! boundary is exactly what the readers have been told before it.

mod asked;
mod cut;
mod done;

use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use millstream_core::{Result, codes};
use tracing::warn;

use super::beginning::{BEGINNING, fingerprint};
use super::contents::Contents;
use super::ledger::changed_error;
use super::listing::Identity;
use super::name::{Key, Name};
use super::options::Changed;
use super::piece::Piece;
use super::seen::{Entry, Frozen, Seen, Sweep};
use super::settle::{MOST, Settling};

/// The most pieces that readers have not finished: that bounds what they hold, and the names in a snapshot.
pub(crate) const WINDOW: u64 = 4_096;

/// The most pieces in an announcement.
const TOGETHER: usize = 256;

/// How files are taken in.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) changed: Changed,
    pub(crate) settle: Duration,
    /// Whole minutes for which a file that is gone is remembered at least.
    pub(crate) forget: u64,
    /// Bytes in a split of a file that can be split.
    pub(crate) split: u64,
    /// What files hold.
    pub(crate) contents: Contents,
    /// Whether files are taken away when they are done with.
    pub(crate) takes_away: bool,
    /// How the directory is called in messages.
    pub(crate) shown: String,
}

impl Rules {
    fn is_whole(&self, name: &Name) -> bool {
        self.contents.is_whole(name)
    }
}

/// A file that may be taken in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ready {
    mtime: i64,
    pub(crate) name: Name,
    size: u64,
    /// Whether it ends within a record, and was waited for for that.
    waited: bool,
}

impl Ready {
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            size: self.size,
            mtime: self.mtime,
        }
    }

    /// Takes the file up as what can be read of it now.
    pub(crate) fn shorten(&mut self, now: Identity) {
        (self.size, self.mtime) = (now.size, now.mtime);
    }

    /// It ends within a record, and has stood still for as long as it had to for that.
    pub(crate) fn note_waited(&mut self) {
        self.waited = true;
    }
}

/// What a file of the listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// Nothing is to be done with it now.
    Known,
    /// It is done with, and is to be taken away, if it still is what this says.
    TakeAway(Entry),
}

/// The books of the enumerator.
#[derive(Debug)]
pub(crate) struct Intake {
    rules: Rules,
    seen: Seen,
    settling: Settling,
    /// What the present listing has found ready, the newest at the top.
    fresh: BinaryHeap<Ready>,
    /// Of what it has found ready, what readers wait for.
    awaited: Vec<Ready>,
    /// Whether a file was ready, and changed before it was opened, so that another look is needed.
    unsettled: bool,
    /// Whether there was more than could be kept.
    overflowed: bool,
    /// Files of which readers need to know what they are now, and whether the present listing holds them.
    again: HashMap<Key, bool>,
    /// What is on its way to be announced.
    staged: HashSet<Key>,
    /// Changed files that the user has been told of.
    ignored: HashMap<Key, Identity>,
    /// Files that replaced others which are not done with; they are read when those are.
    postponed: HashMap<Key, Identity>,
    queue: VecDeque<Piece>,
    /// Announced in the snapshot that was restored, and not yet in this attempt.
    restored: VecDeque<Piece>,
    /// Announced, and not yet finished by every reader.
    unfinished: VecDeque<Piece>,
    next: u64,
    announced: u64,
    finished: u64,
    committed: u64,
    listed: usize,
    known: usize,
    /// Whether the directory was found to be another one than that of the snapshot.
    pub(crate) moved: bool,
    /// Files that were gone in the last listing before they had stood still.
    gone: Vec<Name>,
    /// Files that have changed, and what changed is not read.
    unread: u64,
}

/// The books at a boundary.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) ledger: Frozen,
    /// Announced pieces that a reader may not have finished.
    pub(crate) unfinished: Vec<Piece>,
    /// The number behind the last piece that was announced.
    pub(crate) announced: u64,
    /// Every reader had finished the pieces with lower numbers.
    pub(crate) finished: u64,
}

impl Intake {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            settling: Settling::new(rules.settle),
            rules,
            seen: Seen::default(),
            fresh: BinaryHeap::new(),
            awaited: Vec::new(),
            unsettled: false,
            overflowed: false,
            again: HashMap::new(),
            staged: HashSet::new(),
            ignored: HashMap::new(),
            postponed: HashMap::new(),
            queue: VecDeque::new(),
            restored: VecDeque::new(),
            unfinished: VecDeque::new(),
            next: 0,
            announced: 0,
            finished: 0,
            committed: 0,
            listed: 0,
            known: 0,
            moved: false,
            gone: Vec::new(),
            unread: 0,
        }
    }

    /// Goes on from a snapshot.
    pub(crate) fn restore(
        &mut self,
        seen: Seen,
        unfinished: Vec<Piece>,
        announced: u64,
        finished: u64,
    ) {
        self.seen = seen;
        self.restored = unfinished.iter().cloned().collect();
        self.unfinished = unfinished.into();
        (self.next, self.announced) = (announced, announced);
        (self.finished, self.committed) = (finished, finished);
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// A listing begins.
    pub(crate) fn begin_listing(&mut self) {
        (self.listed, self.known, self.overflowed) = (0, 0, false);
        self.unsettled = false;
        self.fresh.clear();
        self.awaited.clear();
        self.again.values_mut().for_each(|met| *met = false);
    }

    /// The listing holds this file at the time `now`.
    pub(crate) fn meet(&mut self, name: &Name, identity: Identity, now: Duration) -> Met {
        let key = name.key();
        self.listed += 1;
        let entry = self.seen.get(key);
        if let Some(entry) = &entry {
            self.known += 1;
            if !self.is_successor_of(entry, identity) {
                self.seen.meet(key);
            }
        }
        let wanted = self.again.get_mut(&key).map(|met| *met = true).is_some();
        if self.staged.contains(&key) {
            self.settling.keep(key);
            return Met::Known;
        }
        if let Some(entry) = entry.filter(|_| !wanted) {
            if entry.identity == identity {
                self.settling.forget(key);
                let done = self.is_done(&entry) && !entry.is_unread();
                return if done {
                    Met::TakeAway(entry)
                } else {
                    Met::Known
                };
            }
            if self.ignored.get(&key) == Some(&identity) || self.waits(&entry, identity) {
                return Met::Known;
            }
        }
        let is_settled = self.settling.is_settled(name, identity, now);
        if is_settled || self.is_overdue(name) {
            let ready = Ready {
                mtime: identity.mtime,
                name: name.clone(),
                size: identity.size,
                waited: false,
            };
            if wanted {
                self.awaited.push(ready);
                return Met::Known;
            }
            self.fresh.push(ready);
            if self.fresh.len() > MOST {
                self.fresh.pop();
                self.overflowed = true;
            }
        }
        Met::Known
    }

    /// The listing is whole: what is ready, what readers wait for first, then the oldest first. `has_room`: also what nobody waits for.
    pub(crate) fn end_listing(&mut self, has_room: bool) -> Vec<Ready> {
        self.gone = self.settling.end_of_listing();
        // Those on their way are not looked for any more.
        self.gone.retain(|name| !self.staged.contains(&name.key()));
        if self.staged.is_empty() {
            // There may have been very many once.
            self.staged.shrink_to(TOGETHER);
        }
        let mut ready = std::mem::take(&mut self.awaited);
        ready.sort();
        let others = std::mem::take(&mut self.fresh);
        if has_room {
            ready.extend(others.into_sorted_vec());
        } else {
            // The next look finds them again.
            self.overflowed |= !others.is_empty();
        }
        // A file that is renamed meanwhile may be in a listing twice.
        ready.dedup();
        self.staged
            .extend(ready.iter().map(|ready| ready.name.key()));
        ready
    }

    /// Files that were gone in the last listing before they had stood still.
    pub(crate) fn take_gone(&mut self) -> Vec<Name> {
        std::mem::take(&mut self.gone)
    }

    /// How many files have changed, since this was asked last, of which what changed is not read.
    pub(crate) fn take_unread(&mut self) -> u64 {
        std::mem::take(&mut self.unread)
    }

    /// Ends the listing for some buckets of the ledger, at the minute of the job's life `minute`.
    pub(crate) fn sweep(&mut self, buckets: std::ops::Range<usize>, minute: u64, forget: bool) {
        let rules = Sweep {
            minute,
            keep: self.rules.forget,
            forget,
        };
        self.seen.sweep(buckets, rules);
    }

    /// How many files the listing held, and how many of them were known.
    pub(crate) fn listed(&self) -> (usize, usize) {
        (self.listed, self.known)
    }

    /// Whether the listing has left nothing to be looked at again soon.
    pub(crate) fn is_complete(&mut self) -> bool {
        self.settling.take_idle() && !self.overflowed && !self.unsettled
    }

    /// Whether a file that was ready has changed since the last look.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    /// Whether there was more than could be taken up at once.
    pub(crate) fn has_more(&self) -> bool {
        self.overflowed
    }

    /// When the first of the files that are waited for will have stood still for long enough.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.settling.due()
    }

    /// Decides about a file that is ready: it was opened and found as `now`, and begins with `beginning`.
    ///
    /// # Errors
    /// It changed, and that is to fail the job.
    pub(crate) fn judge(
        &mut self,
        ready: &Ready,
        now: Identity,
        beginning: &[u8],
    ) -> Result<Option<Piece>> {
        let key = ready.name.key();
        let again = self.again.contains_key(&key);
        let from = match self.seen.get(key) {
            _ if now != ready.identity()
                && !self.rules.settle.is_zero()
                && !self.is_overdue(&ready.name) =>
            {
                // It has to stand still again.
                self.unsettled = true;
                None
            }
            None => Some(0),
            Some(_) if again => Some(0),
            Some(entry) if self.is_replaced(&entry, now, beginning) => {
                self.judge_new(ready, &entry)
            }
            Some(entry) => {
                // It stands still; if nothing follows from that, the next look begins anew.
                self.settling.forget(key);
                self.judge_changed(&ready.name, now, &entry, beginning)?
            }
        };
        let Some(from) = from else {
            self.staged.remove(&key);
            return Ok(None);
        };
        self.settling.forget(key);
        self.again.remove(&key);
        let whole = self.rules.is_whole(&ready.name);
        let piece = Piece {
            sequence: self.next,
            name: ready.name.clone(),
            identity: now,
            from,
            split: if whole { 0 } else { self.rules.split },
            beginning: fingerprint(beginning, now.size),
            grows: self.rules.changed == Changed::Append && !whole,
            waited: ready.waited,
        };
        self.next += 1;
        Ok(Some(piece))
    }

    /// Whether files are read on while they are being written, so that none has to stand still: one that grows all the
    /// time never does.
    pub(crate) fn follows_growth(&self) -> bool {
        self.rules.changed == Changed::Append && self.rules.settle.is_zero()
    }

    /// Decides about a file that is not what it was; from where it is read, if it is.
    fn judge_changed(
        &mut self,
        name: &Name,
        now: Identity,
        entry: &Entry,
        beginning: &[u8],
    ) -> Result<Option<u64>> {
        let key = entry.key;
        if entry.identity == now {
            return Ok(None);
        }
        // Readers that have not come to it meet the change themselves.
        let finished = entry.sequence() < self.finished;
        let appends = self.rules.changed == Changed::Append;
        // A write sets the time before the size: where files are appended to, both are seen one by one.
        let is_touched = || appends && is_continued(entry, now, beginning);
        let is_same = || (finished && self.is_same(entry, now, beginning)) || is_touched();
        if entry.identity.size == now.size && is_same() {
            self.seen.put(entry.touched(now));
            return Ok(None);
        }
        let file = format!("{}/{}", self.rules.shown, name);
        let failed = || changed_error(&file, &entry.identity, &now, self.rules.changed);
        match self.rules.changed {
            Changed::Ignore if finished => {
                self.ignore(key, now, &file);
                Ok(None)
            }
            Changed::Fail if finished => Err(failed()),
            Changed::Ignore | Changed::Fail => Ok(None),
            Changed::Reread => {
                if finished {
                    warn!(file, "the file changed after it was read; it is read again");
                }
                Ok(Some(0))
            }
            Changed::Append => {
                if is_continued(entry, now, beginning) && !self.rules.is_whole(name) {
                    Ok(Some(entry.identity.size))
                } else {
                    Err(failed())
                }
            }
        }
    }

    /// Whether the content is certain to be what it was, or, where the directory was copied, likely enough.
    fn is_same(&self, entry: &Entry, now: Identity, beginning: &[u8]) -> bool {
        let all = now.size <= BEGINNING as u64;
        entry.identity.size == now.size
            && entry.beginning != 0
            && (all || self.moved)
            && fingerprint(beginning, now.size) == entry.beginning
    }

    fn ignore(&mut self, key: Key, now: Identity, file: &str) {
        warn!(
            file,
            "the file changed after it was read; what changed is not read; \
             `source.file.changed` = append, reread or fail does otherwise"
        );
        self.unread += 1;
        if self.ignored.len() >= MOST {
            self.ignored.clear();
        }
        self.ignored.insert(key, now);
    }

    /// The piece once more, with a number of its own: its file is not in the listing, but can still be read.
    pub(crate) fn number(&mut self, piece: &Piece) -> Piece {
        self.staged.insert(piece.name.key());
        let sequence = self.next;
        self.next += 1;
        Piece {
            sequence,
            ..piece.clone()
        }
    }

    /// For how many whole minutes at least a file that is gone is remembered.
    pub(crate) fn remembers_for(&self) -> u64 {
        self.rules.forget
    }

    /// These pieces may be announced: their names are on the disk.
    pub(crate) fn queue(&mut self, pieces: Vec<Piece>) {
        self.queue.extend(pieces);
    }

    /// How many pieces wait to be announced.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Every reader has finished the pieces with numbers below this one.
    pub(crate) fn set_finished(&mut self, finished: u64) {
        self.finished = self.finished.max(finished);
        while self
            .unfinished
            .front()
            .is_some_and(|piece| piece.sequence < self.finished)
        {
            self.unfinished.pop_front();
        }
    }

    /// What readers have finished below this number is behind a committed checkpoint. Whether that is news.
    pub(crate) fn set_committed(&mut self, committed: u64) -> bool {
        let news = committed > self.committed;
        self.committed = self.committed.max(committed);
        news
    }

    /// The next pieces to be announced, if there are any and readers are not too far behind.
    pub(crate) fn announce(&mut self) -> Vec<Piece> {
        if !self.restored.is_empty() {
            let most = self.restored.len().min(TOGETHER);
            return self.restored.drain(..most).collect();
        }
        let mut pieces = Vec::new();
        while pieces.len() < TOGETHER && (!self.is_window_full() || self.is_awaited()) {
            let Some(piece) = self.queue.pop_front() else {
                break;
            };
            let key = piece.name.key();
            self.staged.remove(&key);
            let (identity, sequence) = (piece.identity, piece.sequence);
            self.seen
                .put(Entry::new(key, identity, piece.beginning, sequence));
            self.announced = sequence + 1;
            self.unfinished.push_back(piece.clone());
            pieces.push(piece);
        }
        pieces
    }

    /// Whether a reader stands before a file that is in the queue again: it would never make room.
    fn is_awaited(&self) -> bool {
        let first = self.unfinished.front();
        first.is_some_and(|first| self.queue.iter().any(|piece| piece.name == first.name))
    }

    fn is_window_full(&self) -> bool {
        self.announced - self.finished.min(self.announced) >= WINDOW
    }

    /// Whether everything that is known has been announced and finished.
    pub(crate) fn is_finished(&self) -> bool {
        self.queue.is_empty()
            && self.staged.is_empty()
            && self.restored.is_empty()
            && self.finished >= self.announced
    }

    /// Every reader has finished the pieces with numbers below this.
    pub(crate) fn finished(&self) -> u64 {
        self.finished
    }

    /// From which number on the readers' progress makes a difference.
    pub(crate) fn wake_at(&self) -> u64 {
        if self.is_window_full() {
            self.announced - WINDOW * 3 / 4
        } else {
            self.announced
        }
    }

    /// The books as they are now.
    pub(crate) fn freeze(&mut self) -> Books {
        Books {
            ledger: self.seen.freeze(),
            unfinished: self.unfinished.iter().cloned().collect(),
            announced: self.announced,
            finished: self.finished,
        }
    }
}

/// Whether a file still begins with what it was, as far as that is known.
fn is_continued(entry: &Entry, now: Identity, beginning: &[u8]) -> bool {
    let size = entry.identity.size;
    let is_known = entry.beginning != 0;
    now.size >= size && (!is_known || fingerprint(beginning, size) == entry.beginning)
}

/// The error of a job none of whose files is there.
pub(crate) fn other_directory(shown: &str, known: usize, listed: usize) -> millstream_core::Error {
    let message = format!(
        "{shown} holds none of the {known} files that the snapshot knows ({listed} others are there): it is another \
         directory, or its files were renamed"
    );
    millstream_core::Error::new(&codes::SOURCE_OTHER, message).next(
        "name the directory that was read before, or set source.path.other to accept to read what is there",
    )
}

/// The error of a job that takes files away and would do so in another directory. None of those that it knew need be left.
pub(crate) fn emptied_directory(shown: &str, before: &str) -> millstream_core::Error {
    let message = format!(
        "{shown} is not {before}, from which the files that the snapshot knows were taken away: what lies here would be, too"
    );
    millstream_core::Error::new(&codes::SOURCE_OTHER, message).next(
        "name the directory that was read before, or set source.path.other to accept to read what is there",
    )
}

#[cfg(test)]
mod tests;
