//! A file that is written.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hdfs_native::file::FileWriter;
use hdfs_native::{HdfsError as Native, WriteOptions};

use crate::cluster::{Cluster, Inner, ONE_TRANSFER, Status};
use crate::error::{HdfsError, Trouble};
use crate::name_nodes::{Asked, ONE_REQUEST, Undone};
use crate::runtime::Waiting;

/// What closing a file takes at most: the NameNode waits for reports of DataNodes.
const CLOSING: Duration = Duration::from_secs(180);
/// How often the NameNode is asked whether a file is closed by now.
const LOOKS: u32 = 60;
/// Between two of these looks.
const PAUSE: Duration = Duration::from_secs(1);
/// After this time it is looked for the first time whether DataNodes have reported the last block of a file that is being closed;
/// each time behind it is twice as long as the one before.
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// The client itself asks again after half a second.
const LAST_LOOK: Duration = Duration::from_millis(320);

/// A file that is open for writing. It is seen under its name at once, and has its length when it is
/// [closed](HdfsWriter::close). Dropped before that, it stays open until somebody removes it, or the cluster closes it.
pub struct HdfsWriter {
    cluster: Cluster,
    path: String,
    /// `None`: it has failed.
    begun: Option<Begun>,
    bytes: u64,
}

/// What writes a file, and the client that it is of.
struct Begun {
    writer: FileWriter,
    asked: Asked,
}

impl Begun {
    async fn new(inner: &Inner, path: &str, options: WriteOptions) -> Result<Self, HdfsError> {
        let asked = inner.nodes.asked();
        let made = asked.client.create(path, options);
        let writer = inner.nodes.within(&asked, made).await?;
        Ok(Self { writer, asked })
    }

    async fn write(&mut self, inner: &Inner, bytes: Bytes) -> Result<(), HdfsError> {
        let written = self.writer.write_bytes(bytes);
        Box::pin(inner.nodes.unless_left(&self.asked, written)).await?;
        Ok(())
    }
}

impl Cluster {
    /// Makes a file, in a directory that is there.
    ///
    /// # Errors
    /// There is one of that name ([`Trouble::Exists`]), or it can't be made.
    pub fn create(&self, path: &str) -> Result<HdfsWriter, HdfsError> {
        let (inner, file) = (Arc::clone(&self.0), path.to_owned());
        let options = self.0.new_files.clone()?.create_parent(false);
        let begun = self.0.runtime.wait(ONE_REQUEST, async move {
            Begun::new(&inner, &file, options).await
        })?;
        Ok(HdfsWriter {
            cluster: self.clone(),
            path: path.to_owned(),
            begun: Some(begun),
            bytes: 0,
        })
    }
}

impl HdfsWriter {
    /// Appends bytes.
    ///
    /// # Errors
    /// The DataNodes do not take them. What follows is not written any more.
    pub fn write(&mut self, bytes: Bytes) -> Result<(), HdfsError> {
        let mut begun = self.begun.take().ok_or_else(failed_before)?;
        let length = bytes.len() as u64;
        let inner = Arc::clone(&self.cluster.0);
        let begun = self.cluster.0.runtime.wait(ONE_TRANSFER, async move {
            begun.write(&inner, bytes).await?;
            Ok(begun)
        })?;
        self.begun = Some(begun);
        self.bytes += length;
        Ok(())
    }

    /// Bytes that were appended.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Has what was written brought to disks of the DataNodes, and closes the file. Both take a while, sometimes half a second:
    /// what is answered is to be waited for.
    ///
    /// Where the cluster does not say whether the file is closed, that is looked up. One that is closed and has not all that was written
    /// is an error ([`Trouble::Changed`]).
    pub fn close(self) -> Waiting<()> {
        let runtime = self.cluster.0.runtime.clone();
        runtime.begin(CLOSING, async move {
            let begun = self.begun.ok_or_else(failed_before)?;
            Box::pin(close_whole(&self.cluster.0, &self.path, begun, self.bytes)).await
        })
    }
}

impl Cluster {
    /// Begins to write a file of these bytes in a directory that is there, as one request. Once what is answered has been waited
    /// for, it is closed, and on disks of the DataNodes.
    ///
    /// With `replace` it takes the place of a file that is there, whether somebody writes that or not. Without, there is an error
    /// ([`Trouble::Exists`]) and nothing is touched.
    pub fn put(&self, path: &str, bytes: Bytes, replace: bool) -> Waiting<()> {
        let (inner, path) = (Arc::clone(&self.0), path.to_owned());
        let options = self.0.new_files.clone();
        self.0.runtime.begin(CLOSING, async move {
            let options = options?.create_parent(false).overwrite(replace);
            let mut begun = Begun::new(&inner, &path, options).await?;
            let length = bytes.len() as u64;
            if length > 0 {
                begun.write(&inner, bytes).await?;
            }
            if replace {
                // Somebody else may have replaced it by now.
                return close(&inner, &path, begun, length).await.map(drop);
            }
            Box::pin(close_whole(&inner, &path, begun, length)).await
        })
    }
}

/// A file that is closed.
enum Closed {
    /// It was looked at, and has all that was written.
    Whole,
    /// The client says so.
    Told,
}

/// Syncs and closes a file of so many bytes, and sees that it has them.
async fn close_whole(inner: &Inner, path: &str, begun: Begun, bytes: u64) -> Result<(), HdfsError> {
    match close(inner, path, begun, bytes).await? {
        Closed::Whole => Ok(()),
        Closed::Told => look_at_length(inner, path, bytes).await,
    }
}

/// Syncs and closes a file of so many bytes.
async fn close(
    inner: &Inner,
    path: &str,
    mut begun: Begun,
    bytes: u64,
) -> Result<Closed, HdfsError> {
    if bytes > 0 {
        let synced = begun.writer.hsync();
        match inner.nodes.unless_left(&begun.asked, synced).await {
            // Files with erasure codes can't be; they are brought there as the cluster does.
            Ok(()) | Err(Undone::Failed(Native::UnsupportedFeature(_))) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match close_early(inner, path, &mut begun, bytes).await {
        Ok(closed) => Ok(closed),
        Err(Undone::Left | Undone::Failed(Native::OperationFailed(_) | Native::IOError(_))) => {
            drop(begun);
            settle(inner, path, bytes).await.map(|()| Closed::Whole)
        }
        Err(error) => Err(error.into()),
    }
}

/// Closes a file as soon as that can be done. The client asks the NameNode once, mostly before a DataNode has reported the last
/// block, and then not for half a second. Meanwhile it is looked whether all blocks count as whole, which they do only once the
/// client has asked and a DataNode has reported: then there is nothing left to be recovered, and the lease is given back at once.
async fn close_early(
    inner: &Inner,
    path: &str,
    begun: &mut Begun,
    bytes: u64,
) -> Result<Closed, Undone> {
    let closing = begun.writer.close();
    let mut closing = Box::pin(inner.nodes.unless_left(&begun.asked, closing));
    let mut pause = FIRST_LOOK;
    loop {
        if let Ok(closed) = tokio::time::timeout(pause, &mut closing).await {
            return closed.map(|()| Closed::Told);
        }
        if pause <= LAST_LOOK && is_closed(inner, path, bytes).await {
            return Ok(Closed::Whole);
        }
        pause *= 2;
    }
}

/// Whether a file whose blocks are all whole is closed, if need be by this question. What can't be told is answered by who closes it.
async fn is_closed(inner: &Inner, path: &str, bytes: u64) -> bool {
    let Ok(found) = inner.info(path).await else {
        return false;
    };
    let Ok(space) = inner.space(path).await else {
        return false;
    };
    is_whole(&Status::of(&found), space, bytes)
        && inner.recover_lease(path).await.unwrap_or_default()
}

/// Whether a file of so many bytes has whole blocks alone. A block that is not whole takes the space of a full one, so nothing is
/// known of files that end with a full block, and of those with erasure codes.
fn is_whole(status: &Status, space: u64, bytes: u64) -> bool {
    let ends_within = status.block > 0 && !bytes.is_multiple_of(status.block);
    ends_within && status.size == bytes && space == bytes * status.replication
}

fn failed_before() -> HdfsError {
    HdfsError::new(Trouble::Changed, "writing it has failed before")
}

/// Looks until a file is closed, and whether it has all that was written.
async fn settle(inner: &Inner, path: &str, bytes: u64) -> Result<(), HdfsError> {
    for _ in 0..LOOKS {
        // Nobody else writes it: who has the lease is this process.
        if !inner.recover_lease(path).await? {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        return look_at_length(inner, path, bytes).await;
    }
    let what = "the NameNode does not close it: DataNodes do not report its last block";
    Err(HdfsError::new(Trouble::Unreachable, what))
}

/// Looks whether a file that is closed has all that was written.
async fn look_at_length(inner: &Inner, path: &str, bytes: u64) -> Result<(), HdfsError> {
    let found = inner.info(path).await?.length as u64;
    compare(found, bytes)
}

fn compare(found: u64, written: u64) -> Result<(), HdfsError> {
    if found == written {
        return Ok(());
    }
    let what = format!("it has {found} bytes where {written} were written");
    Err(HdfsError::new(Trouble::Changed, what))
}

#[cfg(test)]
mod tests;
