//! An object that is read like a file: blocks of it are fetched ahead, and kept for a while.

use std::io::Read;

use bytes::Bytes;
use millstream_waiting::{Blocks, ReadAhead, Reading};

use crate::error::{StoreError, Trouble};
use crate::store::{Object, Store, Waiting};

/// Bytes of a block.
const BLOCK: u64 = 1 << 20;
/// Blocks that are asked for before anybody wants them, where reading goes on from one to the next.
const AHEAD: u64 = 4;

/// An open object. What is read is of the one that was there when it was opened, or an error.
#[derive(Debug)]
pub struct ObjectFile(ReadAhead<Opened>);

#[derive(Debug)]
struct Opened {
    store: Store,
    object: Object,
}

impl ObjectFile {
    /// Opens the object of a key, which had `size` bytes when it was found, and fetches its first block. `kept`: how many MiB of
    /// it may be kept to be read again.
    ///
    /// # Errors
    /// It is not there, or can't be read. [`Trouble::Changed`]: it has another size.
    pub fn open(store: &Store, key: &str, size: u64, kept: usize) -> Result<Self, StoreError> {
        let absent = || StoreError::new(Trouble::Absent, format!("there is no object {key}"));
        let (object, first) = if size == 0 {
            (store.head(key)?.ok_or_else(absent)?, None)
        } else {
            let (object, bytes) = store.read(key, 0..size.min(BLOCK)).wait()?;
            (object, Some(bytes))
        };
        let reading = Reading {
            size: object.size,
            block: BLOCK,
            ahead: AHEAD,
            // Who may read anywhere does not begin at the beginning.
            at_once: kept < AHEAD as usize,
            kept,
        };
        let opened = Opened {
            store: store.clone(),
            object,
        };
        Ok(Self(ReadAhead::new(opened, reading, first)))
    }

    /// What was opened.
    pub fn object(&self) -> &Object {
        &self.0.blocks().object
    }

    /// Reads at most as many bytes as there is room for, from `from` on; 0: behind the end.
    ///
    /// # Errors
    /// They can't be read. [`Trouble::Changed`]: another object has the key by now.
    pub fn read_at(&self, buffer: &mut [u8], from: u64) -> Result<usize, StoreError> {
        self.0.read_at(buffer, from)
    }

    /// Bytes of the object, all of which must be there.
    ///
    /// # Errors
    /// Those of [`read_at`](Self::read_at), or it ends before.
    pub fn bytes(&self, from: u64, length: usize) -> Result<Bytes, StoreError> {
        self.0.bytes(from, length)
    }

    /// Reads it from its first byte on.
    pub fn reader(&self) -> impl Read + '_ {
        self.0.reader()
    }
}

impl Blocks for Opened {
    type Error = StoreError;

    fn fetch(&self, from: u64, length: usize) -> Result<Waiting<Bytes>, StoreError> {
        Ok(self.store.read_of(&self.object, from, length))
    }

    fn ends(&self) -> StoreError {
        StoreError::ends()
    }
}
