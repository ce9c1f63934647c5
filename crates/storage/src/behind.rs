//! Where jobs have left notes of what they did behind a snapshot.

use std::path::PathBuf;

use millstream_core::{JobId, Lineage, Result};

use crate::ended::Ended;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::owner::{Holder, job_directories};
use crate::reached::Reached;

/// The directories of the other jobs that were where this one goes on from, a snapshot of `restored`, and may have noted there
/// what they read behind it: that job, and those that went on from the same snapshot and died before they had one of their own.
/// None where the snapshot is the job's own, and none of a fork: what was done behind its snapshot is no matter of its.
///
/// # Errors
/// That can't be told, because the directories can't be reached.
pub fn directories_behind(
    checkpoints: &Location,
    job: JobId,
    lineage: &Lineage,
    restored: JobId,
) -> Result<Vec<PathBuf>> {
    let Some(before) = lineage.ancestors.last() else {
        return Ok(Vec::new());
    };
    if restored == job || before.job != restored || !before.owned {
        return Ok(Vec::new());
    }
    let mut directories =
        vec![SnapshotLayout::new(checkpoints.clone(), before.job).job_directory()];
    for (other, directory) in job_directories(checkpoints)? {
        if other == job || other == before.job {
            continue;
        }
        let noted = Holder::noted(&directory)?;
        let from_there = noted.is_some_and(|noted| {
            noted.job_id == other && noted.lineage.ancestors.last() == Some(before)
        });
        if from_there {
            directories.push(directory);
        }
    }
    Ok(directories)
}

/// The job that has gone on from `job` by its name (`-s latest`) and has committed output behind it or ended, if there is one:
/// going on with `job` would write that output again. To be asked before the checkpoints of `job` are taken, which has the note of
/// who had them last replaced.
///
/// # Errors
/// That can't be told, because the directories can't be reached.
pub fn overtaken(checkpoints: &Location, job: JobId) -> Result<Option<JobId>> {
    let directory = SnapshotLayout::new(checkpoints.clone(), job).job_directory();
    // Whoever goes on from a job holds its checkpoints, and says so there.
    let last = Holder::noted(&directory)?;
    if last.is_none_or(|last| last.job_id == job) {
        return Ok(None);
    }
    let is_behind = |lineage: &Lineage| {
        let mut ancestors = lineage.ancestors.iter();
        ancestors.any(|ancestor| ancestor.job == job && ancestor.owned)
    };
    for (other, directory) in job_directories(checkpoints)? {
        let reached = Reached::noted(&directory)?;
        let ended = Ended::noted(&directory)?;
        if reached.is_some_and(|note| note.job_id == other && is_behind(&note.lineage))
            || ended.is_some_and(|note| note.job_id == other && is_behind(&note.lineage))
        {
            return Ok(Some(other));
        }
    }
    Ok(None)
}
