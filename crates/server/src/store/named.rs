//! A file that is open, and whether its name still leads to it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::files;

/// A file that was opened by its name. While it is held, no other one gets its inode.
#[derive(Debug)]
pub(super) struct Named {
    path: PathBuf,
    file: File,
}

impl Named {
    /// The file that `path` leads to; `None`: it can't be told which one that is.
    pub(super) fn held(path: PathBuf) -> Option<Self> {
        // It can't be read or written through, so that closing it takes no locks away: the system drops all that a process has on a
        // file, SQLite's too, when that process closes an ordinary descriptor of it.
        let flags = OFlags::PATH.bits() as i32;
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(&path);
        opened.ok().map(|file| Self { path, file })
    }

    /// The name that it was opened by.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the name leads to nothing, or to another file. What can't be told at present is no loss.
    pub(super) fn is_displaced(&self) -> bool {
        let Ok(held) = self.file.metadata() else {
            return false;
        };
        let there = match at(&self.path) {
            Ok(Some(there)) => there,
            Ok(None) => return true,
            Err(_) => return false,
        };
        if identity(&there) == identity(&held) {
            return false;
        }
        let is_unlinked = held.nlink() == 0 && there.nlink() > 0;
        // There are file systems that number a file anew each time it is looked at: their numbers tell nothing.
        let is_another =
            matches!(at(&self.path), Ok(Some(again)) if identity(&again) == identity(&there));
        is_unlinked || is_another
    }

    /// Puts a copy of it under its name, whole and on disk or not at all. A file without a name can still be read by its descriptor.
    pub(super) fn put_back(&self) -> io::Result<()> {
        let held = PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()));
        files::copy(&held, &self.path)?;
        self.path.parent().map_or(Ok(()), files::sync)
    }
}

/// What a name leads to; `None`: to nothing.
fn at(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(about) => Ok(Some(about)),
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(cause) => Err(cause),
    }
}

fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}
