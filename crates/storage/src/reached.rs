//! The note of how far a job's output is committed, in the directory of its checkpoints: a copy of an older checkpoint in the
//! place of the newest, or none, is told by it from a job that has come no further.

use std::fs;
use std::path::Path;

use millstream_core::{CheckpointId, JobId, Lineage, Result};
use serde::{Deserialize, Serialize};

use crate::disk::read_if_there;
use crate::fail;
use crate::files::{self, is_in_store};
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::names::{IN_PROGRESS, REACHED_FILE};

/// How far a job's output is committed, or was about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// Where it comes from.
    pub lineage: Lineage,
    /// The highest number of a snapshot whose output is committed.
    pub number: CheckpointId,
}

impl Reached {
    /// The note in a job's directory. One that can't be understood is none: it is not synced, so that it may have been cut off
    /// when the power failed, and says less than what lies beside it.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn noted(job_directory: &Path) -> Result<Option<Self>> {
        let bytes = read_if_there(&job_directory.join(REACHED_FILE))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Puts the note in the place of the one before, at once and whole. It survives the end of the process, and is not synced:
    /// a power failure leaves an earlier one, which is true as well.
    pub(crate) fn note(&self, job_directory: &Path) -> Result<()> {
        let path = job_directory.join(REACHED_FILE);
        let text = serde_json::to_vec(self).map_err(|cause| fail::write(&path, cause))?;
        let in_progress = path.with_extension(IN_PROGRESS);
        let written = match is_in_store(&path) {
            true => files::put(&path, &text),
            false => fs::write(&in_progress, text).and_then(|()| fs::rename(&in_progress, &path)),
        };
        written.map_err(|cause| fail::write(&path, cause))
    }
}

/// The highest number of a snapshot of `job` whose output is known to be committed; `None`: none is.
///
/// # Errors
/// That can't be told, because the directory can't be reached.
pub fn reached(checkpoints: &Location, job: JobId) -> Result<Option<CheckpointId>> {
    let directory = SnapshotLayout::new(checkpoints.clone(), job).job_directory();
    let noted = Reached::noted(&directory)?;
    Ok(noted.map(|noted| noted.number))
}
