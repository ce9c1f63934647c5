//! The target directory: the few operations on it that must survive a crash.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, codes};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::disk_error;

/// A directory that exists, by its absolute path.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory `path`, made if it is missing.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let failed = |error: io::Error| disk_error("make the directory", path, &error);
        if !path.is_dir() {
            fs::create_dir_all(path).map_err(failed)?;
        }
        let path = path.canonicalize().map_err(failed)?;
        if path.to_str().is_none() {
            let message = format!("the path {} is not UTF-8", path.display());
            return Err(Error::new(&codes::SINK_WRITE, message)
                .next("give a path that a snapshot can hold as text"));
        }
        if let Some(parent) = path.parent() {
            // So that a fresh directory is still there after a power failure.
            sync(parent).map_err(failed)?;
        }
        Ok(Self { path })
    }

    /// The absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a new file and locks it. `None`: a file of that name is there.
    pub(super) fn create_locked(&self, name: &str) -> Result<Option<File>> {
        let path = self.path.join(name);
        let failed = |error: io::Error| disk_error("create", &path, &error);
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        match file.try_lock() {
            // Somebody may have taken the file for a leftover before it was locked.
            Ok(()) if file.metadata().map_err(failed)?.nlink() > 0 => Ok(Some(file)),
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(disk_error("lock", &path, &error)),
        }
    }

    /// Makes what was created and renamed in the directory durable.
    pub(super) fn sync(&self) -> Result<()> {
        sync(&self.path).map_err(|error| disk_error("sync the directory", &self.path, &error))
    }
}

/// Makes the entries of a directory durable.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Renames a file unless there is one of the new name (`AlreadyExists`).
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can: a hard link is the other way that never replaces a file.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        result => Ok(result?),
    }
}
