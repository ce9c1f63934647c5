//! What errors of files that lie elsewhere mean: in object stores, and in HDFS.

use std::io;

use millstream_hdfs::{HdfsError, Trouble};
use millstream_objects::StoreError;

/// Whether an error is one of a store or a cluster.
pub(crate) fn is_remote(error: &io::Error) -> bool {
    StoreError::of(error).is_some() || HdfsError::of(error).is_some()
}

/// What to do about an error of a store or a cluster.
pub(crate) fn next_step(error: &io::Error) -> Option<&'static str> {
    let of_cluster = || HdfsError::of(error).map(HdfsError::next_step);
    StoreError::of(error)
        .map(StoreError::next_step)
        .or_else(of_cluster)
}

/// Whether an error says that a store or a cluster can't be reached now, or that nothing is known for another reason.
pub(crate) fn is_away(error: &io::Error) -> bool {
    let of_cluster = HdfsError::of(error).map(HdfsError::trouble);
    millstream_objects::is_unreachable(error)
        || matches!(of_cluster, Some(Trouble::Unreachable | Trouble::Changed))
}

/// Whether an error says that a file is not there any more.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    let of_store = StoreError::of(error).map(StoreError::trouble);
    let of_cluster = HdfsError::of(error).map(HdfsError::trouble);
    of_store == Some(millstream_objects::Trouble::Absent) || of_cluster == Some(Trouble::Absent)
}
