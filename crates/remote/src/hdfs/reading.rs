//! Reading files.

use std::io::{self, Read};

use millstream_hdfs::{Cluster, HdfsError, HdfsFile, Trouble};
use millstream_storage::ReadAt;

use super::patience::patiently;

/// How often a file is read again that others replace meanwhile.
const READS: usize = 8;

/// An open file.
#[derive(Debug)]
pub(super) struct Opened(pub(super) HdfsFile);

impl ReadAt for Opened {
    fn bytes(&self) -> u64 {
        self.0.status().size
    }

    /// When it was closed, and its length: all by which a cluster tells a file from another one.
    fn content(&self) -> Option<String> {
        let status = self.0.status();
        Some(format!("{}-{}", status.modified, status.size))
    }

    fn read_at(&self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        Ok(self.0.read_at(buffer, from)?)
    }
}

/// The content of a small file, as one who puts it there has put it.
pub(super) fn read_whole(cluster: &Cluster, path: &str) -> Result<Vec<u8>, HdfsError> {
    for _ in 1..READS {
        match patiently(|| read(cluster, path)) {
            Err(error) if error.trouble() == Trouble::Changed => {}
            answer => return answer,
        }
    }
    read(cluster, path)
}

fn read(cluster: &Cluster, path: &str) -> Result<Vec<u8>, HdfsError> {
    let file = HdfsFile::open(cluster, path, 0, 1)?;
    let mut bytes = Vec::new();
    let read = file.reader().read_to_end(&mut bytes);
    let error = match read {
        Ok(_) => return Ok(bytes),
        Err(error) => error,
    };
    // The blocks of a file go with it when another one takes its place.
    let is_same = |found: &millstream_hdfs::Status| found.modified == file.status().modified;
    if cluster.look(path)?.is_some_and(|found| !is_same(&found)) {
        let what = format!("{path} was replaced while it was read");
        return Err(HdfsError::new(Trouble::Changed, what));
    }
    let known = HdfsError::of(&error).cloned();
    Err(known.unwrap_or_else(|| HdfsError::new(Trouble::Unreachable, error.to_string())))
}
