//! Last records without their ends, of files that may grow: each is handed out with the piece that goes on where its own
//! ended, or when the source ends.

use std::collections::BTreeMap;

use crate::files_source::listing::Identity;
use crate::files_source::name::{Key, Name};
use crate::files_source::stream::Start;

/// A last record without its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tail {
    pub(super) name: Name,
    /// The file when the record was found without its end.
    pub(super) identity: Identity,
    /// The piece whose last record it was; `None`: an older snapshot did not say.
    pub(super) piece: Option<u64>,
    /// Bytes in the file's splits, which decide who takes it at a restore.
    pub(super) split: u64,
    pub(super) start: Start,
    /// The hash of the file's first bytes; 0: not known.
    pub(super) beginning: u64,
}

impl Tail {
    /// The stretch of the file in which it begins. If its quotes turn out to be none, more than one record begins there.
    pub(super) fn stretch(&self) -> (u64, u64) {
        (self.start.offset, self.identity.size)
    }
}

/// The last records without their ends that are one reader's.
///
/// After a change of the parallelism one reader may have several of one file, from pieces that others had finished, and
/// before it comes to them: so they are told apart by where their pieces ended.
#[derive(Debug, Default)]
pub(super) struct Tails {
    by_end: BTreeMap<(Key, u64), Tail>,
}

impl Tails {
    pub(super) fn keep(&mut self, tail: Tail) {
        let end = (tail.name.key(), tail.identity.size);
        self.by_end.insert(end, tail);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Tail> {
        self.by_end.values()
    }

    /// Those that are to be handed out with the piece `sequence` of the file, which begins at `from`. There is one at
    /// most, but for what older snapshots hold.
    pub(super) fn of(&self, file: Key, sequence: u64, from: u64) -> impl Iterator<Item = &Tail> {
        let before = self.by_end.range((file, 0)..=(file, from));
        let earlier = move |tail: &&Tail| tail.piece.is_none_or(|piece| piece < sequence);
        before.map(|(_, tail)| tail).filter(earlier)
    }

    /// The records before `next` of the one whose stretch ends at `end` have been handed out.
    pub(super) fn handed_out(&mut self, file: Key, end: u64, next: Start) {
        if next.offset >= end {
            self.by_end.remove(&(file, end));
        } else if let Some(tail) = self.by_end.get_mut(&(file, end)) {
            tail.start = next;
        }
    }

    /// The one whose stretch ends at `end` is not handed out any more.
    pub(super) fn forget(&mut self, file: Key, end: u64) {
        self.by_end.remove(&(file, end));
    }

    /// Forgets what was left of earlier files of the same name when the piece `sequence` begins a new one. Whether there
    /// was anything.
    pub(super) fn forget_before(&mut self, file: Key, sequence: u64) -> bool {
        let old = self.by_end.range((file, 0)..=(file, u64::MAX));
        let old = old.filter(|(_, tail)| tail.piece.is_some_and(|piece| piece < sequence));
        let old: Vec<(Key, u64)> = old.map(|(end, _)| *end).collect();
        old.iter().for_each(|end| drop(self.by_end.remove(end)));
        !old.is_empty()
    }
}

#[cfg(test)]
mod tests;
