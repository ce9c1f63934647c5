//! Reading a file by blocks that are fetched ahead, and kept for a while.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::runtime::{Failure, Waiting};

/// Where the bytes of a file come from.
pub trait Blocks {
    /// What may go wrong.
    type Error: Failure;

    /// Begins to fetch bytes. What comes has that length, or is an error.
    ///
    /// # Errors
    /// It can't be begun.
    fn fetch(&self, from: u64, length: usize) -> Result<Waiting<Bytes, Self::Error>, Self::Error>;

    /// What it means that bytes did not come.
    fn judge(&self, error: Self::Error) -> Self::Error {
        error
    }

    /// The error of a file that ends before what is wanted of it.
    fn ends(&self) -> Self::Error;
}

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Bytes of the file.
    pub size: u64,
    /// Bytes of a block.
    pub block: u64,
    /// Blocks that are asked for before anybody wants them, where reading goes on from one to the next.
    pub ahead: u64,
    /// Whether that is so from the first block on.
    pub at_once: bool,
    /// Blocks that are kept at most to be read again.
    pub kept: usize,
}

/// A file that is read anywhere.
#[derive(Debug)]
pub struct ReadAhead<B: Blocks> {
    blocks: B,
    reading: Reading,
    held: Mutex<Held<B::Error>>,
}

#[derive(Debug)]
struct Held<E> {
    /// The one that was used last at the end.
    ready: VecDeque<(u64, Bytes)>,
    coming: VecDeque<(u64, Waiting<Bytes, E>)>,
    last: Option<u64>,
}

impl<B: Blocks> ReadAhead<B> {
    /// Reads by these blocks, the first of which may be there.
    pub fn new(blocks: B, reading: Reading, first: Option<Bytes>) -> Self {
        Self {
            blocks,
            reading: Reading {
                kept: reading.kept.max(1),
                ..reading
            },
            held: Mutex::new(Held {
                ready: first.map(|bytes| (0, bytes)).into_iter().collect(),
                coming: VecDeque::new(),
                last: None,
            }),
        }
    }

    /// Where the bytes come from.
    pub fn blocks(&self) -> &B {
        &self.blocks
    }

    /// Reads at most as many bytes as there is room for, from `from` on; 0: behind the end.
    ///
    /// # Errors
    /// They can't be read.
    pub fn read_at(&self, buffer: &mut [u8], from: u64) -> Result<usize, B::Error> {
        if from >= self.reading.size || buffer.is_empty() {
            return Ok(0);
        }
        let block = self.block(from / self.reading.block)?;
        let at = usize::try_from(from % self.reading.block).unwrap_or(usize::MAX);
        let there = block.get(at..).unwrap_or_default();
        let length = there.len().min(buffer.len());
        if let (Some(target), Some(bytes)) = (buffer.get_mut(..length), there.get(..length)) {
            target.copy_from_slice(bytes);
        }
        Ok(length)
    }

    /// Bytes of the file, all of which must be there.
    ///
    /// # Errors
    /// Those of [`read_at`](Self::read_at), or it ends before.
    pub fn bytes(&self, from: u64, length: usize) -> Result<Bytes, B::Error> {
        let end = from.saturating_add(length as u64);
        if end > self.reading.size {
            return Err(self.blocks.ends());
        }
        if length == 0 {
            return Ok(Bytes::new());
        }
        let (first, last) = (from / self.reading.block, (end - 1) / self.reading.block);
        if first != last && !self.has(first..=last) {
            // Asked for as it is: pages of columns seldom end with blocks.
            let fetched = self.blocks.fetch(from, length)?;
            return fetched.wait().map_err(|error| self.blocks.judge(error));
        }
        let mut bytes = vec![0; length];
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, from + at as u64)? {
                0 => return Err(self.blocks.ends()),
                read => at += read,
            }
        }
        Ok(bytes.into())
    }

    fn held(&self) -> MutexGuard<'_, Held<B::Error>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all of these blocks are there.
    fn has(&self, mut numbers: RangeInclusive<u64>) -> bool {
        let held = self.held();
        numbers.all(|number| held.is_ready(number))
    }

    fn block(&self, number: u64) -> Result<Bytes, B::Error> {
        let mut held = self.held();
        // Who may read anywhere does not begin at the beginning.
        let is_first = number == 0 && self.reading.at_once;
        let goes_on = held.last.map_or(is_first, |last| number == last + 1);
        let is_same = held.last == Some(number);
        held.last = Some(number);
        if goes_on {
            self.fetch_ahead(&mut held, number)?;
        } else if !is_same {
            // What was asked for ahead is not wanted by who reads elsewhere.
            held.coming.retain(|(coming, _)| *coming == number);
        }
        if let Some(bytes) = held.again(number) {
            return Ok(bytes);
        }
        let waiting = match held.take_coming(number) {
            Some(waiting) => waiting,
            None => self.fetch_block(number)?,
        };
        match waiting.wait() {
            Ok(bytes) => {
                held.ready.push_back((number, bytes.clone()));
                while held.ready.len() > self.reading.kept {
                    held.ready.pop_front();
                }
                Ok(bytes)
            }
            Err(error) => {
                // Others were asked for in the same way.
                held.coming.clear();
                drop(held);
                Err(self.blocks.judge(error))
            }
        }
    }

    fn fetch_ahead(&self, held: &mut Held<B::Error>, number: u64) -> Result<(), B::Error> {
        for next in number + 1..=number + self.reading.ahead {
            let is_there = held.is_ready(next) || held.is_coming(next);
            if !is_there && next * self.reading.block < self.reading.size {
                let fetched = self.fetch_block(next)?;
                held.coming.push_back((next, fetched));
            }
        }
        Ok(())
    }

    fn fetch_block(&self, number: u64) -> Result<Waiting<Bytes, B::Error>, B::Error> {
        let from = number * self.reading.block;
        let length = self.reading.block.min(self.reading.size - from);
        self.blocks
            .fetch(from, usize::try_from(length).unwrap_or(usize::MAX))
    }
}

impl<B: Blocks> ReadAhead<B>
where
    io::Error: From<B::Error>,
{
    /// Reads it from its first byte on.
    pub fn reader(&self) -> impl Read + '_ {
        Reader { file: self, at: 0 }
    }
}

impl<E> Held<E> {
    fn is_ready(&self, number: u64) -> bool {
        self.ready.iter().any(|(there, _)| *there == number)
    }

    fn is_coming(&self, number: u64) -> bool {
        self.coming.iter().any(|(coming, _)| *coming == number)
    }

    /// A block that is there, which has been used last now.
    fn again(&mut self, number: u64) -> Option<Bytes> {
        let place = self.ready.iter().position(|(there, _)| *there == number)?;
        let found = self.ready.remove(place)?;
        let bytes = found.1.clone();
        self.ready.push_back(found);
        Some(bytes)
    }

    fn take_coming(&mut self, number: u64) -> Option<Waiting<Bytes, E>> {
        let mut coming = self.coming.iter();
        let place = coming.position(|(coming, _)| *coming == number)?;
        self.coming.remove(place).map(|(_, waiting)| waiting)
    }
}

struct Reader<'a, B: Blocks> {
    file: &'a ReadAhead<B>,
    at: u64,
}

impl<B: Blocks> Read for Reader<'_, B>
where
    io::Error: From<B::Error>,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests;
