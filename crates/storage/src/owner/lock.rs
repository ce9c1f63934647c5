//! The lock of a job's directory: a locked file, or a lease, as always in a store.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use millstream_core::Result;

use super::clock::Clock;
use super::lease::{Lease, is_renewed};
use super::{Holder, LEASE_TERM, Locking, owned};
use crate::disk::make_directory;
use crate::dispose::remove_directory;
use crate::fail;
use crate::files::{self, is_in_store};
use crate::names::{JOURNAL, OWNER_FILE, REACHED_FILE, RUN_FILE};
use crate::there::{is_absent, is_there};

/// Who looks whether a lock is held, holds it for a moment. So who wants it asks this often before it is refused …
const TRIES: u32 = 20;
/// … and waits this long in between.
const BETWEEN_TRIES: Duration = Duration::from_millis(10);
/// The system's number of "no locks available", for which there is no name of its own.
const ENOLCK: i32 = 37;

/// A job's directory that nobody else has.
#[derive(Debug)]
pub(crate) struct Lock {
    directory: PathBuf,
    /// Locked, unless there is a lease; `None`: in a store.
    file: Option<File>,
    lease: Option<Lease>,
}

impl Lock {
    /// Takes the directory, and notes in it for whom.
    pub(super) fn take(directory: PathBuf, holder: &Holder, locking: Locking) -> Result<Self> {
        let Some(mut lock) = Self::try_take(directory.clone(), locking)? else {
            return Err(owned(&directory));
        };
        let path = directory.join(OWNER_FILE);
        let text = serde_json::to_vec_pretty(holder).map_err(|cause| fail::write(&path, cause))?;
        lock.note(&text)
            .map_err(|cause| fail::write(&path, cause))?;
        Ok(lock)
    }

    /// Takes the directory, without a word to others. `None`: somebody has it.
    pub(crate) fn try_take(directory: PathBuf, locking: Locking) -> Result<Option<Self>> {
        make_directory(&directory).map_err(|cause| fail::write(&directory, cause))?;
        let path = directory.join(OWNER_FILE);
        if is_in_store(&path) {
            let term = match locking {
                Locking::Lease { term } => term,
                Locking::File => LEASE_TERM,
            };
            let lease = Lease::take(&directory, term, &Clock::of_machine())?;
            return Ok(lease.map(|lease| Self {
                directory,
                file: None,
                lease: Some(lease),
            }));
        }
        let (file, term) = match locking {
            Locking::Lease { term } => (open(&path)?, Some(term)),
            Locking::File => match locked(&path)? {
                Locked::Taken => return Ok(None),
                Locked::Here(file) => (file, None),
                Locked::Impossible(file) => (file, Some(LEASE_TERM)),
            },
        };
        let lease = match term {
            Some(term) => match Lease::take(&directory, term, &Clock::of_machine())? {
                Some(lease) => Some(lease),
                None => return Ok(None),
            },
            // Somebody whose file system, or version of it, knows no locks may have a lease.
            None if is_renewed(&directory, LEASE_TERM, &Clock::of_machine())? => return Ok(None),
            None => None,
        };
        Ok(Some(Self {
            directory,
            file: Some(file),
            lease,
        }))
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn check(&self) -> Result<()> {
        // Where a disk has gone, another directory may stand in its place, which is hidden when the disk comes back.
        let path = self.directory.join(OWNER_FILE);
        if self.file.as_ref().is_some_and(|file| !is_at(file, &path)) {
            return Err(fail::not_held(&self.directory));
        }
        self.lease.as_ref().map_or(Ok(()), Lease::check)
    }

    /// Written into the file that is locked: one put in its place would not be.
    fn note(&mut self, text: &[u8]) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return files::put(&self.directory.join(OWNER_FILE), text);
        };
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text)?;
        file.sync_all()
    }

    /// Removes what sources have noted, if nothing else is in the directory but the ownership of it.
    pub(crate) fn drop_journals(&self) -> Result<()> {
        let directory = &self.directory;
        let entries = match files::list(directory) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(fail::read(directory, &error)),
        };
        let mut journals = Vec::new();
        for entry in entries {
            let path = directory.join(&entry.name);
            if entry
                .name
                .to_str()
                .is_some_and(|name| name.starts_with(JOURNAL))
            {
                journals.push(path);
            } else if !(is_of_ownership(&path) || entry.is_directory && is_empty(&path)) {
                return Ok(());
            }
        }
        journals.iter().try_for_each(|path| {
            let removed = files::remove(path);
            removed.map(drop).map_err(|cause| fail::write(path, cause))
        })
    }

    /// Removes what makes up the ownership, and the directory, if nothing else is in it. While the lock is held, so that
    /// nobody locks a file that goes. Answers whether the directory is gone.
    pub(crate) fn clear_away(&self) -> Result<bool> {
        let directory = &self.directory;
        let entries = match files::list(directory) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(true),
            Err(error) => return Err(fail::read(directory, &error)),
        };
        let mut own = Vec::new();
        for entry in entries {
            let path = directory.join(&entry.name);
            if is_of_ownership(&path) {
                own.push(path);
            } else if !entry.is_directory || !remove_directory(&path)? {
                return Ok(false);
            }
        }
        // The lock's file last: whoever comes meanwhile finds it locked.
        own.sort_by_key(|path| path.ends_with(OWNER_FILE));
        for path in own {
            files::remove(&path).map_err(|cause| fail::write(&path, cause))?;
        }
        remove_directory(directory)
    }
}

fn is_empty(directory: &Path) -> bool {
    files::list(directory).is_ok_and(|entries| entries.is_empty())
}

/// Whether a file is a part of the ownership of the directory that it lies in.
fn is_of_ownership(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        let is_of = |own: &&str| name.starts_with(*own);
        // How far output is committed outlives whoever committed it, until a note of the end takes its place.
        name != REACHED_FILE && [OWNER_FILE, RUN_FILE, REACHED_FILE].iter().any(is_of)
    })
}

/// Whether somebody has the directory.
pub(super) fn is_held(job_directory: &Path) -> Result<bool> {
    let path = job_directory.join(OWNER_FILE);
    if is_in_store(&path) {
        return Ok(is_there(&path)? && is_renewed(job_directory, LEASE_TERM, &Clock::of_machine())?);
    }
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(false),
        Err(error) => return Err(fail::read(&path, &error)),
    };
    match file.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(true),
        Err(TryLockError::Error(cause)) if has_no_locks(&cause) => {}
        Err(TryLockError::Error(cause)) => return Err(fail::read(&path, &cause)),
    }
    // Not longer than needed: who wants to lock it is kept from it.
    drop(file);
    is_renewed(job_directory, LEASE_TERM, &Clock::of_machine())
}

/// What became of an attempt to lock a file.
enum Locked {
    Here(File),
    /// Somebody else has it.
    Taken,
    /// The file system has no locks.
    Impossible(File),
}

#[allow(
    clippy::disallowed_methods,
    reason = "what looks at locks holds them for moments, and tells nobody when it is done"
)]
fn locked(path: &Path) -> Result<Locked> {
    for _ in 0..TRIES {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path) => return Ok(Locked::Here(file)),
            // The one who had it has cleared it away.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
            Err(TryLockError::Error(cause)) if has_no_locks(&cause) => {
                return Ok(Locked::Impossible(file));
            }
            Err(TryLockError::Error(cause)) => return Err(fail::write(path, cause)),
        }
    }
    Ok(Locked::Taken)
}

/// Opens the file, and makes it and its directory if need be: who had it may have cleared both away.
fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).read(true).write(true);
    let opened = options.open(path).or_else(|error| {
        let parent = path.parent().filter(|_| is_absent(&error)).ok_or(error)?;
        make_directory(parent)?;
        options.open(path)
    });
    opened.map_err(|cause| fail::write(path, cause))
}

/// Whether the error says that there are no locks on this file system, rather than that this one can't be had.
fn has_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported || error.raw_os_error() == Some(ENOLCK)
}

/// Whether the open file is the one that lies at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(lying)) = (file.metadata(), fs::metadata(path)) else {
        return false;
    };
    (open.dev(), open.ino()) == (lying.dev(), lying.ino())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Lock, Locking, OWNER_FILE, has_no_locks};

    #[test]
    fn another_directory_in_the_place_of_the_held_one_is_not_it() {
        let place = tempfile::tempdir().expect("a directory");
        let (held, away) = (place.path().join("held"), place.path().join("away"));
        let lock = Lock::try_take(held.clone(), Locking::File).expect("it can be taken");
        let lock = lock.expect("nobody has it");
        assert!(lock.check().is_ok());
        std::fs::rename(&held, &away).expect("it is taken away");
        assert_eq!(lock.check().expect_err("it is away").code(), "MS-3010");
        std::fs::create_dir(&held).expect("another one");
        std::fs::write(held.join(OWNER_FILE), "").expect("with the same file");
        assert_eq!(lock.check().expect_err("it is another").code(), "MS-3010");
        std::fs::remove_dir_all(&held).expect("it goes");
        std::fs::rename(&away, &held).expect("it is back");
        assert!(lock.check().is_ok());
    }

    #[test]
    fn file_systems_without_locks_are_told_from_locks_that_fail() {
        // EOPNOTSUPP, ENOSYS, ENOLCK; then EIO, EAGAIN, EACCES, ESTALE.
        for (number, expected) in [
            (95, true),
            (38, true),
            (37, true),
            (5, false),
            (11, false),
            (13, false),
            (116, false),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(has_no_locks(&error), expected, "{error}");
        }
    }
}
