//! Where a sink writes, and has written.

use std::fmt;
use std::path::{Path, PathBuf};

use millstream_hdfs::HdfsUrl;
use millstream_objects::ObjectUrl;

/// A place of output.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Destination {
    /// A directory of this machine.
    Directory(PathBuf),
    /// What lies below a key of an object store.
    Objects(ObjectUrl),
    /// A directory of HDFS.
    Hdfs(HdfsUrl),
}

/// Whether a job has written to a place before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    /// It begins there: what people have to mend is told at once.
    Never,
    /// A run of an earlier process of which no snapshot tells may have. The place may have to be made, and what stands in the way of that may pass, as a disk
    /// that is not mounted yet.
    Perhaps,
    /// It has: the place is there, or is waited for.
    Before,
}

impl Destination {
    /// What a path means.
    pub(super) fn of(path: &Path) -> Self {
        match (ObjectUrl::of_path(path), HdfsUrl::of_path(path)) {
            (Some(url), _) => Self::Objects(url),
            (None, Some(url)) => Self::Hdfs(url),
            (None, None) => Self::Directory(path.to_owned()),
        }
    }

    /// Whether it is on this machine.
    pub(super) fn is_near(&self) -> bool {
        matches!(self, Self::Directory(_))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => fmt::Display::fmt(&directory.display(), f),
            Self::Objects(url) => fmt::Display::fmt(url, f),
            Self::Hdfs(url) => fmt::Display::fmt(url, f),
        }
    }
}
