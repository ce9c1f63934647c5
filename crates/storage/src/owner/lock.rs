//! The lock of a job's directory: a locked file, or a lease, as always in a store.
//!
//! Who holds by one kind looks for holders of the other one. The one with the lock writes its note first and looks for a lease
//! then; the one with the lease makes that first and looks at the note then. So one of two sees the other.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use millstream_core::{Error, JobId, Result, codes};

use super::clock::Clock;
use super::lease::{self, Lease, Sight, is_renewed};
use super::note::{Held, Note, is_locked_by_note};
use super::{Holder, LEASE_TERM, Locking, owned};
use crate::absent::is_absent;
use crate::disk::{make_directory, read_if_there};
use crate::dispose::remove_directory;
use crate::fail;
use crate::files::{self, is_in_store};
use crate::names::{JOURNAL, OWNER_FILE, REACHED_FILE, RUN_FILE};
use crate::there::is_there;

/// Who looks whether a lock is held, holds it for a moment. So who wants it asks this often before it is refused …
const TRIES: u32 = 20;
/// … and waits this long in between.
const BETWEEN_TRIES: Duration = Duration::from_millis(10);
/// The system's number of "no locks available", for which there is no name of its own.
const ENOLCK: i32 = 37;

/// A job's directory that nobody else has. Dropped, it says that nobody has it.
#[derive(Debug)]
pub(crate) struct Lock {
    directory: PathBuf,
    /// Locked, unless there is a lease; `None`: in a store.
    file: Option<File>,
    lease: Option<Lease>,
    /// The lease that lay there when it was locked.
    stale: Option<Sight>,
    /// What it has written into the file: for whom it is held.
    noted: Option<Note>,
}

impl Lock {
    /// Takes the directory, and notes in it for whom.
    pub(super) fn take(directory: PathBuf, holder: &Holder, locking: Locking) -> Result<Self> {
        let Some(mut lock) = Self::try_take(directory.clone(), locking)? else {
            return Err(owned(&directory));
        };
        let path = directory.join(OWNER_FILE);
        let before = read_if_there(&path)?.unwrap_or_default();
        let held = match lock.lease {
            Some(_) => Held::Lease,
            None => Held::Lock,
        };
        let note = Note::of_this_process(holder, held);
        let written = text(&note).and_then(|text| lock.write(&text));
        written.map_err(|cause| fail::write(&path, cause))?;
        // Who can't lock may have taken a lease meanwhile, without having seen the note.
        let lease = lease::highest(&directory)?;
        if lock.lease.is_none() && lease.is_some_and(|lease| !lease.is_still(lock.stale)) {
            lock.write(&before)
                .map_err(|cause| fail::write(&path, cause))?;
            return Err(owned(&directory));
        }
        if let Some(stale) = lock.stale.filter(|_| lock.lease.is_none()) {
            // Nobody renews it, and whoever wakes up and would do so is told by the note. The next one need not watch it again.
            lease::remove(&directory, stale);
        }
        lock.noted = Some(note);
        Ok(lock)
    }

    /// Takes the directory, without a word to others. `None`: somebody has it.
    pub(crate) fn try_take(directory: PathBuf, locking: Locking) -> Result<Option<Self>> {
        make_directory(&directory).map_err(|cause| fail::write(&directory, cause))?;
        let path = directory.join(OWNER_FILE);
        let (file, term) = match locking {
            Locking::Lease { term } => (None, Some(term)),
            Locking::File if is_in_store(&path) => (None, Some(LEASE_TERM)),
            Locking::File => match locked(&path)? {
                Locked::Taken => return Ok(None),
                Locked::Here(file) => (Some(file), None),
                Locked::Impossible(file) => (Some(file), Some(LEASE_TERM)),
            },
        };
        let file = match file {
            None if !is_in_store(&path) => Some(open(&path)?),
            file => file,
        };
        let Some(term) = term else {
            let stale = lease::highest(&directory)?;
            // Somebody whose file system, or version of it, knows no locks may have a lease.
            if is_renewed(&directory, LEASE_TERM, &Clock::of_machine())? {
                return Ok(None);
            }
            return Ok(Some(Self {
                directory,
                file,
                lease: None,
                stale,
                noted: None,
            }));
        };
        // A lock is not seen from here; its holder has no lease to watch.
        if file.is_some() && is_locked_by_note(&directory)? {
            return Ok(None);
        }
        let Some(lease) = Lease::take(&directory, term, &Clock::of_machine())? else {
            return Ok(None);
        };
        if file.is_some() && is_locked_by_note(&directory)? {
            return Ok(None);
        }
        Ok(Some(Self {
            directory,
            file,
            lease: Some(lease),
            stale: None,
            noted: None,
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
        self.lease.as_ref().map_or(Ok(()), Lease::check)?;
        if self.file.is_some() {
            return self.check_note(&path);
        }
        // In a store the lease alone tells, as long as it can.
        if let Some(lease) = self.lease.as_ref().filter(|lease| lease.is_doubted()) {
            self.check_note(&path)?;
            lease.trust();
        }
        Ok(())
    }

    /// Checks that nobody else has noted that the directory is theirs.
    fn check_note(&self, path: &Path) -> Result<()> {
        let Some(noted) = &self.noted else {
            return Ok(());
        };
        let bytes = read_if_there(path)?.unwrap_or_default();
        let own = text(noted).map_err(|cause| fail::read(path, &cause))?;
        if bytes == own {
            return Ok(());
        }
        let directory = self.directory.display();
        let (code, message) = match serde_json::from_slice::<Note>(&bytes) {
            // Whoever has a lease may have looked while somebody who gives way has a note there: the lease tells soon. In a store
            // nobody writes it who has no lease.
            Ok(other) if self.lease.is_some() && self.file.is_some() => (
                &codes::OWNERSHIP_LOST,
                format!(
                    "the checkpoints in {directory} are noted as those of {}",
                    other.holder
                ),
            ),
            Ok(other) => (
                &codes::OWNERSHIP_TAKEN,
                format!(
                    "the checkpoints in {directory} were taken by {}",
                    other.holder
                ),
            ),
            // Half of what the other one writes, or damage.
            Err(_) => (
                &codes::OWNERSHIP_LOST,
                format!("another process has written into {}", path.display()),
            ),
        };
        Err(Error::new(code, message)
            .next("start the job again with -s latest, unless that one runs by now"))
    }

    /// Says that its holder has ended and is not started again.
    pub(super) fn say_ended(&mut self) -> Result<()> {
        self.release(Held::Ended)
            .map_err(|cause| fail::write(&self.directory.join(OWNER_FILE), cause))
    }

    /// Says that `job`, which had the directory last and could not do so itself, has ended.
    pub(super) fn say_over(mut self, job: JobId) -> Result<()> {
        let note = Note::in_directory(&self.directory)?;
        let open = note.filter(|note| note.holder.job_id == job && note.held != Some(Held::Ended));
        let Some(note) = open else {
            return Ok(());
        };
        let path = self.directory.join(OWNER_FILE);
        let written = text(&note.released(Held::Ended)).and_then(|text| self.write(&text));
        written.map_err(|cause| fail::write(&path, cause))
    }

    /// Says that the directory is held no more, if the note is its own still.
    fn release(&mut self, held: Held) -> io::Result<()> {
        let Some(noted) = self.noted.take() else {
            return Ok(());
        };
        let (own, released) = (text(&noted)?, text(&noted.released(held))?);
        let Some(file) = &mut self.file else {
            // The lease goes, which alone tells in a store; but for who has ended.
            return match held {
                Held::Ended => files::put(&self.directory.join(OWNER_FILE), &released),
                _ => Ok(()),
            };
        };
        // By the open file: the directory may be away, or at another place.
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        match bytes == own {
            true => self.write(&released),
            false => Ok(()),
        }
    }

    /// Written into the file that is locked: one put in its place would not be. What was there is written over, so that a full
    /// disk leaves it.
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return files::put(&self.directory.join(OWNER_FILE), text);
        };
        file.rewind()?;
        file.write_all(text)?;
        file.set_len(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
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

impl Drop for Lock {
    fn drop(&mut self) {
        // What can't be written leaves the note of a process that ends some time.
        drop(self.release(Held::Nobody));
    }
}

fn text(note: &Note) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec_pretty(note)?)
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
        Err(TryLockError::Error(cause)) if has_no_locks(&cause) => {
            if is_locked_by_note(job_directory)? {
                return Ok(true);
            }
        }
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
    use std::time::Duration;

    use millstream_core::{JobId, Lineage};

    use super::{Held, Holder, Lock, Locking, Note, OWNER_FILE, has_no_locks, text};
    use crate::owner::process::Process;

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

    fn holder(number: u8) -> Holder {
        Holder {
            job_id: JobId::from_bytes([number; 16]),
            job_name: "orders".to_owned(),
            lineage: Lineage::fresh(1),
            what: "pid 7 on host".to_owned(),
            since: 0,
            is_alone: false,
        }
    }

    #[test]
    fn a_note_of_somebody_else_says_that_the_directory_is_lost() {
        let place = tempfile::tempdir().expect("a directory");
        let own = place.path().join("held");
        let lock = Lock::take(own.clone(), &holder(1), Locking::File).expect("free");
        assert!(lock.check().is_ok());
        let other = Note::of_this_process(&holder(2), Held::Lease);
        let written = text(&other).expect("JSON");
        std::fs::write(own.join(OWNER_FILE), &written).expect("writable");
        let error = lock.check().expect_err("it is another's");
        assert_eq!(error.code(), "MS-3018");
        assert!(error.message().contains("0202"), "{error}");
        drop(lock);
        let left = std::fs::read(own.join(OWNER_FILE)).expect("readable");
        assert_eq!(left, written, "what somebody else says stays");
    }

    #[test]
    fn a_lease_that_a_dead_holder_has_left_is_watched_once() {
        let place = tempfile::tempdir().expect("a directory");
        let own = place.path().join("held");
        std::fs::create_dir(&own).expect("made");
        let process = Process::own().expect("the system tells").to_string();
        let (start, began) = process.rsplit_once(' ').expect("when it began");
        let began: u64 = began.parse().expect("a number");
        let left = own.join("_owner-lease-3");
        std::fs::write(&left, format!("7 {start} {}", began + 1)).expect("written");
        let lock = Lock::take(own, &holder(1), Locking::File).expect("its holder is dead");
        assert!(!left.exists());
        lock.check().expect("it is held");
    }

    #[test]
    fn who_has_no_lock_is_told_by_the_note_of_who_has() {
        let place = tempfile::tempdir().expect("a directory");
        let own = place.path().join("held");
        let lease = Locking::Lease {
            term: Duration::from_millis(50),
        };
        let lock = Lock::take(own.clone(), &holder(1), Locking::File).expect("free");
        let error = Lock::take(own.clone(), &holder(2), lease).expect_err("locked");
        assert_eq!(error.code(), "MS-3011");
        drop(lock);
        Lock::take(own, &holder(2), lease).expect("free, and said to be");
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
