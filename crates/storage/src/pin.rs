//! Keeping a snapshot from being deleted while somebody would go back to it, whoever that is and wherever its checkpoints lie.

use std::fs::{File, TryLockError};
use std::path::Path;

use millstream_core::{Error, Result, codes};

use crate::fail;
use crate::location::Location;
use crate::there::is_absent;

/// A snapshot that a running job would go back to: a shared lock of its `_metadata`, which ends with the process.
/// [`dispose`](crate::dispose) refuses what is pinned.
#[derive(Debug)]
pub struct Pin {
    _locked: File,
}

impl Pin {
    /// Pins the snapshot at `location`; `None` where it can't be: on a file system without locks, for one. Then it is as safe as
    /// what the directories of jobs say.
    pub fn take(location: &Location) -> Option<Self> {
        let file = File::open(location.metadata_path()).ok()?;
        file.try_lock_shared().ok()?;
        Some(Self { _locked: file })
    }
}

/// Checks that nobody has pinned the snapshot with this `_metadata`. Nobody can as long as the answer lives.
///
/// # Errors
/// Somebody has, or that can't be told.
pub(crate) fn check_free(metadata: &Path) -> Result<Option<File>> {
    let file = match File::open(metadata) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(fail::read(metadata, &error)),
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Error::new(
            &codes::OWNED,
            format!(
                "a job that runs has gone on from the snapshot of {} and has no newer one yet: it would go back to it",
                metadata.display()
            ),
        )
        .next("ask again when that job has completed a checkpoint or has ended")),
        _ => Ok(Some(file)),
    }
}
