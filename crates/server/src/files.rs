//! Files that survive a crash of the machine whole, or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use millstream_core::{Error, Result, codes};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What can't be done with a file or directory of the server.
pub(crate) fn unusable(
    path: &Path,
    verb: &str,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    let path = path.display();
    Error::new(&codes::SERVER_DIRECTORY, format!("{path} can't be {verb}"))
        .cause(cause.into())
        .next("see that it belongs to the user of the server, and that its disk is not full")
}

/// Makes a directory that only its owner can look into, with those above it.
pub(crate) fn make_directory(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|cause| unusable(path, "created", cause))
}

/// Puts `value` in place as JSON that only its owner can read.
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec(value).map_err(|cause| unusable(path, "written", cause))?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(temporary)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(temporary, path)?;
        path.parent().map_or(Ok(()), sync)
    };
    written().map_err(|cause| unusable(path, "written", cause))
}

/// Makes what was put into or taken from a directory last.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Reads JSON; `None`: there is no such file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unusable(path, "read", cause)),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|cause| unusable(path, "understood", cause))
}

/// Removes a file if it is there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(unusable(path, "deleted", cause)),
        _ => Ok(()),
    }
}

/// Whether a process holds the lock of a file. Holding it for the moment of the question could get in the way of a
/// process that starts, so ask only where none does.
pub(crate) fn is_locked(path: &Path) -> Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(unusable(path, "opened", cause)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(fs::TryLockError::WouldBlock) => Ok(true),
        Err(fs::TryLockError::Error(cause)) => Err(unusable(path, "locked", cause)),
    }
}
