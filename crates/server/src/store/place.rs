//! Whether the file that the records are written into is still the one of its name, and whether writes go.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use millstream_core::{Error, Result};
use rusqlite::{Connection, Transaction, ffi};
use tokio::time::Instant;

/// For so long a write that has gone stands for the next: whoever asks need no token, and each is one for the disk.
const STANDS: Duration = Duration::from_secs(1);

/// What helps where the file is another one, or none.
pub(super) const MOVED: &str = "put back what was taken away (a file, a mount); where it is gone, start the server again: jobs that run are taken up";

/// The file of the records.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// Device and inode of what was opened; `None`: they could not be told.
    opened: Option<(u64, u64)>,
    /// When a write was tried last, and why it did not go.
    tried: Mutex<Option<(Instant, Option<Failure>)>>,
    /// Whether it was told that records can't be written.
    is_told: AtomicBool,
}

impl Place {
    /// The file at `path`, which was just opened.
    pub(super) fn of(path: &Path) -> Self {
        let about = fs::metadata(path).ok();
        Self {
            path: path.to_path_buf(),
            opened: about.map(|about| (about.dev(), about.ino())),
            tried: Mutex::new(None),
            is_told: AtomicBool::new(false),
        }
    }

    /// Looks whether the file is still there. What is written into one that was taken away is lost with the server, though the system
    /// takes it.
    ///
    /// # Errors
    /// It was taken away, or another one is in its place.
    pub(super) fn check(&self) -> rusqlite::Result<()> {
        let present = match fs::metadata(&self.path) {
            Ok(about) => Some((about.dev(), about.ino())),
            Err(cause) if is_absent(cause.kind()) => None,
            // It can't be told at present.
            Err(_) => return Ok(()),
        };
        if self.opened.is_none() || present == self.opened {
            return Ok(());
        }
        self.tell(&super::failed("written", self.moved()));
        Err(self.moved())
    }

    /// Looks whether records can be read and written.
    ///
    /// # Errors
    /// They can't.
    pub(super) fn probe(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        self.check()?;
        connection.query_row("SELECT 1", [], |_| Ok(()))?;
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = tried
            .as_ref()
            .filter(|(at, _)| at.elapsed() < STANDS)
            .map(|(_, failure)| failure.clone());
        let failure = standing.unwrap_or_else(|| {
            let written = super::perform(connection, "NORMAL", write_again);
            let failure = written.err().map(failure_of);
            *tried = Some((Instant::now(), failure.clone()));
            failure
        });
        match failure {
            None => Ok(()),
            Some((code, message)) => Err(rusqlite::Error::SqliteFailure(code, Some(message))),
        }
    }

    /// Says once that records can't be written, and once that they can be again.
    pub(super) fn note(&self, probed: &Result<()>) {
        match probed {
            Err(error) => self.tell(error),
            Ok(()) if self.is_told.swap(false, Ordering::Relaxed) => {
                tracing::info!("The records of the server can be written again.");
            }
            Ok(()) => {}
        }
    }

    fn tell(&self, error: &Error) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::error!("The server is not ready, and takes no jobs and requests: {error}");
        }
    }

    fn moved(&self) -> rusqlite::Error {
        let path = self.path.display();
        let message = format!("{path} was taken away or replaced while the server runs");
        let code = ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED);
        rusqlite::Error::SqliteFailure(code, Some(message))
    }
}

/// What is kept of an error of SQLite: its code, and its words.
type Failure = (ffi::Error, String);

fn failure_of(cause: rusqlite::Error) -> Failure {
    match cause {
        rusqlite::Error::SqliteFailure(code, Some(message)) => (code, message),
        rusqlite::Error::SqliteFailure(code, None) => (code, code.to_string()),
        other => (ffi::Error::new(ffi::SQLITE_ERROR), other.to_string()),
    }
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Whether a write failed because the file is no longer the one of its name.
pub(super) fn is_moved(cause: &rusqlite::Error) -> bool {
    let code = cause.sqlite_error().map(|error| error.extended_code);
    code == Some(ffi::SQLITE_READONLY_DBMOVED)
}

/// Writes what stands there.
fn write_again(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    transaction.pragma_update(None, "user_version", version)
}
