//! A file that is written.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hdfs_native::file::FileWriter;
use hdfs_native::{HdfsError as Native, WriteOptions};

use crate::cluster::{Cluster, Inner, ONE_REQUEST, ONE_TRANSFER};
use crate::error::{HdfsError, Trouble};
use crate::runtime::Waiting;

/// What closing a file takes at most: the NameNode waits for reports of DataNodes.
const CLOSING: Duration = Duration::from_secs(180);
/// How often the NameNode is asked whether a file is closed by now.
const LOOKS: u32 = 60;
/// Between two of these looks.
const PAUSE: Duration = Duration::from_secs(1);

/// A file that is open for writing. It is seen under its name at once, and has its length when it is
/// [closed](HdfsWriter::close). Dropped before that, it stays open until somebody removes it, or the cluster closes it.
pub struct HdfsWriter {
    cluster: Cluster,
    path: String,
    /// `None`: it has failed.
    writer: Option<FileWriter>,
    bytes: u64,
}

impl Cluster {
    /// Makes a file, in a directory that is there.
    ///
    /// # Errors
    /// There is one of that name ([`Trouble::Exists`]), or it can't be made.
    pub fn create(&self, path: &str) -> Result<HdfsWriter, HdfsError> {
        let (inner, file) = (Arc::clone(&self.0), path.to_owned());
        let options = WriteOptions::default().create_parent(false);
        let writer = self.0.runtime.wait(ONE_REQUEST, async move {
            Ok(inner.client.create(&file, options).await?)
        })?;
        Ok(HdfsWriter {
            cluster: self.clone(),
            path: path.to_owned(),
            writer: Some(writer),
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
        let mut writer = self.writer.take().ok_or_else(failed_before)?;
        let length = bytes.len() as u64;
        let runtime = &self.cluster.0.runtime;
        let writer = runtime.wait(ONE_TRANSFER, async move {
            Box::pin(writer.write_bytes(bytes)).await?;
            Ok(writer)
        })?;
        self.writer = Some(writer);
        self.bytes += length;
        Ok(())
    }

    /// Bytes that were appended.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Has what was written brought to disks of the DataNodes, and closes the file. Both take a while, mostly half a second:
    /// what is answered is to be waited for.
    ///
    /// Where the cluster does not say whether the file is closed, that is looked up.
    pub fn close(self) -> Waiting<()> {
        let runtime = self.cluster.0.runtime.clone();
        runtime.begin(CLOSING, async move {
            let mut writer = self.writer.ok_or_else(failed_before)?;
            match writer.hsync().await {
                // Files with erasure codes can't be; they are brought there as the cluster does.
                Ok(()) | Err(Native::UnsupportedFeature(_)) => {}
                Err(error) => return Err(error.into()),
            }
            match Box::pin(writer.close()).await {
                Ok(()) => Ok(()),
                Err(Native::OperationFailed(_) | Native::IOError(_)) => {
                    drop(writer);
                    settle(&self.cluster.0, &self.path, self.bytes).await
                }
                Err(error) => Err(error.into()),
            }
        })
    }
}

fn failed_before() -> HdfsError {
    HdfsError::new(Trouble::Changed, "writing it has failed before")
}

/// Looks until a file is closed, and whether it has all that was written.
async fn settle(inner: &Inner, path: &str, bytes: u64) -> Result<(), HdfsError> {
    for _ in 0..LOOKS {
        // Nobody else writes it: who has the lease is this process.
        if !inner.client.recover_lease(path).await? {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let found = inner.client.get_file_info(path).await?.length as u64;
        if found == bytes {
            return Ok(());
        }
        let what = format!("it has {found} bytes where {bytes} were written");
        return Err(HdfsError::new(Trouble::Changed, what));
    }
    let what = "the NameNode does not close it: DataNodes do not report its last block";
    Err(HdfsError::new(Trouble::Unreachable, what))
}
