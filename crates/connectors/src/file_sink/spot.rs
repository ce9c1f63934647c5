//! A directory by what it is, not by its path, and what is made and renamed in one that is open.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, StatxAttributes, StatxFlags, linkat, openat,
    renameat_with, statx, unlinkat,
};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// Which directory it is, whatever its path: an empty one in its place (a disk that is not mounted) is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Identity {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

/// A directory, and what it lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) identity: Identity,
    /// Whether it is the root of a mount; `None`: the system does not tell.
    pub(super) is_root: Option<bool>,
}

impl Spot {
    /// Of an open directory.
    ///
    /// # Errors
    /// It can't be looked at.
    pub(super) fn of(directory: &File) -> io::Result<Self> {
        let identity = Identity::of(&directory.metadata()?);
        // An older system tells less, which is no reason to fail.
        let told = statx(directory, "", AtFlags::EMPTY_PATH, StatxFlags::TYPE).ok();
        let root = StatxAttributes::MOUNT_ROOT;
        let told = told.filter(|told| told.stx_attributes_mask.contains(root));
        Ok(Self {
            identity,
            is_root: told.map(|told| told.stx_attributes.contains(root)),
        })
    }
}

/// Opens a directory, to reach what is in it by its name; it is not opened for reading.
///
/// # Errors
/// It is no directory, not there, or can't be reached.
pub(super) fn open(path: &Path) -> io::Result<(File, Spot)> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = File::from(openat(CWD, path, flags, Mode::empty())?);
    let spot = Spot::of(&directory)?;
    Ok((directory, spot))
}

/// Makes a file in an open directory, where there is none of this name (`AlreadyExists`).
pub(super) fn make_new(at: &File, name: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = openat(at, name, flags, Mode::from_raw_mode(0o666))?;
    Ok(File::from(file))
}

/// Renames a file in an open directory unless there is one of the new name (`AlreadyExists`).
pub(super) fn rename_new(at: &File, from: &str, to: &str) -> io::Result<()> {
    match renameat_with(at, from, at, to, RenameFlags::NOREPLACE) {
        // Not every file system can: a hard link is the other way that never replaces a file.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            linkat(at, from, at, to, AtFlags::empty())?;
            Ok(unlinkat(at, from, AtFlags::empty())?)
        }
        result => Ok(result?),
    }
}
