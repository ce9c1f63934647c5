//! Which splits of a file belong to which reader.

use serde::{Deserialize, Serialize};

use super::name::Key;

/// The splits of one file that one reader owns: every `parallelism`-th from the first on.
///
/// Split `i` is the stretch `[i * split, (i + 1) * split)` of the file, and its owner is
/// `(key of the file's name + i) % parallelism`: a function of the split and the parallelism alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    /// Bytes in a split; 0: the file is one split, whatever its length.
    pub(crate) split: u64,
    /// The number of the reader's first split.
    pub(super) first: u64,
    /// From one of its splits to the next.
    pub(super) step: u64,
}

impl Share {
    pub(crate) fn new(file: Key, split: u64, subtask: usize, parallelism: usize) -> Self {
        let step = parallelism.max(1) as u64;
        let owner_of_first = file % step;
        Self {
            split,
            first: (subtask as u64 + step - owner_of_first) % step,
            step,
        }
    }

    /// How many splits of a file of `size` bytes the reader owns.
    pub(crate) fn count(&self, size: u64) -> u64 {
        let splits = match size.checked_div(self.split) {
            Some(whole) => whole + u64::from(!size.is_multiple_of(self.split)),
            // An empty file that can't be split has nothing to hand out either.
            None => u64::from(size > 0),
        };
        splits.saturating_sub(self.first).div_ceil(self.step)
    }

    /// The stretch of the reader's split with this number among its own.
    pub(crate) fn range(&self, number: u64) -> (u64, u64) {
        if self.split == 0 {
            return (0, u64::MAX);
        }
        let split = self.first.saturating_add(number.saturating_mul(self.step));
        let from = split.saturating_mul(self.split);
        (from, from.saturating_add(self.split))
    }

    /// The stretches of its splits `from` to `to`.
    pub(crate) fn ranges(self, from: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
        (from..to).map(move |number| self.range(number))
    }

    /// Whether the split that holds `offset` is the reader's.
    pub(crate) fn owns(&self, offset: u64) -> bool {
        let split = offset.checked_div(self.split).unwrap_or(0);
        split % self.step == self.first
    }

    /// The number of the first of its own splits that is not wholly before `offset`.
    pub(crate) fn first_from(&self, offset: u64) -> u64 {
        let split = offset.checked_div(self.split).unwrap_or(0);
        split.saturating_sub(self.first).div_ceil(self.step)
    }

    /// Whether the file's first split is the reader's.
    pub(crate) fn owns_first(&self) -> bool {
        self.first == 0
    }
}
