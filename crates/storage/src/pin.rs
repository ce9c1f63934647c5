//! Keeping a snapshot from being deleted while somebody would go back to it, whoever that is and wherever its checkpoints lie.

mod note;

use std::fs::{File, TryLockError};
use std::path::Path;

use millstream_core::{Error, Result, codes};

use crate::absent::is_absent;
use crate::fail;
use crate::files::{self, is_in_store};
use crate::location::Location;
use crate::names::METADATA_FILE;
use note::Note;

/// A snapshot that a running job would go back to: a shared lock of its `_metadata`, which ends with the process; in a store, which
/// has no locks, a note beside it that is renewed. [`dispose`](crate::dispose) refuses what is pinned.
#[derive(Debug)]
pub struct Pin {
    _kept: Kept,
}

#[derive(Debug)]
#[allow(
    dead_code,
    reason = "what is kept is never looked at: it ends with the pin"
)]
enum Kept {
    Locked(File),
    Noted(Note),
}

impl Pin {
    /// Pins the snapshot at `location`; `None` where it can't be: on a file system without locks, for one. Then it is as safe as
    /// what the directories of jobs say.
    pub fn take(location: &Location) -> Option<Self> {
        let kept = if is_in_store(location.path()) {
            Kept::Noted(Note::take(location.path())?)
        } else {
            let file = File::open(location.metadata_path()).ok()?;
            file.try_lock_shared().ok()?;
            Kept::Locked(file)
        };
        Some(Self { _kept: kept })
    }
}

/// A snapshot that nobody has pinned.
#[derive(Debug)]
pub(crate) struct Free {
    /// Nobody can as long as this lives.
    _locked: Option<File>,
}

impl Free {
    /// Checks once more, now that the list of files is set aside: in a store somebody may have pinned the snapshot meanwhile, who
    /// has seen it in place. Then it is put back.
    ///
    /// # Errors
    /// Somebody has, or that can't be told.
    pub(crate) fn check_still(self, metadata: &Path, aside: &Path) -> Result<()> {
        let directory = metadata.parent().filter(|_| is_in_store(metadata));
        let Some(directory) = directory else {
            return Ok(());
        };
        let pinned = match note::is_pinned(directory) {
            Ok(false) => return Ok(()),
            Ok(true) => pinned(metadata),
            Err(error) => error,
        };
        let bytes = files::read(aside).map_err(|cause| fail::read(aside, &cause))?;
        let back = files::of(metadata).and_then(|files| files.put_new(metadata, &bytes));
        back.map_err(|cause| fail::write(metadata, cause))?;
        Err(pinned)
    }
}

/// Checks that nobody has pinned the snapshot with this `_metadata`.
///
/// # Errors
/// Somebody has, or that can't be told.
pub(crate) fn check_free(metadata: &Path) -> Result<Free> {
    if is_in_store(metadata) {
        let directory = metadata.parent().unwrap_or(metadata);
        return match note::is_pinned(directory)? {
            true => Err(pinned(metadata)),
            false => Ok(Free { _locked: None }),
        };
    }
    let file = match File::open(metadata) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(Free { _locked: None }),
        Err(error) => return Err(fail::read(metadata, &error)),
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(pinned(metadata)),
        _ => Ok(Free {
            _locked: Some(file),
        }),
    }
}

fn pinned(metadata: &Path) -> Error {
    debug_assert!(metadata.ends_with(METADATA_FILE));
    Error::new(
        &codes::OWNED,
        format!(
            "a job that runs has gone on from the snapshot of {} and has no newer one yet: it would go back to it",
            metadata.display()
        ),
    )
    .next("ask again when that job has completed a checkpoint or has ended")
}
