//! Entries of the ledger as they are written into snapshots.
//!
//! A segment is sorted by key. The first one of a snapshot holds every entry of its time, those behind it what has
//! changed since, tombstones and removals included; so a snapshot in which nothing is new refers to files that are
//! there already.

use std::io::{self, Read, Write};

use super::packed::Packed;
use super::{Entry, Seen, WORDS};
use crate::files_source::name::Key;

/// Bytes of an entry.
const WIDTH: usize = 8 * WORDS;
/// The mark of an entry that was taken out.
const REMOVED: u64 = u64::MAX;

/// The ledger at a boundary.
#[derive(Debug, Clone)]
pub(crate) struct Frozen {
    /// In the order of their keys; none is empty.
    blocks: Vec<Packed>,
    entries: usize,
    changed: Vec<Key>,
}

impl Frozen {
    pub(super) fn new(blocks: Vec<Packed>, entries: usize, changed: Vec<Key>) -> Self {
        Self {
            blocks,
            entries,
            changed,
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    /// How many of them have changed since it was last frozen.
    pub(crate) fn changes(&self) -> usize {
        self.changed.len()
    }

    /// Writes every entry.
    pub(crate) fn write_all(&self, out: &mut dyn Write) -> io::Result<u64> {
        let mut written = 0;
        for entry in self.blocks.iter().flat_map(Packed::iter) {
            write_entry(out, entry)?;
            written += 1;
        }
        Ok(written)
    }

    /// Writes what has changed.
    pub(crate) fn write_changes(&self, out: &mut dyn Write) -> io::Result<u64> {
        for key in &self.changed {
            let removed = || Entry::of_words([*key, 0, 0, 0, REMOVED]);
            write_entry(out, self.get(*key).unwrap_or_else(removed))?;
        }
        Ok(self.changed.len() as u64)
    }
}

impl Frozen {
    fn get(&self, key: Key) -> Option<Entry> {
        let behind = self.blocks.partition_point(|block| block.first() <= key);
        let block = self.blocks.get(behind.checked_sub(1)?)?;
        block.get(block.find(key).ok()?)
    }
}

fn write_entry(out: &mut dyn Write, entry: Entry) -> io::Result<()> {
    let mut bytes = [0; WIDTH];
    for (place, word) in bytes.chunks_exact_mut(8).zip(entry.words()) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    out.write_all(&bytes)
}

/// Reads a segment into the ledger, over what earlier ones held.
pub(crate) fn read_segment(input: &mut dyn Read, seen: &mut Seen) -> io::Result<u64> {
    let mut read = 0;
    let mut bytes = [0; WIDTH];
    while fill(input, &mut bytes)? {
        let mut words = [0_u64; WORDS];
        for (word, place) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(place.try_into().unwrap_or_default());
        }
        let mut entry = Entry::of_words(words);
        if entry.mark == REMOVED {
            seen.remove(entry.key);
        } else {
            entry.mark &= !(1 << 63);
            seen.restore(entry);
        }
        read += 1;
    }
    // What was read is no change.
    seen.removed.clear();
    Ok(read)
}

/// Fills `bytes`; false at the end of the input.
fn fill(input: &mut dyn Read, bytes: &mut [u8; WIDTH]) -> io::Result<bool> {
    let mut at = 0;
    while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) if at == 0 => return Ok(false),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => at += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
