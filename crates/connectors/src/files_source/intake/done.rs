//! Files that are done with and are taken away, and what comes under their names afterwards.
//!
//! A file is done with when a committed checkpoint covers all that is read of it. It leaves a tombstone in the ledger:
//! what lies under its name is the same file if it is what it was, and a new one otherwise. Nobody can say whether a
//! crash came before or behind the moment at which a file was taken away, or whether another took its place a moment
//! before; so a file that begins otherwise than the one that was read is a new one in any case.

use std::ops::Range;

use tracing::warn;

use super::{Intake, MOST, Ready, fingerprint};
use crate::files_source::ledger::PassedOver;
use crate::files_source::listing::Identity;
use crate::files_source::name::{Key, Name};
use crate::files_source::seen::Entry;

impl Intake {
    /// Whether files are taken away when they are done with.
    pub(crate) fn takes_away(&self) -> bool {
        self.rules.takes_away
    }

    /// These were not read to their end, and will not be: they are never taken away.
    pub(crate) fn pass_over_all(&mut self, passed: Vec<PassedOver>) {
        for PassedOver { file, piece } in passed {
            self.seen.mark_unread(file, piece);
        }
    }

    /// Forgets a file that was read as `piece`, so that the next look finds a new one. Whether it was that and done with.
    pub(crate) fn forget_file(&mut self, key: Key, piece: u64) -> bool {
        let is_that = |entry: &Entry| entry.sequence() == piece && piece < self.finished;
        if self.staged.contains(&key) || !self.seen.get(key).is_some_and(|entry| is_that(&entry)) {
            return false;
        }
        self.seen.remove(key);
        self.settling.forget(key);
        self.ignored.remove(&key);
        self.postponed.remove(&key);
        true
    }

    /// What the file is to be if it is to be taken away.
    pub(crate) fn done(&self, name: &Name) -> Option<Entry> {
        let entry = self.seen.get(name.key())?;
        (self.is_done(&entry) && !entry.is_unread()).then_some(entry)
    }

    /// The file was taken away because it was done with, in this minute of the job's life.
    pub(crate) fn taken_away(&mut self, name: &Name, minute: u64) {
        self.seen.mark_gone(name.key(), minute);
    }

    /// How many files of some buckets of the ledger are there and have not been read to their end.
    pub(crate) fn unfinished_in(&self, buckets: Range<usize>) -> usize {
        self.seen.present_from(buckets, self.finished)
    }

    /// Whether nothing more is read of what is known of a file, and files are taken away then.
    pub(super) fn is_done(&self, entry: &Entry) -> bool {
        self.rules.takes_away && entry.sequence() < self.committed
    }

    /// Whether a file came under the name of one that was done with and had gone.
    pub(super) fn is_successor_of(&self, entry: &Entry, now: Identity) -> bool {
        self.is_done(entry) && entry.gone_since().is_some() && entry.identity != now
    }

    /// Whether a file is waited for by this one, which has its name.
    pub(super) fn waits(&self, entry: &Entry, now: Identity) -> bool {
        !self.is_done(entry) && self.postponed.get(&entry.key) == Some(&now)
    }

    /// Whether a file is another one than the known one of its name, and not that one changed.
    pub(super) fn is_replaced(&self, entry: &Entry, now: Identity, beginning: &[u8]) -> bool {
        if !self.rules.takes_away || entry.sequence() >= self.finished || entry.identity == now {
            return false;
        }
        let holds = now.size >= entry.identity.size
            && fingerprint(beginning, entry.identity.size) == entry.beginning;
        self.is_successor_of(entry, now) || entry.beginning != 0 && !holds
    }

    /// Decides about a file that replaced `entry`: it is read as soon as that is done with. So what a crash takes back
    /// is missed under its name.
    pub(super) fn judge_new(&mut self, ready: &Ready, entry: &Entry) -> Option<u64> {
        if self.is_done(entry) {
            self.postponed.remove(&entry.key);
            return Some(0);
        }
        self.settling.forget(entry.key);
        if self.postponed.len() >= MOST {
            self.postponed.clear();
        }
        if self.postponed.insert(entry.key, ready.identity()) != Some(ready.identity()) {
            let file = format!("{}/{}", self.rules.shown, ready.name);
            warn!(
                file,
                "another file took the place of this one, which had been read; it is read when a checkpoint covers that"
            );
        }
        None
    }
}
