//! The tables, and how a file of a former version becomes one of this.

use std::path::Path;
use std::time::Duration;

use millstream_core::{Error, Result, codes};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// What makes version n of version n-1; version 0 is an empty file. A step that was released never changes.
pub(super) const STEPS: &[&str] = &[FIRST, "ALTER TABLE jobs ADD COLUMN followed TEXT;"];

const FIRST: &str = "
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        package TEXT NOT NULL,
        accepted INTEGER NOT NULL,
        status TEXT NOT NULL,
        submitted INTEGER NOT NULL,
        ended INTEGER,
        modified INTEGER NOT NULL,
        timestamps TEXT NOT NULL,
        failures TEXT NOT NULL,
        totals TEXT NOT NULL,
        present TEXT NOT NULL,
        completed_up_to INTEGER,
        next_checkpoint INTEGER NOT NULL,
        launches INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE processes (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        pid INTEGER NOT NULL,
        started INTEGER NOT NULL,
        ended INTEGER,
        how TEXT,
        PRIMARY KEY (job, number)
    ) STRICT;
    CREATE TABLE checkpoints (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        id INTEGER NOT NULL,
        report TEXT NOT NULL,
        PRIMARY KEY (job, id)
    ) STRICT;
    CREATE TABLE operations (
        id TEXT PRIMARY KEY,
        job TEXT REFERENCES jobs (id) ON DELETE CASCADE,
        verb TEXT NOT NULL,
        parameters TEXT NOT NULL,
        request TEXT,
        requested INTEGER NOT NULL,
        ended INTEGER,
        result TEXT
    ) STRICT;
    CREATE INDEX operations_of_job ON operations (job);
    CREATE TABLE packages (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        uploaded INTEGER NOT NULL,
        entries TEXT NOT NULL,
        path TEXT NOT NULL
    ) STRICT;
";

/// Opens the file. Its log is not taken away with the last connection: where the memory beside it (`-shm`) can't be made or opened for
/// writing just then, SQLite takes the log for empty when it closes, and deletes it with all that was written since the last checkpoint.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Opens the file, sees that it is sound, and makes or mends its tables.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let failed = |cause: rusqlite::Error| {
        Error::new(
            &codes::RECORDS,
            format!("the records in {} can't be opened", path.display()),
        )
        .next(super::next_step(&cause))
        .cause(cause)
    };
    let mut connection = connect(path).map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    if let Some(what) = super::damage(&connection).map_err(failed)? {
        let message = format!("the records in {} are damaged: {what}", path.display());
        return Err(Error::new(&codes::RECORDS, message).next(super::DAMAGED));
    }
    let version: usize = connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map_err(failed)?
        .try_into()
        .unwrap_or(usize::MAX);
    let Some(steps) = STEPS.get(version..) else {
        return Err(Error::new(
            &codes::RECORDS,
            format!(
                "the records in {} are of version {version}, this server knows versions up to {}",
                path.display(),
                STEPS.len()
            ),
        )
        .next("start the version of Millstream that wrote them, or a newer one"));
    };
    if !steps.is_empty() {
        upgrade(&mut connection, steps).map_err(failed)?;
    }
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    // Answers the mode, so it can't be set like the others.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -2_000)
}

fn upgrade(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    let version = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}
