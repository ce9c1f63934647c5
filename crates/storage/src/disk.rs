//! What must survive a crash of the machine: files put in place whole, directories synced. And which names mean one place.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::Result;

use crate::absent::is_absent;
use crate::fail;
use crate::files;
use crate::location::Location;
use crate::names::METADATA_FILE;
use crate::there::is_there;

/// Makes a directory with its parents, and makes all that was made survive a crash of the machine.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    files::of(directory)?.make_directory(directory)
}

/// Makes a directory, if it is not there, in one that is: anything made above it, where a disk is away, would stand in the
/// place of what lies on the disk.
pub(crate) fn make_subdirectory(directory: &Path) -> io::Result<()> {
    files::of(directory)?.make_subdirectory(directory)
}

/// Puts a file in place at once and whole, so that it survives a crash of the machine.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    files::put(path, bytes)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Makes what was created, renamed or removed in `directory` survive a crash of the machine.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    files::of(directory)?.sync(directory)
}

/// The directories in `location`; none if it is not there.
///
/// # Errors
/// It can't be listed, or what lies there can't be looked at: whoever took one of them for absent might delete what it needs.
pub fn subdirectories(location: &Path) -> Result<Vec<PathBuf>> {
    let entries = match files::list(location) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail::read(location, &error)),
    };
    let directories = entries.into_iter().filter(|entry| entry.is_directory);
    Ok(directories.map(|entry| location.join(entry.name)).collect())
}

/// The content of a file; `None`: it is not there.
///
/// # Errors
/// It can't be read.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match files::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(fail::read(path, &error)),
    }
}

/// Whether one of `directories` holds a completed snapshot.
///
/// # Errors
/// That can't be told.
pub(crate) fn any_complete(directories: &[PathBuf]) -> Result<bool> {
    for directory in directories {
        if is_there(&directory.join(METADATA_FILE))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether two locations are one place on disk, however they are written: with `..`, a trailing slash, over a symbolic
/// link or a second mount. What is not there yet is compared below the directory that it would lie in.
///
/// # Errors
/// That can't be told, because a place can't be looked at: treat it as in use.
pub fn same_place(one: &Location, other: &Location) -> Result<bool> {
    let is_in_store = |location: &Location| files::is_in_store(location.path());
    if one == other || is_in_store(one) || is_in_store(other) {
        // In a store there are no links, and a location is written in one way only.
        return Ok(one == other);
    }
    Ok(Identity::of(one.path())? == Identity::of(other.path())?)
}

/// What a path is: the file or directory that it leads to, and what does not exist below.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    below: PathBuf,
}

impl Identity {
    fn of(path: &Path) -> Result<Self> {
        let mut below = Vec::new();
        for existing in path.ancestors() {
            match fs::metadata(existing) {
                Ok(found) => {
                    return Ok(Self {
                        device: found.dev(),
                        inode: found.ino(),
                        below: below.iter().rev().collect(),
                    });
                }
                // `..` behind something that is not there leads nowhere, so it is a name like others.
                Err(error) if is_absent(&error) => {
                    let last = existing.components().next_back();
                    below.extend(last.map(|part| part.as_os_str().to_owned()));
                }
                Err(error) => return Err(fail::read(existing, &error)),
            }
        }
        Err(fail::read(path, &io::ErrorKind::NotFound.into()))
    }
}
