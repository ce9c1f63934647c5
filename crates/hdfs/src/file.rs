//! A file that is read anywhere: blocks of it are fetched ahead, and kept for a while.

use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hdfs_native::Client;
use hdfs_native::file::FileReader;
use millstream_waiting::{Blocks, ReadAhead, Reading};

use crate::cluster::{Cluster, Inner, ONE_TRANSFER, Status};
use crate::error::{HdfsError, Trouble};
use crate::name_nodes::ONE_REQUEST;
use crate::runtime::Waiting;

/// Bytes that are asked for at once.
const BLOCK: u64 = 2 << 20;
/// Blocks that are asked for before anybody wants them, where reading goes on from one to the next.
const AHEAD: u64 = 2;
/// How often a file is looked at again that changes while it is opened.
const LOOKS: usize = 8;

/// An open file. What is read is of the one that was there when it was opened, or an error.
#[derive(Debug)]
pub struct HdfsFile(ReadAhead<Opened>);

struct Opened {
    cluster: Cluster,
    path: String,
    status: Status,
    /// Knows where the blocks lie; `None`: that is to be asked again.
    reader: Mutex<Option<Arc<FileReader>>>,
}

impl std::fmt::Debug for Opened {
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
        let reading = Reading {
            size: status.size,
            block: BLOCK,
            ahead: AHEAD,
            at_once: false,
            kept,
        };
        let opened = Opened {
            cluster: cluster.clone(),
            path: path.to_owned(),
            status,
            reader: Mutex::new(Some(Arc::new(reader))),
        };
        Ok(Self(ReadAhead::new(opened, reading, None)))
    }

    /// What was opened. Its size is what could be read then: of a block that is being written nothing can.
    pub fn status(&self) -> &Status {
        &self.0.blocks().status
    }

    /// Reads at most as many bytes as there is room for, from `from` on; 0: behind the end.
    ///
    /// # Errors
    /// They can't be read. [`Trouble::Changed`]: another file has the name by now.
    pub fn read_at(&self, buffer: &mut [u8], from: u64) -> Result<usize, HdfsError> {
        self.0.read_at(buffer, from)
    }

    /// Bytes of the file, all of which must be there.
    ///
    /// # Errors
    /// Those of [`read_at`](Self::read_at), or it ends before.
    pub fn bytes(&self, from: u64, length: usize) -> Result<Bytes, HdfsError> {
        self.0.bytes(from, length)
    }

    /// Reads it from its first byte on.
    pub fn reader(&self) -> impl Read + '_ {
        self.0.reader()
    }
}

impl Opened {
    fn reader(&self) -> MutexGuard<'_, Option<Arc<FileReader>>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blocks for Opened {
    type Error = HdfsError;

    fn fetch(&self, from: u64, length: usize) -> Result<Waiting<Bytes>, HdfsError> {
        let mut known = self.reader();
        let reader = match &*known {
            Some(reader) => Arc::clone(reader),
            None => {
                let (status, reader) = self.cluster.open_reader(&self.path, self.status.size)?;
                if status.size < self.status.size || status.modified != self.status.modified {
                    return Err(changed());
                }
                Arc::clone(known.insert(Arc::new(reader)))
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
        // A DataNode that did not answer is asked for nothing more by this one.
        *self.reader() = None;
        match self.cluster.look(&self.path) {
            Ok(None) => HdfsError::new(
                Trouble::Absent,
                format!("there is no {} any more", self.path),
            ),
            Ok(Some(now)) if now.size < self.status.size => changed(),
            Ok(Some(_)) | Err(_) => error,
        }
    }

    fn ends(&self) -> HdfsError {
        let what = "the file ends before what was read of it";
        HdfsError::new(Trouble::Changed, what)
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
        let before = Status::of(&inner.info(path).await?);
        if before.is_directory {
            let what = format!("{path} is a directory");
            return Err(HdfsError::new(Trouble::Refused, what));
        }
        let read = |client: Client| {
            let path = path.to_owned();
            async move { client.read(&path).await }
        };
        let reader = inner.nodes.ask(read).await?;
        let after = Status::of(&inner.info(path).await?);
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
