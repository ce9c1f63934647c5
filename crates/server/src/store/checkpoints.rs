//! The table of checkpoints: the newest snapshots of each job that have ended.

use millstream_core::{CheckpointId, JobId};
use millstream_protocol::link::CheckpointReport;
use rusqlite::{Connection, Transaction, params};

use super::{from_json, json, signed};

/// Writes a snapshot that has ended, and takes those before `oldest` off the record.
pub(crate) fn save_checkpoint(
    transaction: &Transaction<'_>,
    job: JobId,
    report: &CheckpointReport,
    oldest: CheckpointId,
) -> rusqlite::Result<()> {
    let job = job.to_string();
    transaction.execute(
        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)",
        params![job, signed(report.id), json(report)?],
    )?;
    transaction.execute(
        "DELETE FROM checkpoints WHERE job = ? AND id < ?",
        params![job, signed(oldest)],
    )?;
    Ok(())
}

/// The snapshots of a job, oldest first.
pub(super) fn of(connection: &Connection, job: JobId) -> rusqlite::Result<Vec<CheckpointReport>> {
    let mut statement =
        connection.prepare("SELECT report FROM checkpoints WHERE job = ? ORDER BY id")?;
    let rows = statement.query_map(params![job.to_string()], |row| {
        from_json(&row.get::<_, String>(0)?)
    })?;
    rows.collect()
}
