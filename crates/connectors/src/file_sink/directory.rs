//! The target directory: which one it is, and the few operations on it that must survive a crash.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, codes};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::disk_error;

/// Which directory it is, whatever its path: an empty one in its place (a disk that is not mounted) is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

/// A directory that exists, by its absolute path.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    path: PathBuf,
    identity: Identity,
}

impl Directory {
    /// The directory `path`, made if it is missing, with all above it.
    ///
    /// # Errors
    /// It can't be made, made durable or looked at.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let failed = |error: io::Error| disk_error("make the directory", path, &error);
        make(path).map_err(failed)?;
        Self::existing(path)
    }

    /// The directory `path`, which is there.
    ///
    /// # Errors
    /// It is not, or can't be reached.
    pub(super) fn existing(path: &Path) -> Result<Self> {
        let failed = |error: io::Error| disk_error("open the directory", path, &error);
        let path = path.canonicalize().map_err(failed)?;
        if path.to_str().is_none() {
            let message = format!("the path {} is not UTF-8", path.display());
            return Err(Error::new(&codes::SINK_WRITE, message)
                .next("give a path that a snapshot can hold as text"));
        }
        let metadata = path.metadata().map_err(failed)?;
        if !metadata.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        let identity = Identity::of(&metadata);
        Ok(Self { path, identity })
    }

    /// The absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Which directory it was when it was opened.
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// Makes what was created and renamed in the directory durable.
    ///
    /// # Errors
    /// It can't be synced, or another directory has come in its place, where none of it is.
    pub(super) fn sync(&self) -> Result<()> {
        let failed = |error: io::Error| disk_error("sync the directory", &self.path, &error);
        let directory = File::open(&self.path).map_err(failed)?;
        if Identity::of(&directory.metadata().map_err(failed)?) != self.identity {
            let message = format!(
                "another directory has taken the place of {}",
                self.path.display()
            );
            return Err(Error::new(&codes::SINK_WRITE, message).next(
                "leave the directory where it is; the job goes on from its newest snapshot",
            ));
        }
        directory.sync_all().map_err(failed)
    }
}

/// Where a path would lead if what is missing of it were there.
pub(super) fn resolve(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for above in path.ancestors() {
        if let Ok(found) = above.canonicalize() {
            let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
            // Of an empty rest nothing is joined, which would put a slash behind the path.
            return if rest.as_os_str().is_empty() {
                found
            } else {
                found.join(rest)
            };
        }
    }
    path
}

/// Makes a directory and those above it, each of which is still there after a power failure.
fn make(path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let missing = missing(&path)?;
    for directory in missing.iter().rev() {
        match fs::create_dir(directory) {
            // Another subtask was quicker; whether it lived to sync is not known.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::metadata(directory)?.is_dir() {
                    return Err(io::ErrorKind::NotADirectory.into());
                }
            }
            made => made?,
        }
        sync_parent(directory)?;
    }
    if missing.is_empty() {
        return match sync_parent(&path) {
            // Not ours to sync: we have made nothing there.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            synced => synced,
        };
    }
    Ok(())
}

/// The directory and those above it that are not there, itself first.
fn missing(path: &Path) -> io::Result<Vec<&Path>> {
    let mut missing = Vec::new();
    for above in path.ancestors() {
        match fs::metadata(above) {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(above),
            // It is not known to be missing: what keeps it from being looked at is the cause.
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
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
