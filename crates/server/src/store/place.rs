//! The files that the records are written into, as they were opened.
//!
//! SQLite writes through what it has open, and asks for no name again: what it writes into a log (`-wal`) that was taken away is lost
//! with the server, though every write goes. With an index (`-shm`) taken away nothing is lost, but who opens the records next makes
//! another one, and neither sees the other's locks.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::ffi;

use super::named::Named;

/// What helps where the file is another one, or none.
pub(super) const MOVED: &str = "put back what was taken away (a file, a mount); where it is gone, start the server again: jobs that run are taken up";

/// The files of the records; `None`: it could not be told which one it is.
#[derive(Debug)]
pub(super) struct Place {
    database: Option<Named>,
    log: Option<Named>,
    index: Option<Named>,
}

impl Place {
    /// The file at `path` and those beside it, which were just opened.
    pub(super) fn of(path: &Path) -> Self {
        // SQLite puts them beside the file itself, where the name is that of a link.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let beside = |ending: &str| {
            let mut name = OsString::from(&real);
            name.push(ending);
            Named::held(PathBuf::from(name))
        };
        Self {
            database: Named::held(path.to_path_buf()),
            log: beside("-wal"),
            index: beside("-shm"),
        }
    }

    /// Whether the database itself was taken away, or another one is in its place.
    pub(super) fn is_database_displaced(&self) -> bool {
        self.database.as_ref().is_some_and(Named::is_displaced)
    }

    /// The file beside the database that was taken away or replaced.
    pub(super) fn displaced_beside(&self) -> Option<&Path> {
        let mut beside = [&self.log, &self.index].into_iter().flatten();
        beside.find(|file| file.is_displaced()).map(Named::path)
    }

    /// Makes the files beside the database such that it can be opened anew, and nothing is missing: as they are after a server was
    /// killed. The log is not written into the database instead: a server that dies at that leaves half of it there, and the rest
    /// nowhere.
    pub(super) fn put_back(&self) -> io::Result<()> {
        let displaced = |file: &&Named| file.is_displaced();
        if let Some(log) = self.log.as_ref().filter(displaced) {
            log.put_back()?;
        }
        // One that somebody else has made since knows nothing of the log; SQLite makes it anew from that.
        match self.index.as_ref().filter(displaced) {
            Some(index) => remove(index.path()),
            None => Ok(()),
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

/// Whether a write failed because the file is no longer the one of its name.
pub(super) fn is_moved(cause: &rusqlite::Error) -> bool {
    let code = cause.sqlite_error().map(|error| error.extended_code);
    code == Some(ffi::SQLITE_READONLY_DBMOVED)
}
