//! Digests of what a backup holds, so that a damaged one is known before anything of it is put anywhere.
//!
//! Each file's content has its own beside it; one is of all records and of the list of files. Backups of versions before have none:
//! of them it is known only whether the database is sound.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

use super::contents::Contents;
use crate::store;

/// Where the digest of all rows is.
pub(super) const TABLE: &str = "
    DROP TABLE IF EXISTS backup_digest;
    CREATE TABLE backup_digest (digest TEXT NOT NULL) STRICT;
";

/// Notes the digest of all rows; nothing is to be changed after that.
pub(super) fn note(backup: &Connection) -> rusqlite::Result<()> {
    let digest = of_rows(backup)?;
    backup
        .execute(
            "INSERT INTO backup_digest (digest) VALUES (?)",
            params![digest],
        )
        .map(drop)
}

/// What is damaged in a backup; `None`: nothing.
pub(super) fn damage(backup: &Connection) -> rusqlite::Result<Option<String>> {
    if let Some(what) = store::damage(backup)? {
        return Ok(Some(what));
    }
    let has_digests = "SELECT count(*) FROM sqlite_schema WHERE name = 'backup_digest'";
    if backup.query_row(has_digests, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(None);
    }
    let noted = backup
        .query_row("SELECT digest FROM backup_digest", [], |row| row.get(0))
        .optional()?;
    if noted != Some(of_rows(backup)?) {
        return Ok(Some(
            "its records are not those that were written".to_owned(),
        ));
    }
    let contents = Contents::of(backup)?;
    let noted = "SELECT path, id, digest FROM backup_contents JOIN backup_files ON content = id GROUP BY id";
    let mut statement = backup.prepare(noted)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if row.get::<_, String>("digest")? != contents.digest(row.get("id")?)? {
            let path: String = row.get("path")?;
            return Ok(Some(format!(
                "the file {path} in it is not the one that was written"
            )));
        }
    }
    Ok(None)
}

/// The digest of the rows of every table; of the contents of files their digests stand for them.
fn of_rows(backup: &Connection) -> rusqlite::Result<String> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'backup_digest' ORDER BY name";
    let mut names = backup.prepare(names)?;
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut hasher = blake3::Hasher::new();
    for name in names {
        let columns = match name.as_str() {
            "backup_contents" => "id, digest",
            "backup_rest" => "content, piece",
            _ => "*",
        };
        add(&mut hasher, 'n', name.as_bytes());
        let rows = format!("SELECT {columns} FROM \"{name}\" ORDER BY rowid");
        let mut statement = backup.prepare(&rows)?;
        let count = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..count {
                match row.get_ref(column)? {
                    ValueRef::Null => add(&mut hasher, '-', &[]),
                    ValueRef::Integer(value) => add(&mut hasher, 'i', &value.to_le_bytes()),
                    ValueRef::Real(value) => add(&mut hasher, 'r', &value.to_le_bytes()),
                    ValueRef::Text(value) => add(&mut hasher, 't', value),
                    ValueRef::Blob(value) => add(&mut hasher, 'b', value),
                }
            }
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Adds a value with its kind and length: no two rows that differ look the same.
fn add(hasher: &mut blake3::Hasher, kind: char, value: &[u8]) {
    hasher.update(&[kind as u8]);
    hasher.update(&(value.len() as u64).to_le_bytes());
    hasher.update(value);
}
