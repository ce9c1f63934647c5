//! What lies in a directory.

use millstream_hdfs::{Cluster, HdfsError, Status};

/// How the name of a file ends that has been begun and is none yet: nobody is told of it.
pub(super) const BEGUN: &str = ".inprogress";

/// Entries that are asked for at once.
const SLICE: usize = 1_000;

/// All that lies in a directory, also what is only begun.
pub(super) fn entries(cluster: &Cluster, path: &str) -> Result<Vec<Status>, HdfsError> {
    let mut listing = cluster.list(path);
    let mut found = Vec::new();
    loop {
        let slice = listing.next(SLICE)?;
        let is_last = slice.len() < SLICE;
        found.extend(slice);
        if is_last {
            return Ok(found);
        }
    }
}
