//! An open file of columns, whatever its format is.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::condition::{Known, Test};
use super::fit::Fit;
use crate::files_source::failure::Unfit;

/// Batches of the rows of a group.
pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, Unfit>>>;

/// A file of columns.
pub(super) trait OpenColumns: Send {
    /// Its columns.
    fn schema(&self) -> &SchemaRef;

    /// Whether these columns can be read, as far as the file says.
    ///
    /// # Errors
    /// One of them is encrypted.
    fn check(&self, columns: &[usize]) -> Result<(), Unfit>;

    /// The bytes and the rows of each of its groups, in their order.
    fn groups(&self) -> Vec<(u64, u64)>;

    /// The rows of a group of which the tests may be so, in order: those that are left have none.
    fn may_hold(&self, group: usize, asked: &[Asked<'_>]) -> Result<Vec<Range<u64>>, Unfit>;

    /// About how many bytes a row of the group has in these columns.
    fn row_bytes(&self, group: usize, columns: &[usize]) -> u64;

    /// Whether that is certain: not where values are kept once and are many.
    fn tells_bytes(&self, group: usize, columns: &[usize]) -> bool;

    /// Reads `rows` of a group, of which the columns `columns`, at most `together` at a time.
    fn read(
        &self,
        group: usize,
        columns: &[usize],
        rows: &[Range<u64>],
        together: usize,
    ) -> Result<Batches, Unfit>;
}

/// What is so of the values of a column of a file.
pub(super) struct Asked<'a> {
    /// Its place in the file; `None`: it has none, and all values are null.
    pub(super) found: Option<&'a super::fit::Found>,
    pub(super) test: &'a Test,
}

impl Asked<'_> {
    /// Whether it may be so of rows of which this is known.
    pub(super) fn may_be(&self, known: &Known) -> bool {
        self.test.may_be(known)
    }
}

/// The tests of conditions, as far as what is known of columns of the file says anything of them.
pub(super) fn asked<'a>(fit: &'a Fit, conditions: &'a [(String, Test)]) -> Vec<Asked<'a>> {
    let told = conditions.iter().map(|(name, test)| Asked {
        found: fit.found(name),
        test,
    });
    told.filter(|asked| asked.found.is_none_or(|found| found.change.keeps_order()))
        .collect()
}

/// Which of all the rows of a group may be wanted: those of which every test may be so.
pub(super) fn intersection(first: &[Range<u64>], second: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut both = Vec::new();
    let (mut first, mut second) = (first.iter().peekable(), second.iter().peekable());
    while let (Some(one), Some(other)) = (first.peek(), second.peek()) {
        let range = one.start.max(other.start)..one.end.min(other.end);
        if range.start < range.end {
            both.push(range);
        }
        if one.end <= other.end {
            first.next();
        } else {
            second.next();
        }
    }
    both
}

/// Whether ranges are the one of all rows, which are read without choosing among them.
pub(super) fn covers(ranges: &[Range<u64>], rows: u64) -> bool {
    matches!(ranges, [all] if *all == (0..rows))
}

/// What a library says, in one line.
pub(super) fn one_line(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = words.join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Characters of what a library says that are told.
const LONGEST: usize = 300;
