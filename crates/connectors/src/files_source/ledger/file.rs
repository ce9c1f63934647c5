//! One reader's part in one piece.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::files_source::intervals::Intervals;
use crate::files_source::layers::Partial;
use crate::files_source::listing::FoundFile;
use crate::files_source::share::Share;
use crate::files_source::stream::Start;

/// One piece and this reader's part in it.
#[derive(Debug)]
pub(super) struct FileState {
    pub(super) sequence: u64,
    pub(super) file: Arc<FoundFile>,
    pub(super) share: Share,
    /// Where the piece begins.
    pub(super) from: u64,
    /// Whether a last record without its end is kept back.
    pub(super) grows: bool,
    /// Own splits in the file.
    pub(super) splits: u64,
    /// What has been handed out; may hold stretches of other readers' splits after a restore.
    pub(super) done: Intervals,
    /// The farthest record start that this reader has come to.
    pub(super) at: Option<Start>,
    /// Record starts that were known before it was begun.
    pub(super) starts: Vec<Start>,
    /// Own splits before this one have been given out as tasks.
    pub(super) given: u64,
    /// Tasks that have been given out and have not ended.
    pub(super) running: u64,
    /// Stretches that are to be given out before the split at `given`.
    pub(super) gaps: VecDeque<(u64, u64)>,
    /// Whether it has not been joined to earlier pieces of its file.
    pub(super) waits: bool,
    /// The hash of the file's first bytes; 0: not known.
    pub(super) beginning: u64,
    /// Whether any reader had handed out records of it when the job was restored.
    pub(super) restored: bool,
    /// Whether it can't be read on before the file is announced again.
    pub(super) blocked: bool,
    /// Whether it is the question whether the file is there for which it is blocked.
    pub(super) sought: bool,
    /// How often it was tried again since reading last came to a place in it.
    pub(super) tries: u32,
    /// Whether the file was announced again behind it, as what it is by now.
    pub(super) superseded: bool,
    /// Whether the user has been told that it changed.
    pub(super) warned: bool,
    /// Whether it is a last record that is handed out because the source ends.
    pub(super) last: bool,
    /// Whether the reader was blocked before the file, which was announced again for that. No snapshot knows: once more does no harm.
    pub(super) anew: bool,
    /// Whether it was waited for, as it ends within a record.
    pub(super) waited: bool,
}

impl FileState {
    pub(super) fn new(sequence: u64, file: Arc<FoundFile>, share: Share, from: u64) -> Self {
        let splits = share.count(file.identity.size);
        let mut state = Self {
            sequence,
            file,
            share,
            from,
            grows: false,
            splits,
            done: Intervals::default(),
            at: None,
            starts: Vec::new(),
            given: 0,
            running: 0,
            gaps: VecDeque::new(),
            waits: false,
            beginning: 0,
            restored: false,
            blocked: false,
            sought: false,
            tries: 0,
            superseded: false,
            warned: false,
            last: false,
            anew: false,
            waited: false,
        };
        if from > 0 {
            state.done.insert(0, from);
            state.given = share.first_from(from).min(splits);
        }
        state
    }

    /// Whether the reader has handed out all it owns of the piece.
    pub(super) fn is_idle(&self) -> bool {
        !self.blocked
            && !self.waits
            && self.running == 0
            && self.given == self.splits
            && self.gaps.is_empty()
    }

    /// As [`is_idle`](Self::is_idle); moves over what is done.
    pub(super) fn is_passed(&mut self) -> bool {
        !self.has_gap() && self.is_idle()
    }

    /// Whether a stretch that begins at `from` is that of a record from in front of the piece.
    pub(super) fn is_tail(&self, from: u64) -> bool {
        self.last || from < self.from
    }

    /// Puts back what was given out and not handed out, and `tails`, those in front of it; it is read from the farthest
    /// place that is known.
    pub(super) fn put_back(&mut self, tails: &[(u64, u64)]) {
        if let Some(at) = self.at {
            self.starts.push(at);
            self.starts.sort_unstable();
            self.starts.dedup();
        }
        // It is opened anew: what the thread tells of tasks that were put back is not heard, and it may stand in the file.
        self.file = Arc::new(self.file.as_ref().clone());
        self.gaps.clear();
        if !self.last {
            let given = self.share.ranges(0, self.given);
            let gaps = given.flat_map(|(from, to)| self.done.gaps(from, to));
            self.gaps = gaps.collect();
        }
        tails.iter().for_each(|tail| self.add_tail(*tail));
    }

    /// Whether records of the file may have been handed out.
    pub(super) fn is_begun(&self) -> bool {
        self.restored || self.at.is_some() || self.from > 0
    }

    /// Whether the reader has looked at it in this attempt.
    pub(super) fn is_touched(&self) -> bool {
        self.at.is_some() || self.running > 0
    }

    pub(super) fn own_bytes(&self) -> u64 {
        let size = self.file.identity.size;
        if self.share.split == 0 {
            return size * self.splits;
        }
        let own = self.share.ranges(0, self.splits);
        own.flat_map(|(from, to)| self.done.gaps(from, to.min(size)))
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

    /// Whether anything of it is left for this reader; moves over what is done.
    pub(super) fn has_gap(&mut self) -> bool {
        match self.next_gap() {
            Some(gap) => {
                self.gaps.push_front(gap);
                true
            }
            None => false,
        }
    }

    /// The stretch holds a record that had no end.
    pub(super) fn add_tail(&mut self, tail: (u64, u64)) {
        self.gaps.push_front(tail);
    }

    /// Remembers a record start: at a restore, reading goes on from there. Tasks come in the order of
    /// their offsets, so earlier ones are of no more use.
    ///
    /// Whoever comes forward has all tries before him again: a disk that is away now and then in a file of days is none that
    /// does not give it.
    pub(super) fn reached(&mut self, start: Start) {
        self.at = Some(start);
        self.tries = 0;
        self.starts.retain(|known| known.offset > start.offset);
    }

    /// What a snapshot keeps of it: nothing while nothing has been handed out.
    pub(super) fn partial(&self) -> Option<Partial> {
        if self.splits == 0 || !self.is_touched() {
            return None;
        }
        let mut partial = Partial {
            piece: self.sequence,
            done: Vec::new(),
            parts: Vec::new(),
            starts: Vec::new(),
        };
        if self.is_idle() {
            partial.done.push((0, self.splits));
            return Some(partial);
        }
        for number in self.share.first_from(self.from)..self.splits {
            let (from, to) = self.share.range(number);
            if self.done.covers(from, to) {
                match partial.done.last_mut().filter(|run| run.1 == number) {
                    Some(run) => run.1 += 1,
                    None => partial.done.push((number, number + 1)),
                }
            } else {
                partial.parts.extend(self.done.within(from, to));
            }
        }
        let starts = self.at.iter().chain(&self.starts);
        partial.starts = starts.map(|start| (start.offset, start.line)).collect();
        (!partial.done.is_empty() || !partial.parts.is_empty()).then_some(partial)
    }
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Files whose first split is the reader's.
    pub(crate) files: u64,
    /// Bytes of its own splits that have not been handed out, as they lie in the files.
    pub(crate) bytes: u64,
}
