//! The checkpoints of one job, and the directories of all.

use std::path::PathBuf;

use millstream_core::{CheckpointId, JobId, Result};

use crate::disk::subdirectories;
use crate::layout::SnapshotLayout;
use crate::location::Location;

/// The checkpoints of one job: the completed ones, oldest first, and the lowest number that none has used,
/// complete or not.
///
/// # Errors
/// The job's directory can't be listed, or a checkpoint can't be looked at.
pub fn checkpoints_of(
    layout: &SnapshotLayout,
) -> Result<(Vec<(CheckpointId, Location)>, CheckpointId)> {
    let mut completed = Vec::new();
    let mut unused = 1;
    for path in subdirectories(&layout.job_directory())? {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(number) = name.and_then(|name| name.strip_prefix("chk-")?.parse().ok()) else {
            continue;
        };
        unused = unused.max(number + 1);
        let location = Location::from_path(path)?;
        if location.is_complete()? {
            completed.push((number, location));
        }
    }
    completed.sort_by_key(|(number, _)| *number);
    Ok((completed, unused))
}

/// The directories of jobs below that of the checkpoints.
pub(crate) fn job_directories(checkpoints: &Location) -> Result<Vec<(JobId, PathBuf)>> {
    let directories = subdirectories(checkpoints.path())?.into_iter();
    let with_id = |path: PathBuf| {
        let job = path.file_name()?.to_str()?.parse().ok()?;
        Some((job, path))
    };
    Ok(directories.filter_map(with_id).collect())
}
