//! An object that is read like a file: blocks of it are fetched ahead, and kept for a while.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::error::{StoreError, Trouble};
use crate::runtime::Waiting;
use crate::store::{Object, Store};

/// Bytes of a block.
const BLOCK: u64 = 1 << 20;
/// Blocks that are asked for before anybody wants them, where reading goes on from one to the next.
const AHEAD: u64 = 4;

/// An open object. What is read is of the one that was there when it was opened, or an error.
#[derive(Debug)]
pub struct ObjectFile {
    store: Store,
    object: Object,
    /// Blocks that are kept at most.
    kept: usize,
    blocks: Mutex<Blocks>,
}

#[derive(Debug, Default)]
struct Blocks {
    /// The one that was used last at the end.
    ready: VecDeque<(u64, Bytes)>,
    coming: VecDeque<(u64, Waiting<(Object, Bytes)>)>,
    last: Option<u64>,
}

impl ObjectFile {
    /// Opens the object of a key, which had `size` bytes when it was found, and fetches its first block. `kept`: how many MiB of
    /// it may be kept to be read again.
    ///
    /// # Errors
    /// It is not there, or can't be read. [`Trouble::Changed`]: it has another size.
    pub fn open(store: &Store, key: &str, size: u64, kept: usize) -> Result<Self, StoreError> {
        let absent = || StoreError::new(Trouble::Absent, format!("there is no object {key}"));
        let mut blocks = Blocks::default();
        let object = if size == 0 {
            store.head(key)?.ok_or_else(absent)?
        } else {
            let (object, bytes) = store.read(key, 0..size.min(BLOCK), None).wait()?;
            blocks.ready.push_back((0, bytes));
            object
        };
        Ok(Self {
            store: store.clone(),
            object,
            kept: kept.max(1),
            blocks: Mutex::new(blocks),
        })
    }

    /// What was opened.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Reads at most as many bytes as there is room for, from `from` on; 0: behind the end.
    ///
    /// # Errors
    /// They can't be read. [`Trouble::Changed`]: another object has the key by now.
    pub fn read_at(&self, buffer: &mut [u8], from: u64) -> Result<usize, StoreError> {
        if from >= self.object.size || buffer.is_empty() {
            return Ok(0);
        }
        let block = self.block(from / BLOCK)?;
        let at = usize::try_from(from % BLOCK).unwrap_or(usize::MAX);
        let there = block.get(at..).unwrap_or_default();
        let length = there.len().min(buffer.len());
        if let (Some(target), Some(bytes)) = (buffer.get_mut(..length), there.get(..length)) {
            target.copy_from_slice(bytes);
        }
        Ok(length)
    }

    /// Bytes of the object, all of which must be there.
    ///
    /// # Errors
    /// Those of [`read_at`](Self::read_at), or it ends before.
    pub fn bytes(&self, from: u64, length: usize) -> Result<Bytes, StoreError> {
        let end = from.saturating_add(length as u64);
        let ends = || {
            StoreError::new(
                Trouble::Changed,
                "the object ends before what was read of it",
            )
        };
        if end > self.object.size {
            return Err(ends());
        }
        if length == 0 {
            return Ok(Bytes::new());
        }
        let (first, last) = (from / BLOCK, (end - 1) / BLOCK);
        if first != last && !self.has(first..=last) {
            // Asked for as it is: pages of columns seldom end with blocks.
            let etag = self.object.etag.as_deref();
            let read = self.store.read(&self.object.key, from..end, etag);
            let (_, bytes) = read.wait()?;
            return if bytes.len() == length {
                Ok(bytes)
            } else {
                Err(ends())
            };
        }
        let mut bytes = vec![0; length];
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, from + at as u64)? {
                0 => return Err(ends()),
                read => at += read,
            }
        }
        Ok(bytes.into())
    }

    /// Whether all of these blocks are there.
    fn has(&self, mut numbers: std::ops::RangeInclusive<u64>) -> bool {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.all(|number| blocks.ready.iter().any(|(there, _)| *there == number))
    }

    fn block(&self, number: u64) -> Result<Bytes, StoreError> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        // Who may read anywhere does not begin at the beginning.
        let is_first = number == 0 && self.kept < AHEAD as usize;
        let goes_on = blocks.last.map_or(is_first, |last| number == last + 1);
        let is_same = blocks.last == Some(number);
        blocks.last = Some(number);
        if goes_on {
            self.fetch_ahead(&mut blocks, number);
        } else if !is_same {
            // What was asked for ahead is not wanted by who reads elsewhere.
            blocks.coming.retain(|(coming, _)| *coming == number);
        }
        let place = blocks.ready.iter().position(|(there, _)| *there == number);
        if let Some(found) = place.and_then(|place| blocks.ready.remove(place)) {
            let bytes = found.1.clone();
            blocks.ready.push_back(found);
            return Ok(bytes);
        }
        let place = blocks
            .coming
            .iter()
            .position(|(coming, _)| *coming == number);
        let coming = place.and_then(|place| blocks.coming.remove(place));
        let waiting = match coming {
            Some((_, waiting)) => waiting,
            None => self.fetch(number),
        };
        let (_, bytes) = waiting.wait()?;
        blocks.ready.push_back((number, bytes.clone()));
        while blocks.ready.len() > self.kept {
            blocks.ready.pop_front();
        }
        Ok(bytes)
    }

    fn fetch_ahead(&self, blocks: &mut Blocks, number: u64) {
        for next in number + 1..=number + AHEAD {
            let is_there = blocks.ready.iter().any(|(there, _)| *there == next)
                || blocks.coming.iter().any(|(coming, _)| *coming == next);
            if !is_there && next * BLOCK < self.object.size {
                blocks.coming.push_back((next, self.fetch(next)));
            }
        }
    }

    /// Reads it from its first byte on.
    pub fn reader(&self) -> impl Read + '_ {
        Reader { file: self, at: 0 }
    }

    fn fetch(&self, number: u64) -> Waiting<(Object, Bytes)> {
        let from = number * BLOCK;
        let end = (from + BLOCK).min(self.object.size);
        let etag = self.object.etag.as_deref();
        self.store.read(&self.object.key, from..end, etag)
    }
}

struct Reader<'a> {
    file: &'a ObjectFile,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}
