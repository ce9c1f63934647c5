//! What files hold, piece by piece: SQLite takes no value of more than 10^9 bytes, and a large package is not to be held in memory.

use std::fs::File;
use std::io::{self, Read};

use rusqlite::{Connection, OptionalExtension, params};

/// The first piece of each file, with the digest of the whole of it, and the pieces behind that. Backups of versions before have no
/// table of those.
pub(super) const TABLES: &str = "
    CREATE TABLE backup_contents (id INTEGER PRIMARY KEY, digest TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
    CREATE TABLE backup_rest (content INTEGER NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (content, piece)) STRICT;
";

/// So long is a piece, in bytes.
const PIECE: u64 = 16 << 20;

/// Why the contents of a file could not be added.
pub(super) enum NotAdded {
    /// The file can't be read.
    Read(io::Error),
    /// The backup can't be written.
    Written(rusqlite::Error),
}

impl From<io::Error> for NotAdded {
    fn from(cause: io::Error) -> Self {
        Self::Read(cause)
    }
}

impl From<rusqlite::Error> for NotAdded {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Written(cause)
    }
}

/// Adds what a file holds, and answers its number.
pub(super) fn add(backup: &Connection, file: &File) -> Result<i64, NotAdded> {
    add_by(backup, file, PIECE)
}

/// The same in pieces of `length` bytes.
fn add_by(backup: &Connection, file: &File, length: u64) -> Result<i64, NotAdded> {
    let next = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let mut digest = blake3::Hasher::new();
    let first = next()?;
    digest.update(&first);
    backup.execute(
        "INSERT INTO backup_contents (digest, bytes) VALUES (?, ?)",
        params![shown(&digest), first],
    )?;
    let content = backup.last_insert_rowid();
    let mut piece = 1_i64;
    loop {
        let bytes = next()?;
        if bytes.is_empty() {
            break;
        }
        digest.update(&bytes);
        backup.execute(
            "INSERT INTO backup_rest (content, piece, bytes) VALUES (?, ?, ?)",
            params![content, piece, bytes],
        )?;
        piece += 1;
    }
    if piece > 1 {
        backup.execute(
            "UPDATE backup_contents SET digest = ? WHERE id = ?",
            params![shown(&digest), content],
        )?;
    }
    Ok(content)
}

fn shown(digest: &blake3::Hasher) -> String {
    digest.finalize().to_hex().to_string()
}

/// The contents of a backup, to be read.
pub(super) struct Contents<'a> {
    backup: &'a Connection,
    has_rest: bool,
}

impl<'a> Contents<'a> {
    /// Those of `backup`.
    pub(super) fn of(backup: &'a Connection) -> rusqlite::Result<Self> {
        let named = "SELECT count(*) FROM sqlite_schema WHERE name = 'backup_rest'";
        let named: i64 = backup.query_row(named, [], |row| row.get(0))?;
        Ok(Self {
            backup,
            has_rest: named > 0,
        })
    }

    /// A piece of what a file holds, the first of which is 0; `None`: there is none behind the one before.
    pub(super) fn piece(&self, content: i64, piece: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        let found = match piece {
            0 => self.backup.query_row(
                "SELECT bytes FROM backup_contents WHERE id = ?",
                params![content],
                |row| row.get(0),
            ),
            _ if self.has_rest => self.backup.query_row(
                "SELECT bytes FROM backup_rest WHERE content = ? AND piece = ?",
                params![content, piece],
                |row| row.get(0),
            ),
            _ => return Ok(None),
        };
        found.optional()
    }

    /// The digest of what a file holds.
    pub(super) fn digest(&self, content: i64) -> rusqlite::Result<String> {
        let mut digest = blake3::Hasher::new();
        let mut piece = 0;
        while let Some(bytes) = self.piece(content, piece)? {
            digest.update(&bytes);
            piece += 1;
        }
        Ok(shown(&digest))
    }
}

#[cfg(test)]
mod tests;
