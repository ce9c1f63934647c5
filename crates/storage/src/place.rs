//! Whether a checkpoint lies where it was written.

use std::path::Path;

use millstream_core::{CheckpointId, JobId, Result};

use crate::fail;
use crate::metadata::SnapshotMetadata;
use crate::names::METADATA_FILE;

/// The number of the checkpoint that lies in a directory of this name.
pub(crate) fn checkpoint_number(directory: &Path) -> Option<CheckpointId> {
    let name = directory.file_name()?.to_str()?;
    name.strip_prefix("chk-")?.parse().ok()
}

/// Checks that what lies in a job's directory as its checkpoint is that one: another in its place was copied there, and going
/// on from that would write output twice.
pub(crate) fn check_place(directory: &Path, metadata: &SnapshotMetadata) -> Result<()> {
    let Some(number) = checkpoint_number(directory) else {
        return Ok(());
    };
    let job = directory.parent().and_then(Path::file_name);
    let job: Option<JobId> = job.and_then(|name| name.to_str()?.parse().ok());
    let Some(job) = job else {
        // Not where a job has its checkpoints: somebody keeps a copy there.
        return Ok(());
    };
    if (job, number) == (metadata.job_id, metadata.checkpoint_id) {
        return Ok(());
    }
    let what = format!(
        "it is checkpoint {} of job {}, which was not written here",
        metadata.checkpoint_id, metadata.job_id
    );
    Err(fail::corrupt(&directory.join(METADATA_FILE), what))
}
