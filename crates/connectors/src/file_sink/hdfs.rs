//! Files in HDFS. They go the way of files on disks, by the same hidden names, and with four differences:
//!
//! - A cluster that takes nothing now (all DataNodes are full, safe mode, a quota, no NameNode) is waited for where a file begins: it
//!   has nothing yet that could be lost.
//! - A file is closed when it ends, which takes the cluster half a second and more: many are closed side by side, and a prepare
//!   waits for all of them.
//! - There are no locks of the operating system. What a run may remove is told by lineage alone. A file that is removed while
//!   somebody writes it is lost to him: his lease ends with it, so what is left of a writer that does not know that it is dead
//!   can neither write nor prepare it.
//! - A directory has no identity besides its name. Output is lost only if its directory is there.

mod commit;
mod leftovers;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::Committable;
use millstream_hdfs::{Cluster, Clusters, HdfsError, HdfsUrl, HdfsWriter, Trouble, Waiting};

use super::destination::Wrote;
use super::names::{Names, Partition};
use super::no_directory;
use super::prepared::PreparedFile;
use super::waits::Tried;

pub(super) use commit::HdfsPlaces;
pub(super) use leftovers::remove_in_hdfs;

/// Files of one writer that are being closed at a time.
const CLOSING: usize = 32;

/// The files of one writer that are not prepared yet.
pub(super) struct HdfsFiles {
    cluster: Cluster,
    url: HdfsUrl,
    names: Names,
    present: BTreeMap<Partition, Present>,
    closing: VecDeque<(Ended, Waiting<()>)>,
    ended: Vec<Ended>,
    /// The number of the next file that is made.
    number: u64,
}

/// A hidden file that is being written.
struct Present {
    writer: HdfsWriter,
    number: u64,
}

/// A file that is complete.
struct Ended {
    partition: Partition,
    number: u64,
    bytes: u64,
}

impl HdfsFiles {
    /// Of a writer in a directory that is there. No file is made before there is something to write.
    pub(super) fn new(cluster: Cluster, url: HdfsUrl, names: Names) -> Self {
        Self {
            cluster,
            url,
            names,
            present: BTreeMap::new(),
            closing: VecDeque::new(),
            ended: Vec::new(),
            number: 0,
        }
    }

    /// Appends to the present file of a partition, which is made if there is none. What it is to be asked for later again is not
    /// written at all.
    ///
    /// # Errors
    /// The cluster does not take it.
    pub(super) fn write(&mut self, partition: &Partition, bytes: &[u8]) -> Result<Tried<()>> {
        let Some(present) = self.present.get_mut(partition) else {
            return self.begin(partition, bytes);
        };
        let number = present.number;
        let written = present.writer.write(Bytes::copy_from_slice(bytes));
        let written = written.map_err(|error| hdfs_error("write", &self.path(number), &error));
        written.map(Tried::Done)
    }

    /// Makes a file of its first bytes, with which it gets its first block.
    fn begin(&mut self, partition: &Partition, bytes: &[u8]) -> Result<Tried<()>> {
        let (mut present, path) = loop {
            let number = self.number;
            self.number += 1;
            let path = self.path(number);
            match self.cluster.create(path.path()) {
                Ok(writer) => break (Present { writer, number }, path),
                Err(error) if error.trouble() == Trouble::Exists => {}
                Err(error) => return self.later("create", &path, &error),
            }
        };
        if let Err(error) = present.writer.write(Bytes::copy_from_slice(bytes)) {
            drop(present);
            // What can't be removed either is left behind: whoever goes on from this attempt removes it.
            drop(self.cluster.remove(path.path()));
            return self.later("write", &path, &error);
        }
        self.present.insert(Arc::clone(partition), present);
        Ok(Tried::Done(()))
    }

    /// Why a file can't be begun now, or the error of one that never can be.
    fn later(&self, doing: &str, path: &HdfsUrl, error: &HdfsError) -> Result<Tried<()>> {
        if !matches!(error.trouble(), Trouble::Unreachable | Trouble::Full) {
            return Err(hdfs_error(doing, path, error));
        }
        let (url, next) = (&self.url, error.next_step());
        Ok(Tried::Later(format!(
            "nothing can be written to {url} now: {error}; {next}"
        )))
    }

    /// Where the file with this number lies until it is prepared.
    fn path(&self, number: u64) -> HdfsUrl {
        self.url.join(&self.names.in_progress(number))
    }

    /// Ends the present file of a partition.
    ///
    /// # Errors
    /// One that ended before can't be closed.
    pub(super) fn end(&mut self, partition: &Partition) -> Result<()> {
        if let Some(present) = self.present.remove(partition) {
            let ended = Ended {
                partition: Arc::clone(partition),
                number: present.number,
                bytes: present.writer.bytes(),
            };
            self.closing.push_back((ended, present.writer.close()));
        }
        while self.closing.len() > CLOSING {
            self.settle_one()?;
        }
        Ok(())
    }

    /// Waits for the first file that is being closed.
    fn settle_one(&mut self) -> Result<()> {
        let Some((ended, closing)) = self.closing.pop_front() else {
            return Ok(());
        };
        let path = self.path(ended.number);
        self.ended.push(ended);
        let closed = closing.wait();
        closed.map_err(|error| hdfs_error("close", &path, &error))
    }

    /// Gives all files that have ended their prepared names.
    ///
    /// # Errors
    /// They can't be closed or renamed.
    pub(super) fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Vec<Committable>> {
        while !self.closing.is_empty() {
            self.settle_one()?;
        }
        let mut committables = Vec::with_capacity(self.ended.len());
        let mut number = 0;
        for ended in &self.ended {
            let prepared = self.name_prepared(ended, checkpoint, &mut number)?;
            committables.push(prepared.committable());
        }
        self.ended.clear();
        Ok(committables)
    }

    /// Renames a file to the first prepared name that is free, from `number` on, and whose visible name is free too.
    fn name_prepared(
        &self,
        ended: &Ended,
        checkpoint: CheckpointId,
        number: &mut u64,
    ) -> Result<PreparedFile> {
        let mut from = self.path(ended.number);
        loop {
            let (hidden, visible) = self.names.prepared(checkpoint, *number);
            *number += 1;
            let to = self.url.join(&hidden);
            let failed = |error: HdfsError| hdfs_error("rename to", &to, &error);
            match self.cluster.rename_new(from.path(), to.path()) {
                Err(error) if error.trouble() == Trouble::Exists => continue,
                renamed => renamed.map_err(failed)?,
            }
            let partition = &ended.partition;
            let file = PreparedFile::in_hdfs(&self.url, partition, hidden, visible, ended.bytes);
            // Looked at only now: whoever had the prepared name before may have been committed.
            let shown = self.url.join(&file.shown());
            if self.cluster.look(shown.path()).map_err(failed)?.is_none() {
                return Ok(file);
            }
            from = to;
        }
    }

    /// Removes what was never prepared.
    pub(super) fn abandon(&mut self) {
        let present = std::mem::take(&mut self.present).into_values();
        let closing = std::mem::take(&mut self.closing).into_iter();
        let ended = std::mem::take(&mut self.ended).into_iter();
        let numbers: Vec<u64> = present
            .map(|present| present.number)
            .chain(closing.map(|(ended, _)| ended.number))
            .chain(ended.map(|ended| ended.number))
            .collect();
        for path in numbers.into_iter().map(|number| self.path(number)) {
            if let Err(error) = self.cluster.remove(path.path()) {
                // The next attempt removes it.
                tracing::debug!("{path} can't be removed: {error}");
                return;
            }
        }
    }
}

/// The cluster of a directory, which is made if the job has not written there before.
///
/// # Errors
/// It can't be made, or is not there any more.
pub(super) fn open(clusters: Option<&Clusters>, url: &HdfsUrl, wrote: Wrote) -> Result<Cluster> {
    let Some(clusters) = clusters else {
        let message = format!("{url} lies in HDFS, and the sink has no settings of any");
        return Err(
            Error::new(&codes::SINK_WRITE, message).next("give it some: FileSink::clusters")
        );
    };
    let begins = wrote == Wrote::Never;
    let failed = |doing: &str, error: &HdfsError| match begins && error.is_for_people() {
        true => no_directory::refused(url, error, error.next_step()),
        false => hdfs_error(doing, url, error),
    };
    let unopened = |error: HdfsError| failed("open the directory", &error);
    let cluster = clusters.open(url).map_err(unopened)?;
    match cluster.look(url.path()).map_err(unopened)? {
        Some(found) if found.is_directory => Ok(cluster),
        Some(_) => {
            let message =
                format!("{url} is a file and no directory, so no output can be written there");
            Err(match begins {
                true => no_directory::at_once(message),
                false => no_directory::later(message),
            })
        }
        None if wrote == Wrote::Before => {
            let message = format!("there is no directory {url} any more");
            Err(Error::new(&codes::SINK_WRITE, message)
                .next("bring it back; if it is gone for good, make an empty one"))
        }
        None => {
            let made = cluster.make_directory(url.path());
            made.map_err(|error| failed("make the directory", &error))?;
            Ok(cluster)
        }
    }
}

/// Refuses to begin in a directory in which the user may not make files: one that nobody sees is made and removed. What else keeps it
/// from being made is waited for where files begin.
///
/// # Errors
/// He may not.
pub(super) fn check_rights(cluster: &Cluster, url: &HdfsUrl, names: &Names) -> Result<()> {
    // No file of the writer ever has this name: a removal that comes late takes nothing of it.
    let probe = url.join(&names.in_progress(u64::MAX));
    let made = cluster.put(probe.path(), Bytes::new(), true).wait();
    match made.and_then(|()| cluster.remove(probe.path())) {
        Err(error) if error.is_for_people() => {
            Err(no_directory::refused(url, &error, error.next_step()))
        }
        Err(error) => {
            tracing::debug!("whether files can be made in {url} is not known yet: {error}");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

/// A file of HDFS can't be written, closed or renamed.
pub(super) fn hdfs_error(doing: &str, url: &HdfsUrl, error: &HdfsError) -> Error {
    Error::new(&codes::SINK_WRITE, format!("can't {doing} {url}"))
        .cause(error)
        .next(error.next_step())
}
