//! An open file of a snapshot, wherever it lies.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::{ReadAt, of};

/// An open file, to be read from any place on. Clones read the same one, each from its own place.
#[derive(Debug, Clone)]
pub struct StateFile {
    file: Arc<dyn ReadAt>,
    at: u64,
}

impl StateFile {
    /// Opens the file at `path`, which lies on a disk or in a store. Nothing is known of its bytes.
    ///
    /// # Errors
    /// It is not there, or can't be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_as(path, None)
    }

    /// The same of one that is known to have this content.
    pub(crate) fn open_as(path: &Path, content: Option<&str>) -> io::Result<Self> {
        let file = of(path)?.open(path, content)?;
        Ok(Self { file, at: 0 })
    }

    /// Its length.
    pub fn size(&self) -> u64 {
        self.file.bytes()
    }

    /// What tells its content from another one under its name.
    pub(crate) fn content(&self) -> Option<String> {
        self.file.content()
    }
}

impl Read for StateFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for StateFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl Length for StateFile {
    fn len(&self) -> u64 {
        self.size()
    }
}

impl ChunkReader for StateFile {
    type T = BufReader<Self>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let mut reader = self.clone();
        reader.at = start;
        Ok(BufReader::new(reader))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut reader = self.clone();
        reader.at = start;
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}
