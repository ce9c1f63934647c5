//! Records that come from a backup.

use std::path::Path;

use millstream_core::{JobStatus, Result, codes};
use millstream_protocol::link::FailureReport;
use millstream_protocol::supervision::end_of;
use rusqlite::Connection;

use super::{end_operation, failed, jobs, operations, save_job, schema};

/// Notes of every job that had not ended that it has FAILED, because of `why`, and with it what was asked of it.
///
/// # Errors
/// The records can't be read or written.
pub(crate) fn end_open_jobs(path: &Path, now: u64, why: &str) -> Result<()> {
    let mut connection = schema::open(path)?;
    end_all(&mut connection, now, why).map_err(|cause| failed("written", cause))
}

fn end_all(connection: &mut Connection, now: u64, why: &str) -> rusqlite::Result<()> {
    let open: Vec<_> = jobs::all(connection)?
        .into_iter()
        .filter(|job| job.ended.is_none())
        .collect();
    let asked = operations::all(connection)?;
    let transaction = connection.transaction()?;
    for mut job in open {
        job.failures.push(FailureReport {
            at: now,
            code: codes::JOB_PROCESS.id.to_owned(),
            message: format!("the job was {}; {why}", job.status),
            task: None,
            attempt: 0,
            process: None,
        });
        job.accepted = true;
        job.status = JobStatus::Failed;
        job.timestamps.insert(JobStatus::Failed, now);
        job.ended = Some(now);
        job.modified = now;
        save_job(&transaction, &job)?;
    }
    for operation in asked
        .iter()
        .filter(|operation| operation.view.ended.is_none())
    {
        if let Some(request) = &operation.request {
            let result = end_of(request, JobStatus::Failed);
            end_operation(&transaction, operation.view.id, now, &result)?;
        }
    }
    transaction.commit()
}
