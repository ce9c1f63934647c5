//! Entries whose keys begin with the same bits, sorted, in small blocks.
//!
//! A block is [packed](Packed): another one takes its place when it changes, and a snapshot holds it as it was.

use super::Entry;
use super::packed::Packed;
use crate::files_source::name::Key;

/// The most entries of a block: a bit for each is one word.
const MOST: usize = 64;

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
    entries: Packed,
}

impl Block {
    fn new(entries: &[Entry], met: u64) -> Self {
        let entries = Packed::of(entries);
        Self {
            first: entries.first(),
            met,
            entries,
        }
    }

    /// Puts other entries in the place of its own.
    fn put(&mut self, entries: &[Entry]) {
        *self = Self::new(entries, self.met);
    }
}

/// The blocks, in the order of their keys; none: there is none.
#[derive(Debug, Clone, Default)]
#[allow(
    clippy::box_collection,
    reason = "a small job has a thousand buckets that are empty"
)]
pub(super) struct Bucket(Option<Box<Vec<Block>>>);

/// The word whose lowest `count` bits are set.
fn low(count: usize) -> u64 {
    match count {
        MOST.. => u64::MAX,
        _ => (1 << count) - 1,
    }
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
    fn blocks(&self) -> &[Block] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    fn block_mut(&mut self, block: usize) -> Option<&mut Block> {
        self.0.as_mut()?.get_mut(block)
    }

    fn blocks_mut(&mut self) -> &mut Vec<Block> {
        self.0.get_or_insert_default()
    }

    /// Where the entry of a key is, or where it would be put in.
    pub(super) fn find(&self, key: Key) -> Result<At, At> {
        let behind = self.blocks().partition_point(|block| block.first <= key);
        let block = behind.saturating_sub(1);
        let at = |entry| At { block, entry };
        let found = self
            .blocks()
            .get(block)
            .map_or(Err(0), |it| it.entries.find(key));
        found.map(at).map_err(at)
    }

    pub(super) fn get(&self, at: At) -> Option<Entry> {
        self.blocks().get(at.block)?.entries.get(at.entry)
    }

    /// Puts an entry in the place of the one of its key.
    pub(super) fn replace(&mut self, at: At, entry: Entry) {
        let Some(block) = self.block_mut(at.block) else {
            return;
        };
        let mut entries: Vec<Entry> = block.entries.iter().collect();
        if let Some(old) = entries.get_mut(at.entry) {
            *old = entry;
        }
        block.put(&entries);
    }

    /// Whether the present listing has met it.
    pub(super) fn is_met(&self, at: At) -> bool {
        let block = self.blocks().get(at.block);
        block.is_some_and(|block| block.met >> at.entry & 1 == 1)
    }

    pub(super) fn set_met(&mut self, at: At, met: bool) {
        if let Some(block) = self.block_mut(at.block) {
            block.met = block.met & !(1 << at.entry) | u64::from(met) << at.entry;
        }
    }

    /// Puts an entry in where [find](Self::find) did not find it.
    pub(super) fn insert(&mut self, at: At, entry: Entry, met: bool) {
        let at = self.with_room(at);
        match self.block_mut(at.block) {
            Some(block) => {
                block.met = with_bit(block.met, at.entry, met);
                block.entries = block.entries.with(at.entry, entry);
                block.first = block.entries.first();
            }
            None => self.blocks_mut().push(Block::new(&[entry], u64::from(met))),
        }
    }

    /// A place for a new entry in a block that has room for it, or behind the last block.
    fn with_room(&mut self, at: At) -> At {
        let next = |entry| At {
            block: at.block + 1,
            entry,
        };
        let last = at.block + 1 == self.blocks().len();
        let full = self.block_mut(at.block);
        let Some(block) = full.filter(|block| block.entries.len() >= MOST) else {
            return at;
        };
        if last && at.entry == MOST {
            // Snapshots are read in the order of keys: blocks stay full.
            return next(0);
        }
        let half = MOST / 2;
        let mut lower: Vec<Entry> = block.entries.iter().collect();
        let upper = lower.split_off(half);
        let second = Block::new(&upper, block.met >> half);
        block.met &= low(half);
        block.put(&lower);
        self.blocks_mut().insert(at.block + 1, second);
        match at.entry.checked_sub(half) {
            // Between the halves it is the last of the first: the second begins with a higher key.
            None | Some(0) => at,
            Some(entry) => next(entry),
        }
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, at: At) -> Option<Entry> {
        let block = self.block_mut(at.block)?;
        let mut entries: Vec<Entry> = block.entries.iter().collect();
        if at.entry >= entries.len() {
            return None;
        }
        let entry = entries.remove(at.entry);
        block.met = without_bit(block.met, at.entry);
        if entries.is_empty() {
            self.blocks_mut().remove(at.block);
        } else {
            block.put(&entries);
        }
        Some(entry)
    }

    /// Ends a listing: takes all marks off, and shows those entries that were not met to `judge`, which answers whether they
    /// stay. None of them is shown where `judge` is none.
    pub(super) fn take_met(&mut self, judge: Option<&mut dyn FnMut(&mut Entry) -> bool>) {
        let Some(blocks) = &mut self.0 else {
            return;
        };
        let Some(judge) = judge else {
            blocks.iter_mut().for_each(|block| block.met = 0);
            return;
        };
        blocks.retain_mut(|block| {
            let met = std::mem::take(&mut block.met);
            if met == low(block.entries.len()) {
                return true;
            }
            let before: Vec<Entry> = block.entries.iter().collect();
            let (mut after, mut at) = (before.clone(), 0);
            after.retain_mut(|entry| {
                let is_met = met >> at & 1 == 1;
                at += 1;
                is_met || judge(entry)
            });
            if after != before {
                block.put(&after);
            }
            !after.is_empty()
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> {
        self.blocks().iter().flat_map(|block| block.entries.iter())
    }

    /// The blocks as they are now.
    pub(super) fn freeze(&self) -> impl Iterator<Item = Packed> {
        self.blocks().iter().map(|block| block.entries.clone())
    }

    /// Bytes of memory that it takes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        let blocks = self.blocks().iter().map(|block| block.entries.memory());
        let room = self.0.as_ref().map_or(0, |blocks| {
            size_of::<Vec<Block>>() + blocks.capacity() * size_of::<Block>()
        });
        size_of::<Self>() + room + blocks.sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
