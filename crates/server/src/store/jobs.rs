//! The table of jobs.

use std::collections::BTreeMap;

use millstream_core::{CheckpointId, Configuration, JobId, JobStatus};
use millstream_protocol::Attempt;
use millstream_protocol::link::{
    CheckpointCounts, CheckpointReport, CheckpointSummary, FailureReport,
};
use rusqlite::{Connection, Row, Transaction, named_params, params};
use serde::{Deserialize, Serialize};

use super::{checkpoints, from_json, json, signed, unsigned};

/// What is on record of a job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobRecord {
    pub(crate) id: JobId,
    pub(crate) name: String,
    pub(crate) package: String,
    /// Whether a process has reported it: from then on it is listed.
    pub(crate) accepted: bool,
    pub(crate) status: JobStatus,
    pub(crate) submitted: u64,
    pub(crate) ended: Option<u64>,
    pub(crate) modified: u64,
    pub(crate) timestamps: BTreeMap<JobStatus, u64>,
    /// The newest failures, oldest first.
    pub(crate) failures: Vec<FailureReport>,
    /// What is counted of the processes before the newest one.
    pub(crate) totals: Tally,
    /// The same of the newest process that has reported.
    pub(crate) present: ProcessCounts,
    /// The newest checkpoint that was completed.
    pub(crate) completed_up_to: Option<CheckpointId>,
    /// The number that the next snapshot will have; 0: not known.
    pub(crate) next_checkpoint: CheckpointId,
    pub(crate) launches: u32,
    /// The settings that its server follows, as a process has told them last; `None`: none has.
    pub(crate) followed: Option<Configuration>,
    /// The newest snapshots that have ended, and the newest completed checkpoint, savepoint and failed one whatever their
    /// age; in a table of their own.
    pub(crate) checkpoints: Vec<CheckpointReport>,
}

/// What is counted of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ProcessCounts {
    /// When the process began, by which it is told from others.
    pub(crate) started: u64,
    pub(crate) counts: Tally,
}

/// What is counted of processes. What a former version did not count is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    #[serde(flatten)]
    pub(crate) snapshots: CheckpointCounts,
    /// Attempts at running the job.
    #[serde(default)]
    pub(crate) attempts: Attempt,
    #[serde(default)]
    pub(crate) summary: CheckpointSummary,
}

impl Tally {
    /// Both together.
    pub(crate) fn with(self, other: Self) -> Self {
        let (a, b) = (self.snapshots, other.snapshots);
        Self {
            snapshots: CheckpointCounts {
                restored: a.restored + b.restored,
                total: a.total + b.total,
                in_progress: a.in_progress + b.in_progress,
                completed: a.completed + b.completed,
                failed: a.failed + b.failed,
            },
            attempts: self.attempts.saturating_add(other.attempts),
            summary: self.summary.with(other.summary),
        }
    }

    /// The same once the process is gone: what was under way has failed.
    pub(crate) fn ended(self) -> Self {
        let snapshots = self.snapshots;
        Self {
            snapshots: CheckpointCounts {
                in_progress: 0,
                failed: snapshots.failed + snapshots.in_progress,
                ..snapshots
            },
            ..self
        }
    }
}

/// Writes the row of a job, new or not. Its checkpoints are written one by one.
pub(crate) fn save_job(transaction: &Transaction<'_>, job: &JobRecord) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO jobs VALUES (:id, :name, :package, :accepted, :status, :submitted, :ended, :modified, :timestamps, \
             :failures, :totals, :present, :completed_up_to, :next_checkpoint, :launches, :followed)
         ON CONFLICT (id) DO UPDATE SET name = :name, accepted = :accepted, status = :status, ended = :ended, \
             modified = :modified, timestamps = :timestamps, failures = :failures, totals = :totals, present = :present, \
             completed_up_to = :completed_up_to, next_checkpoint = :next_checkpoint, launches = :launches, \
             followed = :followed",
        named_params! {
            ":id": job.id.to_string(),
            ":name": job.name,
            ":package": job.package,
            ":accepted": job.accepted,
            ":status": job.status.name(),
            ":submitted": signed(job.submitted),
            ":ended": job.ended.map(signed),
            ":modified": signed(job.modified),
            ":timestamps": json(&job.timestamps)?,
            ":failures": json(&job.failures)?,
            ":totals": json(&job.totals)?,
            ":present": json(&job.present)?,
            ":completed_up_to": job.completed_up_to.map(signed),
            ":next_checkpoint": signed(job.next_checkpoint),
            ":launches": job.launches,
            ":followed": job.followed.as_ref().map(json).transpose()?,
        },
    )?;
    Ok(())
}

/// Takes a job off the record, with all that belongs to it.
pub(crate) fn delete_job(transaction: &Transaction<'_>, job: JobId) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM jobs WHERE id = ?", params![job.to_string()])?;
    Ok(())
}

/// Every job, oldest first.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<JobRecord>> {
    let mut statement = connection.prepare("SELECT * FROM jobs ORDER BY submitted, id")?;
    let rows = statement.query_map([], read)?;
    let mut jobs = rows.collect::<rusqlite::Result<Vec<JobRecord>>>()?;
    for job in &mut jobs {
        job.checkpoints = checkpoints::of(connection, job.id)?;
    }
    Ok(jobs)
}

fn read(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let status: String = row.get("status")?;
    Ok(JobRecord {
        id: super::id(&row.get::<_, String>("id")?)?,
        name: row.get("name")?,
        package: row.get("package")?,
        accepted: row.get("accepted")?,
        status: from_json(&format!("\"{status}\""))?,
        submitted: unsigned(row.get("submitted")?),
        ended: row.get::<_, Option<i64>>("ended")?.map(unsigned),
        modified: unsigned(row.get("modified")?),
        timestamps: from_json(&row.get::<_, String>("timestamps")?)?,
        failures: from_json(&row.get::<_, String>("failures")?)?,
        totals: from_json(&row.get::<_, String>("totals")?)?,
        present: from_json(&row.get::<_, String>("present")?)?,
        completed_up_to: row.get::<_, Option<i64>>("completed_up_to")?.map(unsigned),
        next_checkpoint: unsigned(row.get("next_checkpoint")?),
        launches: row.get("launches")?,
        followed: row
            .get::<_, Option<String>>("followed")?
            .map(|text| from_json(&text))
            .transpose()?,
        checkpoints: Vec::new(),
    })
}
