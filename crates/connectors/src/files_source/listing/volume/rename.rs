//! Renaming on disks.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// Renames what no other file of a disk is replaced by.
pub(super) fn rename_on_disk(from: &Path, to: &Path) -> io::Result<()> {
    let renamed = match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_new(from, to),
        renamed => renamed.map_err(io::Error::from),
    };
    match renamed {
        // A crash came between the two halves of a rename by a link.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && are_one(from, to) => {
            fs::remove_file(from)
        }
        renamed => renamed,
    }
}

/// The same where the file system can't rename so.
fn link_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
        // It knows no second names either, or this is a directory. What is there is looked at first, then.
        Err(_) => match fs::symlink_metadata(to) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(from, to),
        },
    }
}

/// Whether two names are of one file.
fn are_one(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| {
        let metadata = fs::symlink_metadata(path).ok()?;
        (!metadata.is_dir()).then(|| (metadata.dev(), metadata.ino()))
    };
    a != b && id(a).is_some_and(|a| id(b) == Some(a))
}
