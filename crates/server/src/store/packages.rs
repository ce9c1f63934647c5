//! The table of packages.

use std::path::PathBuf;

use rusqlite::{Connection, Row, Transaction, params};

use super::{from_json, json, signed, unsigned};
use crate::views::PackageView;

/// Writes a package. The built-in one is on no record.
pub(crate) fn save_package(
    transaction: &Transaction<'_>,
    package: &PackageView,
) -> rusqlite::Result<()> {
    let path = package.path.as_ref().map(|path| path.to_string_lossy());
    transaction.execute(
        "INSERT OR REPLACE INTO packages (id, name, uploaded, entries, path) VALUES (?, ?, ?, ?, ?)",
        params![
            package.id,
            package.name,
            signed(package.uploaded),
            json(&package.entries)?,
            path.unwrap_or_default(),
        ],
    )?;
    Ok(())
}

/// Takes a package off the record.
pub(crate) fn delete_package(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM packages WHERE id = ?", params![id])?;
    Ok(())
}

/// Every package, oldest first.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<PackageView>> {
    let mut statement = connection.prepare("SELECT * FROM packages ORDER BY uploaded, id")?;
    let rows = statement.query_map([], read)?;
    rows.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<PackageView> {
    Ok(PackageView {
        id: row.get("id")?,
        name: row.get("name")?,
        uploaded: unsigned(row.get("uploaded")?),
        entries: from_json(&row.get::<_, String>("entries")?)?,
        path: Some(PathBuf::from(row.get::<_, String>("path")?)),
    })
}
