//! What whoever goes on from a snapshot owes to savepoints that were away: the note that their output is committed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a directory is, whatever stands at its path later: where a disk is away, another one does, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

impl Place {
    /// The directory that a path lies in; `None`: it is not there, or can't be looked at.
    pub fn above(path: &Path) -> Option<Self> {
        let found = fs::metadata(path.parent()?).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
        })
    }
}

/// A savepoint beside which it may not be noted yet that its output is [committed](crate::mark_committed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedNote {
    /// Where it was written.
    pub savepoint: String,
    /// The directory that it was written into; `None`: that is not known, or it is in a store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}
