//! Where jobs have left notes of what they did behind a snapshot.

use std::path::PathBuf;

use millstream_core::{CheckpointId, JobId, Lineage, Result};

use crate::ended::Ended;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::owner::{Holder, job_directories};
use crate::reached::Reached;

/// Where other jobs have noted what they did behind a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// The directories of those that were where this job goes on from, and whose place it takes: that of the job that the snapshot
    /// is of, and of those that went on from it as well and died before they had one of their own. None where this job is a fork:
    /// what was done behind its snapshot is no matter of its.
    pub before: Vec<PathBuf>,
    /// The directories of all that have run behind the snapshot under the name of its job, whatever became of them.
    pub all: Vec<PathBuf>,
}

/// Where other jobs have noted what they did behind snapshot `number` of `restored`, called `name`, which `job` goes on from.
/// Nobody, where that is `job` itself.
///
/// # Errors
/// That can't be told, because the directories can't be reached.
pub fn directories_behind(
    checkpoints: &Location,
    job: JobId,
    lineage: &Lineage,
    (restored, number, name): (JobId, CheckpointId, &str),
) -> Result<Behind> {
    let mut behind = Behind::default();
    if restored == job {
        return Ok(behind);
    }
    let last = lineage.ancestors.last();
    let before = last.filter(|before| before.job == restored && before.owned);
    if before.is_some() {
        let layout = SnapshotLayout::new(checkpoints.clone(), restored);
        behind.before.push(layout.job_directory());
    }
    for (other, directory) in job_directories(checkpoints)? {
        if other == job {
            continue;
        }
        if other == restored {
            behind.all.push(directory);
            continue;
        }
        let Some(noted) = Holder::noted(&directory)? else {
            continue;
        };
        // Whoever holds the directory last went on from the job that it is of, or is that.
        let left = noted.lineage.left_at(restored);
        if noted.job_name == name && left.is_some_and(|left| left >= number) {
            behind.all.push(directory.clone());
        }
        let from_there = noted.job_id == other && noted.lineage.ancestors.last() == before;
        if before.is_some() && from_there {
            behind.before.push(directory);
        }
    }
    behind.all.sort();
    Ok(behind)
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
