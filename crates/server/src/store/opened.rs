//! The connection to the records. Nothing is written through it while its files are not those of their names.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, ffi};
use tokio::time::Instant;

use super::place::Place;
use super::reserve::Reserve;
use super::{failed, schema};

/// For so long a try stands for the next: whoever ask need no token, and each is one for the disk.
const STANDS: Duration = Duration::from_secs(1);
/// So often the files are looked at where nobody writes: what stands in a log that was taken away is lost with the server.
pub(super) const LOOKS: Duration = Duration::from_secs(1);

/// What helps whoever takes away what is not to be touched.
const LEAVE: &str = "it was put back, and no record is lost: leave the files beside millstream.db alone while a server runs";

/// What is kept of an error of SQLite: its code, and its words.
type Failure = (ffi::Error, String);

/// The records, opened.
pub(super) struct Opened {
    path: PathBuf,
    connection: Connection,
    place: Place,
    /// When a write was tried last, and why it did not go.
    tried: Option<(Instant, Option<Failure>)>,
    /// When the files were last to be put back, and why they could not be. Each try copies the log, and has it come to disk.
    unmended: Option<(Instant, Failure)>,
    /// When the files were last looked at for their own sake.
    looked: Option<Instant>,
    /// Whether it was told that records can't be written.
    is_told: bool,
}

impl Opened {
    /// What was just opened at `path`.
    pub(super) fn over(path: &Path, connection: Connection) -> Self {
        Self {
            path: path.to_path_buf(),
            connection,
            place: Place::of(path),
            tried: None,
            unmended: None,
            looked: None,
            is_told: false,
        }
    }

    /// The connection, for reading.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Writes in one transaction.
    ///
    /// # Errors
    /// It was not written.
    pub(super) fn perform<T>(
        &mut self,
        synchronous: &str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.check()?;
        // Such a connection begins a write without complaint.
        let mut is_anew = self.connection.is_readonly(rusqlite::MAIN_DB)?;
        if is_anew {
            self.open_anew()?;
        }
        loop {
            let connection = &mut self.connection;
            connection.pragma_update(None, "synchronous", synchronous)?;
            match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
                Ok(transaction) => {
                    let result = work(&transaction)?;
                    transaction.commit()?;
                    return Ok(result);
                }
                // Not the file, but the log beside it may be read alone, which only a write finds out.
                Err(cause)
                    if !is_anew && cause.sqlite_error_code() == Some(ErrorCode::ReadOnly) =>
                {
                    is_anew = true;
                }
                Err(cause) => return Err(cause),
            }
            self.open_anew()?;
        }
    }

    /// Looks whether records can be read and written.
    ///
    /// # Errors
    /// They can't. It is told once.
    pub(super) fn probe(&mut self, reserve: &Reserve) -> Result<()> {
        let tried = self.try_write(reserve);
        match tried.map_err(|cause| failed("written", cause)) {
            Err(error) => {
                self.tell(&error);
                Err(error)
            }
            Ok(()) => {
                if std::mem::take(&mut self.is_told) {
                    tracing::info!("The records of the server can be written again.");
                }
                Ok(())
            }
        }
    }

    /// Looks at the files from time to time, and whether records can be written again where they could not. What is wrong is told.
    pub(super) fn look(&mut self, reserve: &Reserve) {
        if self.looked.is_some_and(|at| at.elapsed() < LOOKS) {
            return;
        }
        self.looked = Some(Instant::now());
        if self.is_told {
            drop(self.probe(reserve));
        } else {
            drop(self.check());
        }
    }

    /// Has what stands in the log written into the file, at the end: whoever copies the file alone has all then. What can't be stays in
    /// the log, which goes nowhere.
    pub(super) fn settle(mut self) {
        // What was taken away since the last look would be missing where the log can't be written into the file, and half of it would
        // stand there if the server died at that.
        self.try_anew();
        let settled = self.check().and_then(|()| {
            let into_file = "PRAGMA wal_checkpoint(TRUNCATE)";
            self.connection.query_row(into_file, [], |_| Ok(()))
        });
        if let Err(cause) = settled {
            tracing::debug!("The log of the records stays as it is: {cause}");
        }
    }

    /// What kept the files from being put back may be gone: the next try is made at once.
    pub(super) fn try_anew(&mut self) {
        self.unmended = None;
    }

    /// Looks whether the files are still there. What is written into one that was taken away is lost with the server, though the system
    /// takes it. What was beside the database is put back.
    fn check(&mut self) -> rusqlite::Result<()> {
        let Err(failure) = self.mend() else {
            return Ok(());
        };
        self.tell(&failed("written", cause_of(failure.clone())));
        Err(cause_of(failure))
    }

    fn mend(&mut self) -> Result<(), Failure> {
        if self.place.is_database_displaced() {
            let code = ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED);
            return Err((code, displaced(&self.path)));
        }
        let Some(lost) = self.place.displaced_beside().map(displaced) else {
            return Ok(());
        };
        if let Some(failure) = standing(self.unmended.as_ref()) {
            return Err(failure);
        }
        let mended = self.put_back(lost);
        let failure = mended.as_ref().err().cloned();
        self.unmended = failure.map(|failure| (Instant::now(), failure));
        mended
    }

    /// Puts back what was `lost` beside the database, and goes on with that.
    fn put_back(&mut self, lost: String) -> Result<(), Failure> {
        self.place.put_back().map_err(|cause| {
            let code = match cause.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ffi::SQLITE_FULL,
                _ => ffi::SQLITE_IOERR,
            };
            let message = format!("{lost}, and can't be put back: {cause}");
            (ffi::Error::new(code), message)
        })?;
        self.open_anew().map_err(failure_of)?;
        let is_stand_in = self.connection.is_readonly(rusqlite::MAIN_DB);
        if is_stand_in.map_err(failure_of)? {
            let code = ffi::Error::new(ffi::SQLITE_CANTOPEN);
            return Err((code, format!("{lost}, and can't be opened anew")));
        }
        tracing::error!("{}", Error::new(&codes::RECORDS, lost).next(LEAVE));
        Ok(())
    }

    /// Makes the connection anew: SQLite opens a file for reading alone where the disk refuses more just then, and keeps to it when the
    /// disk is well again; and it keeps to files that were taken away.
    fn open_anew(&mut self) -> rusqlite::Result<()> {
        // All connections of a process share what SQLite has open beside the file: the old one has to be closed before. What stands in
        // for it until the next try may not write, so nothing is lost in it.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        self.connection = Connection::open_with_flags(&self.path, flags)?;
        if let Ok(opened) = schema::open(&self.path) {
            self.connection = opened;
            self.place = Place::of(&self.path);
        }
        Ok(())
    }

    fn try_write(&mut self, reserve: &Reserve) -> rusqlite::Result<()> {
        self.check()?;
        self.connection.query_row("SELECT 1", [], |_| Ok(()))?;
        // What is asked by anybody, as often as they like, takes nothing of what is kept for cancels and stops.
        if reserve.is_needed() {
            let message = "the disk of the data directory is full, but for what ends jobs";
            let code = ffi::Error::new(ffi::SQLITE_FULL);
            return Err(cause_of((code, message.to_owned())));
        }
        let failure = standing(self.tried.as_ref()).unwrap_or_else(|| {
            let written = self.perform("NORMAL", write_again);
            let failure = written.err().map(failure_of);
            self.tried = Some((Instant::now(), failure.clone()));
            failure
        });
        failure.map_or(Ok(()), |failure| Err(cause_of(failure)))
    }

    /// Says once that records can't be written.
    fn tell(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.is_told, true) {
            tracing::error!("The server is not ready, and takes no jobs and requests: {error}");
        }
    }
}

/// What a try has come to, where it stands for the next one.
fn standing<T: Clone>(tried: Option<&(Instant, T)>) -> Option<T> {
    let tried = tried.filter(|(at, _)| at.elapsed() < STANDS);
    tried.map(|(_, outcome)| outcome.clone())
}

fn displaced(path: &Path) -> String {
    let path = path.display();
    format!("{path} was taken away or replaced while the server runs")
}

fn failure_of(cause: rusqlite::Error) -> Failure {
    match cause {
        rusqlite::Error::SqliteFailure(code, Some(message)) => (code, message),
        rusqlite::Error::SqliteFailure(code, None) => (code, code.to_string()),
        other => (ffi::Error::new(ffi::SQLITE_ERROR), other.to_string()),
    }
}

fn cause_of((code, message): Failure) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(code, Some(message))
}

/// Writes what stands there.
fn write_again(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    transaction.pragma_update(None, "user_version", version)
}
