//! The note of a job's end, in the directory of its checkpoints: what the newest snapshot was, where none shows it.

use std::path::Path;

use millstream_core::{CheckpointId, JobId, Lineage, Result};
use serde::{Deserialize, Serialize};

use crate::checkpoints::job_directories;
use crate::disk::read_if_there;
use crate::fail;
use crate::location::Location;
use crate::names::ENDED_FILE;

/// How a job ended that left no checkpoint to go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// Its status, as Flink writes it.
    pub status: String,
    /// When: milliseconds since 1970-01-01T00:00:00Z. For people.
    pub ended: u64,
    /// The savepoint that it was stopped with; `None`: its last snapshot was deleted.
    pub savepoint: Option<String>,
    /// The number of that savepoint, or the highest that a snapshot of the job has had. `None`: noted by a version that did not
    /// know lineages; behind all of the job's snapshots.
    #[serde(default)]
    pub number: Option<CheckpointId>,
    /// The number of the attempt that the job ended with. `None`: noted by a version that did not write it; behind all of the
    /// job's attempts.
    #[serde(default)]
    pub run: Option<u64>,
    /// Where the job came from.
    #[serde(default)]
    pub lineage: Lineage,
}

impl Ended {
    /// The note in a job's directory.
    ///
    /// # Errors
    /// It is damaged or can't be read.
    pub(crate) fn noted(job_directory: &Path) -> Result<Option<Self>> {
        let path = job_directory.join(ENDED_FILE);
        let Some(bytes) = read_if_there(&path)? else {
            return Ok(None);
        };
        let ended = serde_json::from_slice(&bytes);
        ended.map(Some).map_err(|cause| fail::corrupt(&path, cause))
    }
}

/// All notes of ends below a directory of checkpoints.
///
/// # Errors
/// It can't be listed, or a note is damaged.
pub fn ended_jobs(checkpoints: &Location) -> Result<Vec<Ended>> {
    let mut all = Vec::new();
    for (_, directory) in job_directories(checkpoints)? {
        all.extend(Ended::noted(&directory)?);
    }
    Ok(all)
}
