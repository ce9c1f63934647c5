//! What must survive a crash of the machine: files put in place whole, directories synced. And which names mean one place.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::Result;

use crate::fail;
use crate::location::Location;
use crate::names::{IN_PROGRESS, METADATA_FILE};
use crate::there::{is_absent, is_there};

/// How many directories are synced at least, from the innermost up: a process that died may have made them, and not synced.
const SYNCED_PARENTS: usize = 3;

/// Makes a directory with its parents, and makes all that was made survive a crash of the machine.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    let new = directory.ancestors().take_while(|path| !path.exists());
    let depth = (new.count() + 1).max(SYNCED_PARENTS);
    fs::create_dir_all(directory)?;
    for parent in directory.ancestors().take(depth) {
        sync_directory(parent)?;
    }
    Ok(())
}

/// Makes a directory, if it is not there, in one that is: anything made above it, where a disk is away, would stand in the
/// place of what lies on the disk.
pub(crate) fn make_subdirectory(directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_directory(directory)?;
    directory.parent().map_or(Ok(()), sync_directory)
}

/// Puts a file in place at once and whole. The caller syncs the directory.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let in_progress = path.with_extension(IN_PROGRESS);
    write_synced(&in_progress, bytes)?;
    fs::rename(&in_progress, path)
}

/// Puts a file in place at once and whole, so that it survives a crash of the machine.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole(path, bytes)?;
    path.parent().map_or(Ok(()), sync_directory)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes what was created, renamed or removed in `directory` survive a crash of the machine.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory) {
        Ok(file) => file.sync_all(),
        // A parent that may be entered but not listed can't be synced, and was not made by us.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// The directories in `location`; none if it is not there.
///
/// # Errors
/// It can't be listed, or what lies there can't be looked at: whoever took one of them for absent might delete what it needs.
pub(crate) fn subdirectories(location: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(location) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail::read(location, &error)),
    };
    let mut directories = Vec::new();
    for entry in entries {
        let path = entry.map_err(|cause| fail::read(location, &cause))?.path();
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => directories.push(path),
            Ok(_) => {}
            // A link to nothing, or gone meanwhile.
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(fail::read(&path, &error)),
        }
    }
    Ok(directories)
}

/// The content of a file; `None`: it is not there.
///
/// # Errors
/// It can't be read.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
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
    Ok(one == other || Identity::of(one.path())? == Identity::of(other.path())?)
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
