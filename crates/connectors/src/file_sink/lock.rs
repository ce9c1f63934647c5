//! A writer's lock: whoever finds it free knows that the writer is gone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::Result;
use rustix::fs::{AtFlags, unlinkat};

use super::directory::{Directory, Failure};
use super::names::Names;
use super::spot::make_new;

/// Bytes of a lock file that are looked at: more than any name of a machine has.
const MACHINE_BYTES: u64 = 1024;

/// The lock of a living writer. Its file goes with it.
#[derive(Debug)]
pub(super) struct WriterLock {
    /// `None`: the file system has no locks.
    held: Option<(PathBuf, File)>,
}

impl WriterLock {
    /// Takes the lock of the writer that `names` names, in the first slot that is free, and writes down on which machine. `at`: the
    /// directory, open.
    ///
    /// # Errors
    /// The file can't be made.
    pub(super) fn take(
        at: &File,
        directory: &Directory,
        names: &mut Names,
    ) -> Result<Self, Failure> {
        loop {
            let name = names.lock();
            let path = directory.path().join(&name);
            match try_take(at, &name).map_err(|error| Failure::of("lock", &path, &error))? {
                Taken::Yes(file) => {
                    return Ok(Self {
                        held: Some((path, file)),
                    });
                }
                Taken::No => names.slot += 1,
                Taken::Unsupported => return Ok(Self { held: None }),
            }
        }
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        if let Some((path, file)) = self.held.take() {
            // What is removed while it is locked is in nobody's way.
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::debug!("{} can't be removed: {error}", path.display());
            }
            drop(file);
        }
    }
}

enum Taken {
    Yes(File),
    No,
    Unsupported,
}

fn try_take(at: &File, name: &str) -> io::Result<Taken> {
    let mut file = match make_new(at, name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Taken::No),
        file => file?,
    };
    match file.try_lock() {
        // Somebody may have taken the file for a leftover before it was locked.
        Ok(()) if file.metadata()?.nlink() == 0 => Ok(Taken::No),
        Ok(()) => {
            // On a full disk the lock is one all the same, and the first record says what is wrong.
            drop(file.write_all(machine().as_bytes()));
            Ok(Taken::Yes(file))
        }
        Err(TryLockError::WouldBlock) => Ok(Taken::No),
        Err(TryLockError::Error(error)) if is_unsupported(&error) => {
            unlinkat(at, name, AtFlags::empty())?;
            Ok(Taken::Unsupported)
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let known = [Errno::NOTSUP, Errno::NOSYS, Errno::NOLCK, Errno::INVAL];
    let number = error.raw_os_error();
    known
        .iter()
        .any(|errno| Some(errno.raw_os_error()) == number)
}

/// The name of this machine: locks taken on it are seen on it, on every file system. Empty where it can't be told.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.unwrap_or_default().trim_end().to_owned()
}

/// What is known of a writer from its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriterState {
    /// Somebody holds the lock.
    Alive,
    /// Nobody does, and it was taken on this machine: the writer is gone.
    Gone,
    /// Nobody seems to hold it, but it was taken on another machine, whose locks may not be seen from here.
    GoneElsewhere,
    /// There is no lock.
    Unknown,
}

/// Looks at the lock file of a writer.
///
/// # Errors
/// It can't be opened or tried.
pub(super) fn look_at(path: &Path) -> io::Result<WriterState> {
    // Opened for writing too, which network file systems want for a lock that excludes others.
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(WriterState::Unknown);
        }
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => {
            let mut taken_on = String::new();
            // What is no text is the name of no machine.
            let read = (&file).take(MACHINE_BYTES).read_to_string(&mut taken_on);
            let here = read.is_ok() && !taken_on.is_empty() && taken_on == machine();
            Ok(if here {
                WriterState::Gone
            } else {
                WriterState::GoneElsewhere
            })
        }
        Err(TryLockError::WouldBlock) => Ok(WriterState::Alive),
        Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(WriterState::Unknown),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
