//! The checkpoints of one job.

use millstream_core::{CheckpointId, Result};

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
