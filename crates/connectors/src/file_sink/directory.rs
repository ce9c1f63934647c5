//! The target directory: which one it is, and the few operations on it that must survive a crash.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, codes};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

use super::disk_error;
use super::spot::{self, Spot};
use super::stand::{self, Own, Stands};

/// A directory that exists, by its absolute path.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    path: PathBuf,
    spot: Spot,
    own: Own,
}

impl Directory {
    /// The directory `path`, made if it is missing, with all above it. `own`: whose files tell that it is this one.
    ///
    /// # Errors
    /// It can't be made, made durable or looked at.
    pub(super) fn create(path: &Path, own: Own) -> Result<Self> {
        let failed = |error: io::Error| disk_error("make the directory", path, &error);
        make(path).map_err(failed)?;
        Self::existing(path, own)
    }

    /// The directory `path`, which is there.
    ///
    /// # Errors
    /// It is not, or can't be reached.
    pub(super) fn existing(path: &Path, own: Own) -> Result<Self> {
        let failed = |error: io::Error| disk_error("open the directory", path, &error);
        let path = path.canonicalize().map_err(failed)?;
        if path.to_str().is_none() {
            let message = format!("the path {} is not UTF-8", path.display());
            return Err(Error::new(&codes::SINK_WRITE, message)
                .next("give a path that a snapshot can hold as text"));
        }
        let (_, spot) = spot::open(&path).map_err(failed)?;
        Ok(Self { path, spot, own })
    }

    /// The absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Which directory it was when it was opened, and on what.
    pub(super) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// What it is to the one before.
    ///
    /// # Errors
    /// It stands for one that is not mounted, or can't be looked at.
    pub(super) fn check(&self, before: &Spot) -> Result<Stands> {
        let failed = |error: io::Error| disk_error("list the directory", &self.path, &error);
        let stands = stand::judge(&self.path, before, &self.spot, &self.own);
        match stands.map_err(failed)? {
            Stands::Unmounted => Err(self.own.unmounted(&self.path)),
            stands => Ok(stands),
        }
    }

    /// Opens it, to reach what is in it by its name.
    ///
    /// # Errors
    /// It is absent, or another one has its path.
    pub(super) fn open(&self) -> Result<File, Failure> {
        match self.look()? {
            (directory, _, Stands::Same) => Ok(directory),
            _ => Err(self.replaced()),
        }
    }

    /// The same; a disk that was mounted again under another number is taken for the one before. That is for those who have nothing in it
    /// that is not prepared.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub(super) fn reopen(&mut self) -> Result<File, Failure> {
        match self.look()? {
            (directory, _, Stands::Same) => Ok(directory),
            // What was a disk and is none is written to by a new attempt, which notes that.
            (directory, spot, Stands::Back) if spot.is_root == self.spot.is_root => {
                self.spot = spot;
                Ok(directory)
            }
            _ => Err(self.replaced()),
        }
    }

    /// What has its path now, and what that is to it; never one that stands for it while it is not mounted.
    fn look(&self) -> Result<(File, Spot, Stands), Failure> {
        let failed = |error: io::Error| Failure::of("open the directory", &self.path, &error);
        let (directory, spot) = spot::open(&self.path).map_err(failed)?;
        match stand::judge(&self.path, &self.spot, &spot, &self.own).map_err(failed)? {
            Stands::Unmounted => Err(Failure::Unmounted(self.own.unmounted(&self.path))),
            stands => Ok((directory, spot, stands)),
        }
    }

    fn replaced(&self) -> Failure {
        let message = format!(
            "another directory has taken the place of {}",
            self.path.display()
        );
        let error = Error::new(&codes::SINK_WRITE, message)
            .next("leave the directory where it is; the job goes on from its newest snapshot");
        Failure::Other(error)
    }

    /// Makes what was created and renamed in the directory durable. `at`: the directory, open.
    ///
    /// # Errors
    /// It can't be synced, or another directory has come in its place, where none of it is.
    pub(super) fn sync(&self, at: &File) -> Result<(), Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat(at, ".", flags, Mode::empty())
            .map_err(|error| Failure::of("sync the directory", &self.path, &error.into()))?;
        // Not to be tried again: what one sync could not write, the next one says nothing of.
        File::from(directory).sync_all().map_err(|error| {
            Failure::Other(disk_error("sync the directory", &self.path, &error))
        })?;
        self.open().map(drop)
    }
}

/// Why something in a directory of this machine is not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something is not there, or does not answer: the directory may be away.
    Absent(Error),
    /// Another directory stands for it: its disk is not mounted.
    Unmounted(Error),
    /// Anything else: it fails the attempt.
    Other(Error),
}

impl Failure {
    /// What an error of the system means for the file or directory `path`.
    pub(super) fn of(doing: &str, path: &Path, error: &io::Error) -> Self {
        let said = disk_error(doing, path, error);
        match is_absence(error) {
            true => Self::Absent(said),
            false => Self::Other(said),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Absent(error) | Failure::Unmounted(error) | Failure::Other(error) => error,
        }
    }
}

/// Why a directory, or what it lies on, is away: who holds nothing there waits for it. `None`: it has its path, or the path is wrong.
pub(super) fn away(path: &Path) -> Option<io::Error> {
    path.metadata().err().filter(is_away)
}

/// Why a directory is absent: that is waited for also by who holds a file there.
pub(super) fn absent(path: &Path) -> Option<io::Error> {
    path.metadata().err().filter(is_absence)
}

/// Whether an error says that something is not there, or that its server does not answer. A disk that fails (EIO) and a FUSE process that is
/// gone (ENOTCONN) are away too, but can be mounted again only when nobody holds a file there.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    let is_down = Some(Errno::HOSTDOWN.raw_os_error());
    let is_of_kind = matches!(
        error.kind(),
        Kind::NotFound
            | Kind::StaleNetworkFileHandle
            | Kind::TimedOut
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
    );
    is_of_kind || error.raw_os_error() == is_down
}

/// Whether an error says more than that a path is wrong or may not be looked at.
fn is_away(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    let of_the_path = matches!(
        error.kind(),
        Kind::PermissionDenied | Kind::NotADirectory | Kind::InvalidInput | Kind::InvalidFilename
    );
    let loops = Some(Errno::LOOP.raw_os_error());
    !of_the_path && error.raw_os_error() != loops
}

/// What to do about a directory that is away while nothing in it is to be committed.
pub(super) const MOUNT: &str =
    "mount it or bring it back; if it is gone for good, make an empty one";

/// So many links to what is missing are followed: as many as the system follows at all.
const LINKS: usize = 40;

/// Where a path would lead if what is missing of it were there. A link to what is missing leads there all the same.
pub(super) fn resolve(path: &Path) -> PathBuf {
    let mut path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for _ in 0..LINKS {
        let Some((found, missing)) = divide(&path) else {
            break;
        };
        let mut behind = missing.components();
        let Some(first) = behind.next() else {
            return found;
        };
        let Ok(target) = fs::read_link(found.join(first)) else {
            return found.join(missing);
        };
        let mut linked = found.join(target);
        linked.extend(behind);
        path = linked;
    }
    path
}

/// Where the longest beginning of a path leads that is there, and what is missing behind it.
fn divide(path: &Path) -> Option<(PathBuf, &Path)> {
    path.ancestors().find_map(|above| {
        let found = above.canonicalize().ok()?;
        Some((found, path.strip_prefix(above).ok()?))
    })
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

#[cfg(test)]
mod tests;
