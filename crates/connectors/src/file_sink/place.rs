//! A directory as the committer sees it: held open, so that what is found, renamed and synced is in one and the same.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, codes};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, statat, unlinkat};
use rustix::io::Errno;

use super::disk_error;
use super::spot::{Identity, Spot, rename_new};

/// An open directory.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    handle: File,
    spot: Spot,
    /// Directories below it into which files were renamed.
    partitions: BTreeSet<String>,
}

/// What lies under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) bytes: u64,
    /// Device and inode: two names of one file agree in it.
    file: (u64, u64),
}

impl Found {
    /// Whether both names are of one file.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        self.file == other.file
    }
}

impl Place {
    /// Opens a directory.
    ///
    /// # Errors
    /// It is not there or can't be reached.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let open = || {
            // A pipe in its place would hold up who opens it, for ever.
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let handle = File::from(openat(CWD, path, flags, Mode::empty())?);
            let spot = Spot::of(&handle)?;
            Ok((handle, spot))
        };
        let (handle, spot) = open().map_err(|error: io::Error| {
            let told = disk_error("open the directory", path, &error);
            match error.kind() {
                io::ErrorKind::NotADirectory => told,
                _ => told.next(BRING_BACK),
            }
        })?;
        Ok(Self {
            path: path.to_owned(),
            handle,
            spot,
            partitions: BTreeSet::new(),
        })
    }

    /// Which directory it is, and what it lies on.
    pub(super) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// The full path of a name, for messages.
    pub(super) fn named(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What has this name.
    ///
    /// # Errors
    /// It can't be told.
    pub(super) fn find(&self, name: &str) -> Result<Option<Found>> {
        match statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Found {
                bytes: u64::try_from(stat.st_size).unwrap_or_default(),
                file: (stat.st_dev, stat.st_ino),
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(disk_error("look at", &self.named(name), &error.into())),
        }
    }

    /// Renames a file into a directory below, which is made if it is missing, unless there is one of the new name.
    pub(super) fn rename_into(&self, from: &str, partition: &str, to: &str) -> io::Result<()> {
        for below in ancestors(partition) {
            match mkdirat(&self.handle, below, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        rename_new(&self.handle, from, to)
    }

    /// Has what is renamed into a directory below made durable by the next [`sync`](Self::sync).
    pub(super) fn will_sync(&mut self, partition: &str) {
        for below in ancestors(partition) {
            if !self.partitions.contains(below) {
                self.partitions.insert(below.to_owned());
            }
        }
    }

    /// Takes a name away.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    /// Makes what was renamed durable.
    ///
    /// # Errors
    /// It can't be synced.
    pub(super) fn sync(&self) -> Result<()> {
        for below in &self.partitions {
            let failed =
                |error: io::Error| disk_error("sync the directory", &self.named(below), &error);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            match openat(&self.handle, below.as_str(), flags, Mode::empty()) {
                // What was to be there is lost, which has been told.
                Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(error.into())),
                Ok(directory) => File::from(directory).sync_all().map_err(failed)?,
            }
        }
        let synced = self.handle.sync_all();
        synced.map_err(|error| disk_error("sync the directory", &self.path, &error))
    }

    /// Whether the directory still has its path. What is missing in one that has been taken away proves nothing.
    ///
    /// # Errors
    /// It has not, or that can't be told.
    pub(super) fn check_in_place(&self) -> Result<()> {
        let there = self.path.metadata();
        let there = there.map_err(|error| {
            disk_error("look at the directory", &self.path, &error).next(BRING_BACK)
        })?;
        if Identity::of(&there) == self.spot.identity && self.is_linked()? {
            return Ok(());
        }
        let message = format!("the directory {} is being replaced", self.path.display());
        Err(Error::new(&codes::SINK_WRITE, message).next(BRING_BACK))
    }

    fn is_linked(&self) -> Result<bool> {
        let metadata: io::Result<Metadata> = self.handle.metadata();
        let metadata =
            metadata.map_err(|error| disk_error("look at the directory", &self.path, &error))?;
        Ok(metadata.nlink() > 0)
    }

    /// Whether any file's name begins like this.
    ///
    /// # Errors
    /// The directory can't be listed.
    pub(super) fn has_any(&self, start: &str) -> Result<bool> {
        has_any_in(&self.path, &|name: &str| name.starts_with(start))
            .map_err(|error| disk_error("list the directory", &self.path, &error))
    }
}

/// Whether a directory, or partitions below it, hold a file whose name is as wanted.
pub(super) fn has_any_in(directory: &Path, is_wanted: &dyn Fn(&str) -> bool) -> io::Result<bool> {
    for entry in directory.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            continue;
        };
        let is_partition = || name.contains('=') && entry.file_type().is_ok_and(|it| it.is_dir());
        if is_wanted(name) || is_partition() && has_any_in(&entry.path(), is_wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `a=1` and `a=1/b=2` of `a=1/b=2`.
fn ancestors(partition: &str) -> impl Iterator<Item = &str> {
    let slashes = partition.match_indices('/').map(|(at, _)| at);
    let ends = slashes.chain((!partition.is_empty()).then_some(partition.len()));
    ends.filter_map(|end| partition.get(..end))
}

/// What to do about a directory that is not there.
pub(super) const BRING_BACK: &str = "mount it or bring it back with its files; the commit is tried again; if it is gone for good, make an empty one and go on with --on-lost-output accept";
