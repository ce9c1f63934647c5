//! A file that is read anywhere: blocks of it are fetched ahead, and kept for a while.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hdfs_native::file::FileReader;

use crate::cluster::{Cluster, Inner, ONE_REQUEST, ONE_TRANSFER, Status};
use crate::error::{HdfsError, Trouble};
use crate::runtime::Waiting;

/// Bytes that are asked for at once.
const BLOCK: u64 = 2 << 20;
/// Blocks that are asked for before anybody wants them, where reading goes on from one to the next.
const AHEAD: u64 = 2;
/// How often a file is looked at again that changes while it is opened.
const LOOKS: usize = 8;

/// An open file. What is read is of the one that was there when it was opened, or an error.
pub struct HdfsFile {
    cluster: Cluster,
    path: String,
    status: Status,
    /// Blocks that are kept at most.
    kept: usize,
    blocks: Mutex<Blocks>,
}

struct Blocks {
    /// Knows where the blocks lie; `None`: that is to be asked again.
    reader: Option<Arc<FileReader>>,
    /// The one that was used last at the end.
    ready: VecDeque<(u64, Bytes)>,
    coming: VecDeque<(u64, Waiting<Bytes>)>,
    last: Option<u64>,
}

impl std::fmt::Debug for HdfsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}{}", self.cluster, self.path)
    }
}

impl HdfsFile {
    /// Opens a file, of which `least` bytes are wanted. `kept`: how many blocks of 2 MiB of it may be kept to be read again.
    ///
    /// # Errors
    /// It is not there, is a directory, or can't be read. [`Trouble::Unreachable`]: it has as many bytes, and somebody is adding to
    /// the block in which they lie.
    pub fn open(cluster: &Cluster, path: &str, least: u64, kept: usize) -> Result<Self, HdfsError> {
        let (status, reader) = cluster.open_reader(path, least)?;
        Ok(Self {
            cluster: cluster.clone(),
            path: path.to_owned(),
            status,
            kept: kept.max(1),
            blocks: Mutex::new(Blocks {
                reader: Some(Arc::new(reader)),
                ready: VecDeque::new(),
                coming: VecDeque::new(),
                last: None,
            }),
        })
    }

    /// What was opened. Its size is what could be read then: of a block that is being written nothing can.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Reads at most as many bytes as there is room for, from `from` on; 0: behind the end.
    ///
    /// # Errors
    /// They can't be read. [`Trouble::Changed`]: another file has the name by now.
    pub fn read_at(&self, buffer: &mut [u8], from: u64) -> Result<usize, HdfsError> {
        if from >= self.status.size || buffer.is_empty() {
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

    /// Bytes of the file, all of which must be there.
    ///
    /// # Errors
    /// Those of [`read_at`](Self::read_at), or it ends before.
    pub fn bytes(&self, from: u64, length: usize) -> Result<Bytes, HdfsError> {
        let end = from.saturating_add(length as u64);
        if end > self.status.size {
            let what = "the file ends before what was read of it";
            return Err(HdfsError::new(Trouble::Changed, what));
        }
        if length == 0 {
            return Ok(Bytes::new());
        }
        if from / BLOCK != (end - 1) / BLOCK {
            // Asked for as it is: pages of columns seldom end with blocks.
            let mut blocks = self.blocks();
            let fetched = self.fetch(&mut blocks, from, length)?;
            drop(blocks);
            return fetched.wait().map_err(|error| self.judge(error));
        }
        let mut bytes = vec![0; length];
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, from + at as u64)? {
                0 => break,
                read => at += read,
            }
        }
        Ok(bytes.into())
    }

    /// Reads it from its first byte on.
    pub fn reader(&self) -> impl Read + '_ {
        Reader { file: self, at: 0 }
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn block(&self, number: u64) -> Result<Bytes, HdfsError> {
        let mut blocks = self.blocks();
        let goes_on = blocks.last.is_some_and(|last| number == last + 1);
        let is_same = blocks.last == Some(number);
        blocks.last = Some(number);
        if goes_on {
            self.fetch_ahead(&mut blocks, number)?;
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
        let is_it = |(coming, _): &(u64, _)| *coming == number;
        let place = blocks.coming.iter().position(is_it);
        let coming = place.and_then(|place| blocks.coming.remove(place));
        let waiting = match coming {
            Some((_, waiting)) => waiting,
            None => self.fetch_block(&mut blocks, number)?,
        };
        match waiting.wait() {
            Ok(bytes) => {
                blocks.ready.push_back((number, bytes.clone()));
                while blocks.ready.len() > self.kept {
                    blocks.ready.pop_front();
                }
                Ok(bytes)
            }
            Err(error) => {
                // A DataNode that did not answer is asked for nothing more by this one.
                blocks.reader = None;
                blocks.coming.clear();
                drop(blocks);
                Err(self.judge(error))
            }
        }
    }

    fn fetch_ahead(&self, blocks: &mut Blocks, number: u64) -> Result<(), HdfsError> {
        for next in number + 1..=number + AHEAD {
            let is_there = blocks.ready.iter().any(|(there, _)| *there == next)
                || blocks.coming.iter().any(|(coming, _)| *coming == next);
            if !is_there && next * BLOCK < self.status.size {
                let fetched = self.fetch_block(blocks, next)?;
                blocks.coming.push_back((next, fetched));
            }
        }
        Ok(())
    }

    fn fetch_block(&self, blocks: &mut Blocks, number: u64) -> Result<Waiting<Bytes>, HdfsError> {
        let from = number * BLOCK;
        let length = BLOCK.min(self.status.size - from);
        self.fetch(blocks, from, usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn fetch(
        &self,
        blocks: &mut Blocks,
        from: u64,
        length: usize,
    ) -> Result<Waiting<Bytes>, HdfsError> {
        let reader = match &blocks.reader {
            Some(reader) => Arc::clone(reader),
            None => {
                let (status, reader) = self.cluster.open_reader(&self.path, self.status.size)?;
                if status.size < self.status.size || status.modified != self.status.modified {
                    return Err(changed());
                }
                Arc::clone(blocks.reader.insert(Arc::new(reader)))
            }
        };
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(self.cluster.0.runtime.begin(ONE_TRANSFER, async move {
            let bytes = reader.read_range(from, length).await?;
            if bytes.len() != length {
                let what = "fewer bytes came than the file has";
                return Err(HdfsError::new(Trouble::Unreachable, what));
            }
            Ok(bytes)
        }))
    }

    /// What it means that bytes did not come: their blocks go when the file goes.
    fn judge(&self, error: HdfsError) -> HdfsError {
        match self.cluster.look(&self.path) {
            Ok(None) => HdfsError::new(
                Trouble::Absent,
                format!("there is no {} any more", self.path),
            ),
            Ok(Some(now)) if now.size < self.status.size => changed(),
            Ok(Some(_)) | Err(_) => error,
        }
    }
}

fn changed() -> HdfsError {
    let what = "another file has taken the place of the one that was read";
    HdfsError::new(Trouble::Changed, what)
}

impl Cluster {
    /// What a file is, with as many bytes as can be read, and who reads it.
    fn open_reader(&self, path: &str, least: u64) -> Result<(Status, FileReader), HdfsError> {
        let (inner, path) = (Arc::clone(&self.0), path.to_owned());
        self.0
            .runtime
            .wait(ONE_REQUEST, async move { open(&inner, &path, least).await })
    }
}

async fn open(inner: &Inner, path: &str, least: u64) -> Result<(Status, FileReader), HdfsError> {
    for _ in 0..LOOKS {
        let before = Status::of(&inner.client.get_file_info(path).await?);
        if before.is_directory {
            let what = format!("{path} is a directory");
            return Err(HdfsError::new(Trouble::Refused, what));
        }
        let reader = inner.client.read(path).await?;
        let after = Status::of(&inner.client.get_file_info(path).await?);
        // That it is read may be noted at it.
        if before.size == after.size && before.modified == after.modified {
            let size = after.size.min(reader.file_length() as u64);
            if size < least && after.size >= least {
                let what = "somebody is adding to its last block, which can't be read now";
                return Err(HdfsError::new(Trouble::Unreachable, what));
            }
            return Ok((Status { size, ..after }, reader));
        }
    }
    let what = format!("{path} changes all the time");
    Err(HdfsError::new(Trouble::Changed, what))
}

struct Reader<'a> {
    file: &'a HdfsFile,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}
