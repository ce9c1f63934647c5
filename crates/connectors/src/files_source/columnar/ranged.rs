//! The bytes of a file as those see them who read columns: any range of those that it had when it was found.

use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;

use crate::files_source::opened::Opened;
use crate::files_source::remote;

/// Bytes that are read at once where a reader takes them in small pieces.
const BUFFER: usize = 64 << 10;

/// An open file. Clones are of the same one.
#[derive(Debug, Clone)]
pub(super) struct Ranged {
    file: Arc<Opened>,
    size: u64,
    /// Why the disk did not give what was asked for. Libraries turn it into words.
    failed: Arc<Mutex<Option<io::Error>>>,
}

impl Ranged {
    pub(super) fn new(file: Opened, size: u64) -> Self {
        Self {
            file: Arc::new(file),
            size,
            failed: Arc::default(),
        }
    }

    pub(super) fn file(&self) -> &Opened {
        &self.file
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// What the disk did not give, if that is why reading failed.
    pub(super) fn take_failure(&self) -> Option<io::Error> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.take()
    }

    fn note(&self, error: io::Error) -> io::Error {
        let words = match error.raw_os_error() {
            Some(number) => io::Error::from_raw_os_error(number),
            None if remote::is_remote(&error) => io::Error::new(error.kind(), error.to_string()),
            None => return error,
        };
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert(error);
        words
    }

    /// Bytes of the file, all of which must be there.
    pub(super) fn bytes(&self, from: u64, length: u64) -> io::Result<Bytes> {
        let end = from.checked_add(length).filter(|end| *end <= self.size);
        // Before there is room for them: what a damaged file asks for may be any number.
        let length = usize::try_from(length).ok().filter(|_| end.is_some());
        let Some(length) = length else {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it ends before what it says it holds",
            ));
        };
        let read = self.file.range(from, length);
        read.map_err(|error| self.note(error))
    }

    fn from(&self, from: u64) -> BufReader<Slice> {
        let slice = Slice {
            file: self.clone(),
            at: from,
        };
        BufReader::with_capacity(BUFFER, slice)
    }
}

/// The bytes from a place on.
#[derive(Debug)]
pub(super) struct Slice {
    file: Ranged,
    at: u64,
}

impl Read for Slice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.size.saturating_sub(self.at);
        let wanted = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let length = self.file.file.read_at(buffer, self.at);
        let length = length.map_err(|error| self.file.note(error))?;
        self.at += length as u64;
        Ok(length)
    }
}

impl parquet::file::reader::Length for Ranged {
    fn len(&self) -> u64 {
        self.size
    }
}

impl parquet::file::reader::ChunkReader for Ranged {
    type T = BufReader<Slice>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(self.from(start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(self.bytes(start, length as u64)?)
    }
}

impl orc_rust::reader::ChunkReader for Ranged {
    type T = BufReader<Slice>;

    fn len(&self) -> u64 {
        self.size
    }

    fn get_read(&self, start: u64) -> io::Result<Self::T> {
        Ok(self.from(start))
    }

    fn get_bytes(&self, start: u64, length: u64) -> io::Result<Bytes> {
        self.bytes(start, length)
    }
}
