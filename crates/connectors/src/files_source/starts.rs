//! Where records begin behind the splits of files, as far as readers of the process have found out.
//!
//! Whether a place is a record's start is known only by passing over everything before it. What one reader has passed
//! over no other need pass over again: each stretch of a file is passed over once, and not once a reader. Nothing depends
//! on it but time: a reader that is told nothing finds the same by itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::listing::{FoundFile, Identity};
use super::name::Name;
use super::stream::Start;

/// Files of which starts are remembered. Readers go through files in one order, so few are being read at a time.
const FILES: usize = 8;
/// Starts that are remembered of a file.
const STARTS: usize = 1 << 12;

/// The starts of all files that are being read.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    files: Mutex<VecDeque<(Name, Identity, Arc<FileStarts>)>>,
}

impl Starts {
    /// Those of a file.
    pub(crate) fn of(&self, file: &FoundFile) -> Arc<FileStarts> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |(name, identity, _): &&(Name, Identity, Arc<FileStarts>)| {
            *name == file.name && *identity == file.identity
        };
        if let Some((_, _, starts)) = files.iter().find(is_it) {
            return Arc::clone(starts);
        }
        let starts = Arc::<FileStarts>::default();
        files.push_back((file.name.clone(), file.identity, Arc::clone(&starts)));
        if files.len() > FILES {
            files.pop_front();
        }
        starts
    }
}

/// The starts of one file.
#[derive(Debug, Default)]
pub(crate) struct FileStarts {
    /// Held by the reader that passes over a part of the file: others wait for what it finds.
    passing: Mutex<()>,
    known: Mutex<BTreeMap<u64, Known>>,
}

/// A start, by its offset.
#[derive(Debug, Clone, Copy)]
struct Known {
    line: u64,
    /// No record begins between here and the start.
    from: u64,
}

impl FileStarts {
    /// Passes over records by `pass`, unless another reader does. Then it waits for that one first.
    pub(crate) fn while_nobody_passes<T>(&self, pass: impl FnOnce() -> T) -> T {
        let _passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner);
        pass()
    }

    /// The first record at or behind `from` begins at `start`.
    pub(crate) fn learn(&self, from: u64, start: Start) {
        if start.line == 0 {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let line = start.line;
        let entry = known.entry(start.offset).or_insert(Known { line, from });
        entry.from = entry.from.min(from);
        if known.len() > STARTS {
            known.pop_first();
        }
    }

    /// The first start at or behind `from` if that is known, else the last known one before.
    pub(crate) fn nearest(&self, from: u64) -> Option<Start> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = known.range(from..).next();
        let exact = behind.filter(|(_, known)| known.from <= from);
        let (offset, known) = exact.or_else(|| known.range(..from).next_back())?;
        Some(Start {
            offset: *offset,
            line: known.line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{FileStarts, STARTS, Start};

    #[test]
    fn what_is_known_of_a_place_is_its_start_or_the_last_one_before() {
        let starts = FileStarts::default();
        let start = |offset, line| Start { offset, line };
        assert_eq!(starts.nearest(100), None);
        starts.learn(100, start(107, 5));
        starts.learn(200, start(260, 9));
        starts.learn(300, start(300, 0));
        for (from, nearest) in [
            (100, Some(start(107, 5))),
            (107, Some(start(107, 5))),
            (99, None),
            (108, Some(start(107, 5))),
            (200, Some(start(260, 9))),
            (199, Some(start(107, 5))),
            (1_000, Some(start(260, 9))),
        ] {
            assert_eq!(starts.nearest(from), nearest, "{from}");
        }
        // A stretch of two splits in which one record begins.
        starts.learn(108, start(260, 9));
        assert_eq!(starts.nearest(150), Some(start(260, 9)));
    }

    #[test]
    fn few_are_remembered() {
        let starts = FileStarts::default();
        for offset in 0..2 * STARTS as u64 {
            starts.learn(offset, Start { offset, line: 1 });
        }
        assert_eq!(starts.nearest(3), None);
        let last = 2 * STARTS as u64 - 1;
        assert_eq!(
            starts.nearest(last),
            Some(Start {
                offset: last,
                line: 1
            })
        );
    }
}
