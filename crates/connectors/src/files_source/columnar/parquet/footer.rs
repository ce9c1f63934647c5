//! The footer and the page indexes of a Parquet file, looked at before the library decodes them: it makes room for as many
//! items as they say there are, which no guard holds where there is none.

use parquet::file::metadata::ParquetMetaData;

use super::compact::{Compact, LIST, STRUCT};
use crate::files_source::columnar::open::one_line;
use crate::files_source::columnar::ranged::Ranged;
use crate::files_source::failure::Unfit;

/// The length of the footer and the magic.
const BEHIND: u64 = 8;
/// Fields of the footer: the schema; of its elements: their children.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;
/// Groups within one another.
const DEEPEST: usize = 64;
/// The most bytes that hold all page indexes, with what lies between them: there is room made for all of them.
const LARGEST_INDEXES: u64 = 256 << 20;

/// Whether the library may look at the footer.
pub(super) fn check(file: &Ranged) -> Result<(), Unfit> {
    let damaged = |error: std::io::Error| Unfit::Damaged(one_line(&error));
    let wrong = |what: &str| Unfit::Damaged(what.to_owned());
    let behind = file.size().saturating_sub(BEHIND);
    let length = file.bytes(behind, 4).map_err(damaged)?;
    let length = length.first_chunk().copied().map_or(0, u32::from_le_bytes);
    let begin = behind.checked_sub(u64::from(length));
    let begin = begin.ok_or_else(|| wrong("its footer is longer than the file"))?;
    let footer = file.bytes(begin, u64::from(length)).map_err(damaged)?;
    let mut children = Vec::new();
    let mut walked = Compact::new(&footer);
    let whole = walked.fields(&mut |compact, id, kind| {
        if (id, kind) != (SCHEMA, LIST) {
            return Some(false);
        }
        let (kind, count) = compact.list()?;
        for _ in 0..count {
            children.push(children_of(compact, kind)?);
        }
        Some(true)
    });
    if whole.is_none() {
        return Err(wrong("its footer is cut off or makes no sense"));
    }
    if !is_tree(&children) {
        return Err(wrong("its schema is no tree, or a very deep one"));
    }
    Ok(())
}

/// How many children an element of the schema has.
fn children_of(compact: &mut Compact<'_>, kind: u8) -> Option<i64> {
    if kind != STRUCT {
        return None;
    }
    let mut children = 0;
    compact.fields(&mut |compact, id, kind| {
        let is_it = id == CHILDREN && (4..=6).contains(&kind);
        if is_it {
            children = compact.number()?;
        }
        Some(is_it)
    })?;
    Some(children)
}

/// Whether elements of which each is followed by as many children as told are one tree that is not too deep.
fn is_tree(children: &[i64]) -> bool {
    // Of each level: how many are still to come.
    let mut open: Vec<i64> = Vec::new();
    for (place, told) in children.iter().enumerate() {
        while open.last() == Some(&0) {
            open.pop();
        }
        match open.last_mut() {
            Some(left) => *left -= 1,
            // The root is the first, and there is one.
            None if place > 0 => return false,
            None => {}
        }
        let fits = (0..=children.len() as i64).contains(told);
        if !fits || open.len() >= DEEPEST {
            return false;
        }
        open.push(*told);
    }
    open.iter().all(|left| *left == 0)
}

/// Whether the library is to read the page indexes that the footer names: not where they are very large, or lie far apart. Pages are
/// found by their headers then.
///
/// # Errors
/// It must not: they make no sense.
pub(super) fn check_indexes(file: &Ranged, metadata: &ParquetMetaData) -> Result<bool, Unfit> {
    let wrong = || Unfit::Damaged("its page indexes are cut off or make no sense".to_owned());
    let groups = metadata.row_groups().iter();
    let places = groups.flat_map(|group| group.columns()).flat_map(|column| {
        [
            (column.column_index_offset(), column.column_index_length()),
            (column.offset_index_offset(), column.offset_index_length()),
        ]
    });
    let mut ranges = Vec::new();
    for place in places {
        let (Some(from), Some(length)) = place else {
            continue;
        };
        let from = u64::try_from(from).map_err(|_| wrong())?;
        let length = u64::try_from(length).map_err(|_| wrong())?;
        ranges.push(from..from.checked_add(length).ok_or_else(wrong)?);
    }
    let from = ranges.iter().map(|range| range.start).min();
    let to = ranges.iter().map(|range| range.end).max();
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(true);
    };
    let length = to.saturating_sub(from);
    if to <= file.size() && length > LARGEST_INDEXES {
        return Ok(false);
    }
    // They stand together, and the library reads them at once, too.
    let bytes = file.bytes(from, length);
    let bytes = bytes.map_err(|error| Unfit::Damaged(one_line(&error)))?;
    for range in ranges {
        let place = |at: u64| usize::try_from(at.saturating_sub(from)).ok();
        let index = place(range.start).zip(place(range.end));
        let index = index.and_then(|(start, end)| bytes.get(start..end));
        let walked = index.and_then(|index| Compact::new(index).pass(STRUCT));
        walked.ok_or_else(wrong)?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
