//! Ranges of rows that are still to be read. Pure.

use std::ops::Range;

/// Ranges of rows that are taken from the front.
pub(super) struct Ranges {
    left: std::vec::IntoIter<Range<u64>>,
    first: Option<Range<u64>>,
}

impl Ranges {
    pub(super) fn new(ranges: Vec<Range<u64>>) -> Self {
        let mut left = ranges.into_iter();
        let first = left.next();
        Self { left, first }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// All that have not been taken.
    pub(super) fn rest(&self) -> Vec<Range<u64>> {
        let left = self.left.as_slice().iter().cloned();
        self.first.iter().cloned().chain(left).collect()
    }

    /// The next rows, at most `most` that follow each other. `None`: there are none.
    pub(super) fn take(&mut self, most: u64) -> Option<Range<u64>> {
        let first = self.first.as_mut()?;
        let end = first.end.min(first.start.saturating_add(most));
        let taken = first.start..end;
        first.start = end;
        if first.is_empty() {
            self.first = self.left.next();
        }
        Some(taken)
    }
}
