//! Entries whose keys begin with the same bits, sorted, in small blocks.
//!
//! Blocks are of few sizes, so that memory which one gives back as it grows is what the next one takes: buckets that grow
//! as wholes, all of them at about the same time, leave more of it behind than they hold. A block that a snapshot holds
//! is copied before it is written to.

use std::sync::Arc;

use super::Entry;
use crate::files_source::name::Key;

/// The most entries of a block: a bit for each is one word.
const MOST: usize = 64;
/// How many entries blocks have room for: what fills the sizes in which memory is given out.
const ROOMS: [usize; 7] = [4, 12, 25, 38, 44, 51, MOST];

/// The entries of a block, sorted.
pub(super) type Entries = Arc<Vec<Entry>>;

/// Where an entry is: its block, and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    block: usize,
    entry: usize,
}

#[derive(Debug, Clone)]
struct Block {
    /// No key of the block is lower, and none of those before it as high.
    first: Key,
    /// Which of its entries the present listing has met.
    met: u64,
    entries: Entries,
}

/// The blocks, in the order of their keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket(Vec<Block>);

/// The word whose lowest `count` bits are set.
fn low(count: usize) -> u64 {
    match count {
        MOST.. => u64::MAX,
        _ => (1 << count) - 1,
    }
}

/// The room for more than `count` entries.
fn room_above(count: usize) -> usize {
    let room = ROOMS.iter().find(|room| **room > count);
    room.copied().unwrap_or(count + 1)
}

/// The word with a bit put in at `at`; those from there on move up.
fn with_bit(word: u64, at: usize, bit: bool) -> u64 {
    word & low(at) | u64::from(bit) << at | (word & !low(at)) << 1
}

/// The word without the bit at `at`; those behind it move down.
fn without_bit(word: u64, at: usize) -> u64 {
    word & low(at) | word >> 1 & !low(at)
}

impl Bucket {
    /// Where the entry of a key is, or where it would be put in.
    pub(super) fn find(&self, key: Key) -> Result<At, At> {
        let behind = self.0.partition_point(|block| block.first <= key);
        let block = behind.saturating_sub(1);
        let entries = self.0.get(block).map_or(&[][..], |block| &block.entries);
        let at = |entry| At { block, entry };
        let found = entries.binary_search_by_key(&key, |entry| entry.key);
        found.map(at).map_err(at)
    }

    pub(super) fn get(&self, at: At) -> Option<&Entry> {
        self.0.get(at.block)?.entries.get(at.entry)
    }

    /// The entry to be changed, but not its key.
    pub(super) fn get_mut(&mut self, at: At) -> Option<&mut Entry> {
        let entries = &mut self.0.get_mut(at.block)?.entries;
        Arc::make_mut(entries).get_mut(at.entry)
    }

    /// Whether the present listing has met it.
    pub(super) fn is_met(&self, at: At) -> bool {
        let block = self.0.get(at.block);
        block.is_some_and(|block| block.met >> at.entry & 1 == 1)
    }

    pub(super) fn set_met(&mut self, at: At, met: bool) {
        if let Some(block) = self.0.get_mut(at.block) {
            block.met = block.met & !(1 << at.entry) | u64::from(met) << at.entry;
        }
    }

    /// Puts an entry in where [find](Self::find) did not find it.
    pub(super) fn insert(&mut self, at: At, entry: Entry, met: bool) {
        let at = self.with_room(at, entry.key);
        let Some(block) = self.0.get_mut(at.block) else {
            return;
        };
        block.first = block.first.min(entry.key);
        block.met = with_bit(block.met, at.entry, met);
        let entries = Arc::make_mut(&mut block.entries);
        if entries.len() == entries.capacity() {
            entries.reserve_exact(room_above(entries.len()) - entries.len());
        }
        entries.insert(at.entry.min(entries.len()), entry);
    }

    /// A place for a new entry in a block that has room for it.
    fn with_room(&mut self, at: At, key: Key) -> At {
        let last = at.block + 1 == self.0.len();
        let new = |met, entries| Block {
            first: key,
            met,
            entries: Arc::new(entries),
        };
        let Some(block) = self.0.get_mut(at.block) else {
            self.0.push(new(0, Vec::new()));
            return At { block: 0, entry: 0 };
        };
        if block.entries.len() < MOST {
            return at;
        }
        if last && at.entry == MOST {
            // Snapshots are read in the order of keys: blocks stay full.
            self.0.push(new(0, Vec::new()));
            return At {
                block: at.block + 1,
                entry: 0,
            };
        }
        let half = MOST / 2;
        let lower = Arc::make_mut(&mut block.entries);
        let upper = lower.split_off(half);
        lower.shrink_to(room_above(half));
        let mut second = new(block.met >> half, upper);
        second.first = second.entries.first().map_or(key, |entry| entry.key);
        block.met &= low(half);
        self.0.insert(at.block + 1, second);
        match at.entry.checked_sub(half) {
            // Between the halves it is the last of the first: the second begins with a higher key.
            None | Some(0) => at,
            Some(entry) => At {
                block: at.block + 1,
                entry,
            },
        }
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, at: At) -> Option<Entry> {
        let block = self.0.get_mut(at.block)?;
        if at.entry >= block.entries.len() {
            return None;
        }
        let entry = Arc::make_mut(&mut block.entries).remove(at.entry);
        block.met = without_bit(block.met, at.entry);
        if block.entries.is_empty() {
            self.0.remove(at.block);
        }
        Some(entry)
    }

    /// Ends a listing: takes all marks off, and shows those entries that were not met to `judge`, which answers whether they
    /// stay. None of them is shown where `judge` is none.
    pub(super) fn take_met(&mut self, judge: Option<&mut dyn FnMut(&mut Entry) -> bool>) {
        let Some(judge) = judge else {
            self.0.iter_mut().for_each(|block| block.met = 0);
            return;
        };
        for block in &mut self.0 {
            let met = std::mem::take(&mut block.met);
            if met == low(block.entries.len()) {
                continue;
            }
            let mut at = 0;
            Arc::make_mut(&mut block.entries).retain_mut(|entry| {
                let is_met = met >> at & 1 == 1;
                at += 1;
                is_met || judge(entry)
            });
        }
        self.0.retain(|block| !block.entries.is_empty());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().flat_map(|block| block.entries.iter())
    }

    /// The blocks as they are now.
    pub(super) fn freeze(&self) -> impl Iterator<Item = Entries> + '_ {
        self.0.iter().map(|block| Arc::clone(&block.entries))
    }

    /// Bytes of memory that it takes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let rooms = self.0.iter().map(|block| block.entries.capacity());
        let block = size_of::<Block>() + size_of::<Vec<Entry>>() + 2 * size_of::<usize>();
        self.0.capacity() * block + rooms.sum::<usize>() * size_of::<Entry>() + size_of::<Self>()
    }
}

#[cfg(test)]
mod tests;
