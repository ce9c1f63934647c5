//! Entries that lie beside each other, in few bytes.
//!
//! Of each word of an entry only what lies above the lowest of the block is kept, in as many bytes as the highest of them needs:
//! keys of a block begin alike, files of a directory are of about one time, and numbers are small. What is packed never
//! changes; another one takes its place, so that a snapshot holds it as it is. There is no room in it for more entries: what
//! it takes does not depend on how full blocks are, nor on the order in which they were filled.
//!
//! ```text
//! count, 5 widths, 5 lowest words | a row for each entry: of each word its width in bytes | 8 zeros
//! ```

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Entry, WORDS};
use crate::files_source::name::Key;

/// Where the lowest words are, and where rows begin.
const LOWEST: usize = 1 + WORDS;
const ROWS: usize = LOWEST + 8 * WORDS;
/// Behind the last row, so that eight bytes can be read wherever a word begins.
const END: [u8; 8] = [0; 8];

/// Entries, sorted.
#[derive(Debug, Clone)]
pub(super) struct Packed(Arc<[u8]>);

/// How the rows of a block are made.
struct Shape {
    widths: [u8; WORDS],
    lowest: [u64; WORDS],
}

/// The highest value in so many bytes.
fn highest(width: u8) -> u64 {
    match width {
        0 => 0,
        _ => u64::MAX >> (64 - 8 * u32::from(width.min(8))),
    }
}

impl Shape {
    /// The narrowest one for some entries.
    fn of(entries: &[Entry]) -> Self {
        let (mut lowest, mut most) = ([u64::MAX; WORDS], [0; WORDS]);
        for entry in entries {
            for ((low, most), word) in lowest.iter_mut().zip(&mut most).zip(entry.words()) {
                *low = word.min(*low);
                *most = word.max(*most);
            }
        }
        let mut widths = [0; WORDS];
        for (width, (low, most)) in widths.iter_mut().zip(lowest.iter().zip(most)) {
            let bits = u64::BITS - most.saturating_sub(*low).leading_zeros();
            *width = bits.div_ceil(8) as u8;
        }
        Self { widths, lowest }
    }

    /// Bytes of a row.
    fn row(&self) -> usize {
        self.widths.iter().map(|width| usize::from(*width)).sum()
    }

    fn fits(&self, entry: &Entry) -> bool {
        let words = entry.words().into_iter().zip(self.lowest).zip(self.widths);
        let mut above = words.map(|((word, low), width)| (word.checked_sub(low), highest(width)));
        above.all(|(above, highest)| above.is_some_and(|above| above <= highest))
    }

    /// Puts the row of an entry behind `bytes`.
    fn put(&self, entry: &Entry, bytes: &mut Vec<u8>) {
        for ((word, low), width) in entry.words().into_iter().zip(self.lowest).zip(self.widths) {
            let above = word.wrapping_sub(low).to_le_bytes();
            bytes.extend_from_slice(above.get(..usize::from(width)).unwrap_or(&above));
        }
    }
}

impl Packed {
    /// At most 255 entries, sorted by their keys.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let shape = Shape::of(entries);
        let length = ROWS + entries.len() * shape.row() + END.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.push(entries.len() as u8);
        bytes.extend(shape.widths);
        bytes.extend(shape.lowest.iter().flat_map(|low| low.to_le_bytes()));
        for entry in entries {
            shape.put(entry, &mut bytes);
        }
        bytes.extend(END);
        Self(bytes.into())
    }

    pub(super) fn len(&self) -> usize {
        self.0.first().map_or(0, |count| usize::from(*count))
    }

    /// The eight bytes from there on.
    fn word(&self, at: usize) -> u64 {
        let bytes = self.0.get(at..at + 8);
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_le_bytes)
    }

    fn shape(&self) -> Shape {
        let widths = self.0.get(1..LOWEST);
        let mut lowest = [0; WORDS];
        for (low, at) in lowest.iter_mut().zip((LOWEST..).step_by(8)) {
            *low = self.word(at);
        }
        Shape {
            widths: widths.map_or([0; WORDS], |widths| widths.try_into().unwrap_or_default()),
            lowest,
        }
    }

    fn read(&self, shape: &Shape, at: usize) -> Entry {
        let mut place = ROWS + at * shape.row();
        let mut words = shape.lowest;
        for (word, width) in words.iter_mut().zip(shape.widths) {
            *word = word.wrapping_add(self.word(place) & highest(width));
            place += usize::from(width);
        }
        Entry::of_words(words)
    }

    pub(super) fn get(&self, at: usize) -> Option<Entry> {
        (at < self.len()).then(|| self.read(&self.shape(), at))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> {
        let shape = self.shape();
        (0..self.len()).map(move |at| self.read(&shape, at))
    }

    /// The lowest key.
    pub(super) fn first(&self) -> Key {
        self.word(LOWEST)
    }

    /// Where the entry of a key is, or where it would be put in.
    pub(super) fn find(&self, key: Key) -> Result<usize, usize> {
        let widths = self.0.get(1..LOWEST).unwrap_or_default();
        let row: usize = widths.iter().map(|width| usize::from(*width)).sum();
        let (first, most) = (self.first(), widths.first().map_or(0, |it| highest(*it)));
        let key_at = |at: usize| first.wrapping_add(self.word(ROWS + at * row) & most);
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from + (to - from) / 2;
            match key_at(middle).cmp(&key) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => to = middle,
            }
        }
        Err(from)
    }

    /// The same with one more entry, at its place.
    pub(super) fn with(&self, at: usize, entry: Entry) -> Self {
        let shape = self.shape();
        let (row, at) = (shape.row(), at.min(self.len()));
        let halves = self.0.split_at_checked(ROWS + at * row);
        let Some(([_, head @ ..], rest)) = halves.filter(|_| shape.fits(&entry)) else {
            let mut entries: Vec<Entry> = self.iter().collect();
            entries.insert(at, entry);
            return Self::of(&entries);
        };
        let mut bytes = Vec::with_capacity(self.0.len() + row);
        bytes.push(self.len() as u8 + 1);
        bytes.extend_from_slice(head);
        shape.put(&entry, &mut bytes);
        bytes.extend_from_slice(rest);
        Self(bytes.into())
    }

    /// Bytes of memory that it takes: they are given out in four sizes between one power of two and the next.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let bytes = self.0.len() + 2 * size_of::<usize>();
        let step = (bytes.next_power_of_two() / 8).max(1);
        bytes.next_multiple_of(step)
    }
}

#[cfg(test)]
mod tests;
