//! Where the thread of a writer writes: into a directory of this machine, an object store or HDFS.

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::Committable;

use super::files::Files;
use super::hdfs::HdfsFiles;
use super::names::Partition;
use super::objects::Uploads;
use super::waits::Tried;

/// A place to write to.
pub(super) enum Output {
    /// A directory of this machine.
    Files(Box<Files>),
    /// An object store.
    Objects(Box<Uploads>),
    /// A directory of HDFS.
    Hdfs(Box<HdfsFiles>),
}

impl Output {
    /// Appends to the present file of a partition, all or nothing.
    pub(super) fn write(&mut self, partition: &Partition, bytes: &[u8]) -> Result<Tried<()>> {
        match self {
            Self::Files(files) => files.write(partition, bytes),
            Self::Objects(uploads) => uploads.write(partition, bytes).map(Tried::Done),
            Self::Hdfs(files) => files.write(partition, bytes),
        }
    }

    /// Ends the present file of a partition.
    pub(super) fn end(&mut self, partition: &Partition) -> Result<()> {
        match self {
            Self::Files(files) => files.end(partition),
            Self::Objects(uploads) => uploads.end(partition),
            Self::Hdfs(files) => files.end(partition),
        }
    }

    /// Makes everything that has ended durable, under names that tell the checkpoint.
    pub(super) fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Tried<Vec<Committable>>> {
        match self {
            Self::Files(files) => files.prepare(checkpoint),
            Self::Objects(uploads) => uploads.prepare().map(Tried::Done),
            Self::Hdfs(files) => files.prepare(checkpoint).map(Tried::Done),
        }
    }

    /// Removes what was never prepared.
    pub(super) fn abandon(&mut self) {
        match self {
            Self::Files(files) => files.abandon(),
            Self::Objects(uploads) => uploads.abandon(),
            Self::Hdfs(files) => files.abandon(),
        }
    }
}
