//! The table of processes: every process that was started for a job, and how it ended.

use millstream_core::JobId;
use rusqlite::{Transaction, params};

use super::signed;

/// Notes the start of a process; `number` counts the processes of the job from 1.
pub(crate) fn process_started(
    transaction: &Transaction<'_>,
    job: JobId,
    number: u32,
    pid: u32,
    now: u64,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT OR REPLACE INTO processes (job, number, pid, started) VALUES (?, ?, ?, ?)",
        params![job.to_string(), number, pid, signed(now)],
    )?;
    Ok(())
}

/// Notes how a process ended, in one line.
pub(crate) fn process_ended(
    transaction: &Transaction<'_>,
    job: JobId,
    number: u32,
    now: u64,
    how: &str,
) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE processes SET ended = ?, how = ? WHERE job = ? AND number = ?",
        params![signed(now), how, job.to_string(), number],
    )?;
    Ok(())
}
