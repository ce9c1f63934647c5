//! Space that is kept for the records of what must be possible on a full disk, too: that jobs are cancelled, stopped, and have
//! ended. It is a file that nothing is in, which is shortened when it is needed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::files;

/// So much is kept, in bytes.
const WHOLE: u64 = 4 << 20;
/// So much is given up at once: enough for a record, and for what a job's process leaves at its end.
const PIECE: u64 = 512 << 10;

/// The space that is kept.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    left: Mutex<u64>,
}

impl Reserve {
    /// Keeps space beside the database at `path`, as far as there is some.
    pub(super) fn beside(database: &Path) -> Self {
        let reserve = Self {
            path: database.with_extension("reserve"),
            left: Mutex::new(0),
        };
        reserve.refill();
        reserve
    }

    /// Takes up again what was given up, where there is plenty of space.
    pub(super) fn refill(&self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if *left >= WHOLE {
            return;
        }
        let before = if *left == 0 { self.length() } else { *left };
        *left = before;
        let free = self.free().unwrap_or(0);
        if before >= WHOLE || free < 4 * WHOLE {
            return;
        }
        match self.take() {
            Ok(()) => *left = WHOLE,
            Err(error) => tracing::debug!("No space is kept for a full disk: {error}"),
        }
    }

    fn length(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |about| about.len())
    }

    fn take(&self) -> io::Result<()> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .custom_flags(files::at_once())
            .open(&self.path)?;
        Ok(fallocate(&file, FallocateFlags::empty(), 0, WHOLE)?)
    }

    /// Whether the disk is as good as full.
    pub(super) fn is_needed(&self) -> bool {
        self.free().is_some_and(|free| free < PIECE)
    }

    /// What the server can still write; `None`: it can't be told.
    fn free(&self) -> Option<u64> {
        let directory = self.path.parent()?;
        let about = statvfs(directory).ok()?;
        // There are file systems that tell nothing of their size.
        (about.f_blocks > 0).then(|| about.f_bavail.saturating_mul(about.f_frsize))
    }

    /// Gives up a piece; answers whether there was one.
    pub(super) fn give_up_some(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(rest) = left.checked_sub(PIECE) else {
            return false;
        };
        let shortened = File::options()
            .write(true)
            .custom_flags(files::at_once())
            .open(&self.path)
            .and_then(|file| file.set_len(rest));
        if shortened.is_err() {
            *left = 0;
            return false;
        }
        *left = rest;
        tracing::warn!(
            "The disk of the data directory is full: {} KiB of what is kept for that are given up, {} KiB are left.",
            PIECE >> 10,
            rest >> 10
        );
        true
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn it_takes_space_and_gives_it_up_piece_by_piece() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = directory.path().join("millstream.db");
        let reserve = Reserve::beside(&database);
        let about = || std::fs::metadata(directory.path().join("millstream.reserve"));
        let taken = about().expect("it is there").blocks() * 512;
        assert!(taken >= WHOLE, "{taken}");
        let mut pieces = 0;
        while reserve.give_up_some() {
            pieces += 1;
        }
        assert_eq!(pieces, WHOLE / PIECE);
        assert_eq!(about().expect("it is there").len(), 0);
        drop(reserve);
        let reserve = Reserve::beside(&database);
        assert!(reserve.give_up_some(), "it is there again");
    }
}
