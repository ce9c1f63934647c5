//! The table of checkpoints: the snapshots of each job that have ended and are remembered.

use millstream_core::JobId;
use millstream_protocol::link::CheckpointReport;
use rusqlite::{Connection, Transaction, params};

use super::{from_json, json, signed};

/// Writes a snapshot that has ended.
pub(crate) fn save_checkpoint(
    transaction: &Transaction<'_>,
    job: JobId,
    report: &CheckpointReport,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)",
        params![job.to_string(), signed(report.id), json(report)?],
    )?;
    Ok(())
}

/// Takes every snapshot of a job off the record but those of `kept`.
pub(crate) fn keep_checkpoints(
    transaction: &Transaction<'_>,
    job: JobId,
    kept: &[CheckpointReport],
) -> rusqlite::Result<()> {
    let kept: Vec<i64> = kept.iter().map(|report| signed(report.id)).collect();
    transaction.execute(
        "DELETE FROM checkpoints WHERE job = ? AND id NOT IN (SELECT value FROM json_each(?))",
        params![job.to_string(), json(&kept)?],
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
