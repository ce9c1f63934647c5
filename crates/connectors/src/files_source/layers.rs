//! What readers of an earlier parallelism have done.
//!
//! A reader works through the announced pieces in their order, so its position is one number: all of its splits of
//! every piece below it are done; and a few pieces behind of which a part is done. After a change of the
//! parallelism the splits belong to others; the positions that they were read under stay as a layer until every
//! piece below the highest of them has been passed. Layers lie on one another: what any of them has done is done.

use serde::{Deserialize, Serialize};

use super::intervals::Intervals;
use super::name::Key;
use super::share::Share;
use super::stream::Start;

/// A piece of which one reader has done a part of its splits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Partial {
    /// The number of the piece.
    pub(crate) piece: u64,
    /// Runs of splits that are done, by their number among the reader's own: `[from, to)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) done: Vec<(u64, u64)>,
    /// Stretches of other splits that are done: offsets `[from, to)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<(u64, u64)>,
    /// Offset and line (0: unknown) of places where a record begins, from which reading can go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) starts: Vec<(u64, u64)>,
}

/// How far one reader was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) subtask: usize,
    /// All of its splits of pieces with lower numbers are done.
    pub(crate) below: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) partial: Vec<Partial>,
}

/// The readers of one parallelism.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layer {
    pub(crate) parallelism: usize,
    /// In the order of their subtasks.
    pub(crate) readers: Vec<Position>,
}

impl Layer {
    /// The lowest number of which nothing is known here, nor of any behind it.
    pub(crate) fn end(&self) -> u64 {
        let ends = self.readers.iter().flat_map(|reader| {
            let partial = reader.partial.iter().map(|partial| partial.piece + 1);
            partial.chain([reader.below])
        });
        ends.max().unwrap_or(0)
    }

    /// All of these pieces were done: those with numbers below this.
    pub(crate) fn all_below(&self) -> u64 {
        if self.readers.len() < self.parallelism {
            return 0;
        }
        let lowest = self.readers.iter().map(|reader| reader.below).min();
        lowest.unwrap_or(0)
    }

    /// Adds to `done` and `starts` what these readers have done of a piece of `size` bytes, cut by `split`.
    pub(crate) fn add_to(&self, piece: &Place, done: &mut Intervals, starts: &mut Vec<Start>) {
        if piece.sequence < self.all_below() {
            done.insert(0, u64::MAX);
            return;
        }
        for reader in &self.readers {
            let share = Share::new(piece.key, piece.split, reader.subtask, self.parallelism);
            let owned = share.count(piece.size);
            let add = |done: &mut Intervals, from: u64, to: u64| {
                let splits = share.ranges(from, to.min(owned));
                splits.for_each(|(from, to)| done.insert(from, to));
            };
            if piece.sequence < reader.below {
                add(done, 0, owned);
                continue;
            }
            let partial = reader.partial.iter();
            for partial in partial.filter(|partial| partial.piece == piece.sequence) {
                partial
                    .done
                    .iter()
                    .for_each(|(from, to)| add(done, *from, *to));
                for (from, to) in &partial.parts {
                    done.insert(*from, *to);
                }
                let known = partial.starts.iter();
                starts.extend(known.map(|(offset, line)| Start {
                    offset: *offset,
                    line: *line,
                }));
            }
        }
    }
}

/// What a layer has to know of a piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) sequence: u64,
    pub(crate) key: Key,
    pub(crate) size: u64,
    pub(crate) split: u64,
}

#[cfg(test)]
mod tests;
