//! Writing files of state: by one request beside others, or as their bytes come once there are many.

use std::fmt;
use std::io::{self, Write};

use bytes::Bytes;
use millstream_hdfs::{Cluster, HdfsError, HdfsWriter, Trouble};
use millstream_storage::{METADATA_FILE, Upload, WriteFile};

use super::patience::patiently;

/// Bytes that are collected before they are sent. A file that has no more is written by one request.
const PART: usize = 4 << 20;

/// A file that is being written.
pub(super) struct Written {
    cluster: Cluster,
    path: String,
    buffer: Vec<u8>,
    /// It has more bytes than the buffer takes.
    writer: Option<HdfsWriter>,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.cluster, self.path)
    }
}

impl Written {
    pub(super) fn new(cluster: Cluster, path: String) -> Self {
        Self {
            cluster,
            path,
            buffer: Vec::new(),
            writer: None,
        }
    }

    fn send(&mut self) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let made = patiently(|| self.cluster.create(&self.path))?;
                self.writer.insert(made)
            }
        };
        Ok(writer.write(std::mem::take(&mut self.buffer).into())?)
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == PART {
            self.send()?;
        }
        let room = PART - self.buffer.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.buffer.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for Written {
    fn finish(mut self: Box<Self>) -> io::Result<Upload> {
        if self.writer.is_some() {
            self.send()?;
        }
        if let Some(writer) = self.writer.take() {
            let closing = writer.close();
            return Ok(Box::new(move || Ok(closing.wait()?)));
        }
        let (cluster, path) = (self.cluster, self.path);
        let bytes = Bytes::from(self.buffer);
        let mut put = Some(cluster.put(&path, bytes.clone(), false));
        Ok(Box::new(move || {
            let waited = patiently(|| match put.take() {
                Some(first) => first.wait(),
                // What is there is what came of the first.
                None => {
                    check_incomplete(&cluster, &path)?;
                    cluster.put(&path, bytes.clone(), true).wait()
                }
            });
            Ok(waited?)
        }))
    }
}

/// Refuses to replace a file of a snapshot that is complete: it is that of somebody else, who has had the checkpoints since.
fn check_incomplete(cluster: &Cluster, path: &str) -> Result<(), HdfsError> {
    let Some((directory, _)) = path.rsplit_once('/') else {
        return Ok(());
    };
    match cluster.look(&format!("{directory}/{METADATA_FILE}"))? {
        None => Ok(()),
        Some(_) => {
            let what = format!("{directory} is a snapshot that somebody else has completed");
            Err(HdfsError::new(Trouble::Exists, what))
        }
    }
}
