//! The rows that WHERE keeps.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::{FilterBuilder, prep_null_mask_filter};
use arrow::error::ArrowError;

/// Filters `columns` by `mask`, in which null counts as false; also how many rows are left.
pub(super) fn filter_columns<'a>(
    columns: impl Iterator<Item = &'a ArrayRef>,
    mask: &BooleanArray,
) -> Result<(Vec<ArrayRef>, usize), ArrowError> {
    let mask = match mask.null_count() {
        0 => mask.clone(),
        _ => prep_null_mask_filter(mask),
    };
    // Worth its price where the work is shared by several columns.
    let filter = FilterBuilder::new(&mask).optimize().build();
    let kept: Vec<u32> = mask.values().set_indices_u32().collect();
    let columns = columns.map(|column| match column.as_string_opt::<i32>() {
        Some(texts) => Ok(Arc::new(filter_texts(texts, &kept)?) as ArrayRef),
        None => filter.filter(column),
    });
    Ok((columns.collect::<Result<_, _>>()?, kept.len()))
}

/// Texts up to this long are copied in one piece of this length.
const SHORT: usize = 32;

/// The texts at the places `kept`. Text is mostly short, and copied with a length that the compiler knows.
fn filter_texts(texts: &StringArray, kept: &[u32]) -> Result<StringArray, ArrowError> {
    let (offsets, data) = (texts.value_offsets(), texts.value_data());
    let range = |row: u32| {
        let offset = |at: usize| offsets.get(at).map_or(0, |offset| *offset as usize);
        (offset(row as usize), offset(row as usize + 1))
    };
    let length = |row: &u32| {
        let (from, to) = range(*row);
        to - from
    };
    let total: usize = kept.iter().map(length).sum();
    let mut bytes = vec![0; total + SHORT];
    let mut ends = Vec::with_capacity(kept.len() + 1);
    let mut at = 0;
    ends.push(0);
    for row in kept {
        let (from, to) = range(*row);
        let (source, room) = (data.get(from..), bytes.get_mut(at..));
        copy(
            source.unwrap_or_default(),
            room.unwrap_or_default(),
            to - from,
        );
        at += to - from;
        // No more than in the input, which counts in the same numbers.
        ends.push(at as i32);
    }
    bytes.truncate(total);
    let nulls = texts.nulls().map(|nulls| {
        let valid = kept.iter().map(|row| nulls.is_valid(*row as usize));
        valid.collect::<NullBuffer>()
    });
    StringArray::try_new(
        OffsetBuffer::new(ScalarBuffer::from(ends)),
        Buffer::from_vec(bytes),
        nulls.filter(|nulls| nulls.null_count() > 0),
    )
}

/// Copies `length` bytes, and perhaps some that lie behind: they are written over by the next copy.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8], length: usize) {
    match (from.first_chunk::<SHORT>(), to.first_chunk_mut::<SHORT>()) {
        (Some(from), Some(to)) if length <= SHORT => *to = *from,
        _ => {
            if let (Some(from), Some(to)) = (from.get(..length), to.get_mut(..length)) {
                to.copy_from_slice(from);
            }
        }
    }
}

#[cfg(test)]
mod tests;
