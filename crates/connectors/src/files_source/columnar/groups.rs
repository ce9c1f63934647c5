//! Where groups of rows (row groups of Parquet, stripes of ORC) stand among the offsets of a file. Pure.
//!
//! The ledger knows offsets, and splits that are stretches of them. A group has a place among them by the bytes of those
//! before it, so that splits have about as much to read each; it belongs to the split in which its place lies. Within a
//! group the position is the number of the row, which goes along as the line of a [`Start`]; the offset moves on with
//! it and never reaches the end of the split before the group is done.

use crate::files_source::stream::Start;

/// One group of rows and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its number in the file.
    pub(crate) number: usize,
    pub(crate) rows: u64,
    /// Rows of the groups before it.
    pub(crate) before: u64,
    /// Its place, which is even, as the ends of splits are: so there is at least one offset between both.
    at: u64,
    /// The place of the next one, or the end of the file.
    end: u64,
}

/// What is read of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) group: Group,
    /// The first row that is read.
    pub(crate) from: u64,
    /// The end of the stretch that it belongs to.
    until: u64,
}

/// The groups of a file of `size` bytes, of each of which the bytes and the rows are told. `None`: that can't be true.
pub(crate) fn lay_out(size: u64, told: &[(u64, u64)]) -> Option<Vec<Group>> {
    // Each takes at least two offsets, and far more bytes than that.
    let spread = u128::from(size.checked_sub(2 * told.len() as u64)?);
    let total: u128 = told.iter().map(|(bytes, _)| u128::from(*bytes)).sum();
    let mut groups: Vec<Group> = Vec::with_capacity(told.len());
    let (mut bytes_before, mut before) = (0_u128, 0_u64);
    for (number, (bytes, rows)) in told.iter().enumerate() {
        let share = (bytes_before * spread).checked_div(total).unwrap_or(0);
        let at = 2 * number as u64 + (u64::try_from(share).ok()? & !1);
        if let Some(last) = groups.last_mut() {
            last.end = at;
        }
        groups.push(Group {
            number,
            rows: *rows,
            before,
            at,
            end: size,
        });
        bytes_before += u128::from(*bytes);
        before = before.checked_add(*rows)?;
    }
    Some(groups)
}

/// What is read of the stretch `[from, to)`. `known`: the start that was known last before it.
pub(crate) fn parts(groups: &[Group], from: u64, to: u64, known: Option<Start>) -> Vec<Part> {
    let part = |group: &Group, from| Part {
        group: *group,
        from,
        until: to,
    };
    let first = groups.partition_point(|group| group.at < from);
    let resumed = known.filter(|known| known.offset == from && known.line > 0);
    let begun = resumed.and_then(|known| {
        let group = groups.get(first.checked_sub(1)?)?;
        (known.line < group.rows && from < group.end).then(|| part(group, known.line))
    });
    let whole = groups.iter().skip(first).take_while(|group| group.at < to);
    begun
        .into_iter()
        .chain(whole.map(|group| part(group, 0)))
        .collect()
}

impl Part {
    /// The position behind the first `row` rows of the group.
    pub(crate) fn behind(&self, row: u64) -> Start {
        let end = self.group.end.min(self.until);
        if row >= self.group.rows {
            return Start {
                offset: end,
                line: 0,
            };
        }
        let room = u128::from(end - self.group.at);
        let share = u128::from(row) * room / u128::from(self.group.rows.max(1));
        let inside = u64::try_from(share).unwrap_or(u64::MAX);
        let last = (end - self.group.at).saturating_sub(1).max(1);
        Start {
            offset: self.group.at + inside.clamp(1, last),
            line: row,
        }
    }
}

#[cfg(test)]
mod tests;
