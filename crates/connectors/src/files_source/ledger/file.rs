//! One reader's part in one file.

use std::collections::VecDeque;
use std::sync::Arc;

use super::entry::FileEntry;
use super::share::Share;
use crate::files_source::intervals::Intervals;
use crate::files_source::listing::FoundFile;
use crate::files_source::stream::Start;

/// One file and this reader's part in it.
#[derive(Debug)]
pub(super) struct FileState {
    pub(super) file: Arc<FoundFile>,
    pub(super) share: Share,
    /// Own splits in the file.
    pub(super) splits: u64,
    /// What has been handed out; may hold stretches of other readers' splits after a restore.
    pub(super) done: Intervals,
    /// The farthest record start that this reader has come to.
    pub(super) at: Option<Start>,
    /// Record starts behind it that the snapshot knew.
    pub(super) starts: Vec<Start>,
    /// Own splits before this one have been given out as tasks.
    pub(super) given: u64,
    /// Tasks that have been given out and have not ended.
    pub(super) running: u64,
    /// Stretches of the split before `given` that are still to be given out.
    pub(super) gaps: VecDeque<(u64, u64)>,
    /// Whether any reader had handed out records of it when the job was restored.
    pub(super) restored: bool,
    /// Whether the user has been told that it changed.
    pub(super) warned: bool,
}

impl FileState {
    pub(super) fn new(file: Arc<FoundFile>, share: Share) -> Self {
        let splits = share.count(file.identity.size);
        Self {
            file,
            share,
            splits,
            done: Intervals::default(),
            at: None,
            starts: Vec::new(),
            given: 0,
            running: 0,
            gaps: VecDeque::new(),
            restored: false,
            warned: false,
        }
    }

    /// Whether the reader has handed out all it owns of the file.
    pub(super) fn is_idle(&self) -> bool {
        self.running == 0 && self.given == self.splits && self.gaps.is_empty()
    }

    /// Whether records of the file may have been handed out.
    pub(super) fn is_begun(&self) -> bool {
        self.restored || !self.done.is_empty()
    }

    pub(super) fn own_bytes(&self) -> u64 {
        let size = self.file.identity.size;
        if self.share.split == 0 {
            return size * self.splits;
        }
        let own = self.share.ranges(0, self.splits);
        own.map(|(from, to)| to.min(size).saturating_sub(from))
            .sum()
    }

    pub(super) fn own_bytes_done(&self) -> u64 {
        if self.share.split == 0 {
            return 0;
        }
        let size = self.file.identity.size;
        let own = self.share.ranges(0, self.splits);
        own.flat_map(|(from, to)| self.done.within(from, to.min(size)))
            .map(|(from, to)| to - from)
            .sum()
    }

    pub(super) fn next_gap(&mut self) -> Option<(u64, u64)> {
        while self.gaps.is_empty() && self.given < self.splits {
            let (from, to) = self.share.range(self.given);
            self.given += 1;
            self.gaps = self.done.gaps(from, to).into();
        }
        self.gaps.pop_front()
    }

    /// Remembers a record start: at a restore, reading goes on from there. Tasks come in the order of
    /// their offsets, so earlier ones are of no more use.
    pub(super) fn reached(&mut self, start: Start) {
        self.at = Some(start);
        self.starts.retain(|known| known.offset > start.offset);
    }

    /// What a snapshot keeps of it: nothing while nothing has been handed out.
    pub(super) fn entry(&self) -> Option<FileEntry> {
        if self.splits == 0 || self.done.is_empty() {
            return None;
        }
        let mut entry = FileEntry {
            path: Arc::clone(&self.file.path),
            identity: self.file.identity,
            share: self.share,
            done: Vec::new(),
            parts: Vec::new(),
            starts: Vec::new(),
        };
        if self.is_idle() {
            entry.done.push((0, self.splits));
            return Some(entry);
        }
        for number in 0..self.splits {
            let (from, to) = self.share.range(number);
            if self.done.covers(from, to) {
                match entry.done.last_mut().filter(|run| run.1 == number) {
                    Some(run) => run.1 += 1,
                    None => entry.done.push((number, number + 1)),
                }
            } else {
                entry.parts.extend(self.done.within(from, to));
            }
        }
        let starts = self.at.iter().chain(&self.starts);
        entry.starts = starts.map(|start| (start.offset, start.line)).collect();
        (!entry.done.is_empty() || !entry.parts.is_empty()).then_some(entry)
    }
}

/// How much a reader has to do, and has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Files whose first split is the reader's.
    pub(crate) files: u64,
    /// Those of them of which it has read all that is its own.
    pub(crate) files_done: u64,
    /// Bytes of its own splits, as they lie in the files.
    pub(crate) bytes: u64,
    /// Those of them that have been handed out. A file that can't be split counts when it is done.
    pub(crate) bytes_done: u64,
}

impl Totals {
    /// The part of it that has been done.
    pub(crate) fn done(self) -> Self {
        Self {
            files: self.files_done,
            bytes: self.bytes_done,
            ..self
        }
    }

    pub(super) fn add(&mut self, state: &FileState) {
        let owned = state.splits > 0 && state.share.owns_first();
        self.files += u64::from(owned);
        self.files_done += u64::from(owned && state.is_idle());
        let bytes = state.own_bytes();
        self.bytes += bytes;
        self.bytes_done += if state.is_idle() {
            bytes
        } else {
            state.own_bytes_done()
        };
    }
}
