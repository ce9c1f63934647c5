//! Where jobs have left notes of what they did behind a snapshot.

use std::path::{Path, PathBuf};

use millstream_core::{CheckpointId, JobId, Lineage, Result, codes};

use crate::checkpoints::{checkpoints_of, job_directories};
use crate::ended::Ended;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::owner::{Holder, holder_in};
use crate::reached::{Reached, known_directories};
use crate::read::read_metadata;

/// Where other jobs have noted what they did behind a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// The directories of those that were where this job goes on from, and whose place it takes: that of the job that the snapshot
    /// is of, and of those that went on from it as well and died before they had one of their own. None where this job is a fork:
    /// what was done behind its snapshot is no matter of its.
    pub before: Vec<PathBuf>,
    /// The directories of all that have run behind the snapshot, whatever they are called and whatever became of them.
    pub all: Vec<PathBuf>,
    /// Jobs that come from where this one does, and read the same input beside it.
    pub rivals: Vec<Rival>,
    /// Why that can't be told of a directory of checkpoints other than the job's own, for people.
    pub unknown: Vec<String>,
}

/// A job that comes from where another one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// The directory of its checkpoints.
    pub directory: PathBuf,
    /// Who it is, for people.
    pub who: String,
    /// It runs now. Else it may go on from where it was, which is further.
    pub runs: bool,
}

/// A snapshot that a job goes on from, and how the job is called.
#[derive(Debug, Clone, Copy)]
pub struct From<'a> {
    /// The job that the snapshot is of.
    pub restored: JobId,
    /// Its number.
    pub number: CheckpointId,
    /// The name of the job that goes on from it.
    pub own_name: &'a str,
    /// [Where the snapshot comes from](crate::Elsewhere), other than from among the checkpoints of that job.
    pub elsewhere: &'a [Location],
}

/// Where other jobs have noted what they did behind the snapshot which `job` goes on from, and who reads what it reads. Nobody,
/// where the snapshot is of `job` itself.
///
/// # Errors
/// That can't be told, because the directories below `checkpoints` can't be reached.
pub fn directories_behind(
    checkpoints: &Location,
    job: JobId,
    lineage: &Lineage,
    from: From<'_>,
) -> Result<Behind> {
    if from.restored == job {
        return Ok(Behind::default());
    }
    let mut behind = below(checkpoints, (job, lineage), from)?;
    for other in from.elsewhere {
        match below(other, (job, lineage), from) {
            Ok(there) => {
                // Those whose place it takes have their checkpoints where it has its own: it holds them.
                behind.all.extend(there.all);
                behind.rivals.extend(there.rivals);
            }
            Err(error) => behind.unknown.push(error.to_string()),
        }
    }
    behind.all.sort();
    Ok(behind)
}

/// The same of the jobs whose checkpoints lie below one directory, in the order in which they lie there.
fn below(
    checkpoints: &Location,
    (job, lineage): (JobId, &Lineage),
    from: From<'_>,
) -> Result<Behind> {
    let From {
        restored, number, ..
    } = from;
    let mut behind = Behind::default();
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
        let noted = Holder::noted(&directory)?;
        behind.rivals.extend(rival(
            other,
            &directory,
            noted.as_ref(),
            (job, lineage),
            from,
        )?);
        if other == restored {
            behind.all.push(directory);
            continue;
        }
        let Some(noted) = noted else {
            continue;
        };
        // Whoever holds the directory last went on from the job that it is of, or is that.
        let left = noted.lineage.left_at(restored);
        if left.is_some_and(|left| left >= number) {
            behind.all.push(directory.clone());
        }
        let from_there = noted.job_id == other && noted.lineage.ancestors.last() == before;
        if before.is_some() && from_there {
            behind.before.push(directory);
        }
    }
    Ok(behind)
}

/// What the job `other`, in whose directory somebody has `noted` that it holds it, is to the `own` one.
fn rival(
    other: JobId,
    directory: &Path,
    noted: Option<&Holder>,
    (job, lineage): (JobId, &Lineage),
    from: From<'_>,
) -> Result<Option<Rival>> {
    let Some(noted) = noted.filter(|noted| noted.job_id != job) else {
        return Ok(None);
    };
    let is_kin = |id: JobId| {
        let mut before = lineage.ancestors.iter();
        before.any(|before| before.job == id)
    };
    let mut ancestors = noted.lineage.ancestors.iter();
    if !is_kin(other) && !is_kin(noted.job_id) && !ancestors.any(|before| is_kin(before.job)) {
        return Ok(None);
    }
    let rival = |who: &Holder, runs| Rival {
        directory: directory.to_owned(),
        who: who.to_string(),
        runs,
    };
    if let Some(holder) = holder_in(directory)? {
        return Ok(Some(rival(&holder, true)));
    }
    // A job of the same name takes its place: `latest` goes on with the later branch.
    if noted.job_name == from.own_name {
        return Ok(None);
    }
    let is_further = match Ended::noted(directory)? {
        // Without a savepoint there is nothing left to go on from.
        Some(ended) => ended.savepoint.and(ended.number),
        None => Reached::noted(directory)?.map(|reached| reached.number),
    };
    let is_further = is_further > lineage.left_at(other);
    Ok(is_further.then(|| rival(noted, false)))
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
    for (other, directory) in known_directories(checkpoints)? {
        let reached = Reached::noted(&directory)?;
        let ended = Ended::noted(&directory)?;
        if reached.is_some_and(|note| note.job_id == other && is_behind(&note.lineage))
            || ended.is_some_and(|note| note.job_id == other && is_behind(&note.lineage))
            || has_checkpoint(checkpoints, other, is_behind)?
        {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// Whether `job` has a checkpoint whose lineage is as asked. A note of what it has reached may be lost with the power, checkpoints
/// are not. One that is damaged tells nothing.
fn has_checkpoint(
    checkpoints: &Location,
    job: JobId,
    is_asked: impl Fn(&Lineage) -> bool,
) -> Result<bool> {
    let (completed, _) = checkpoints_of(&SnapshotLayout::new(checkpoints.clone(), job))?;
    for (_, location) in completed {
        match read_metadata(&location) {
            Ok(metadata) if metadata.job_id == job && is_asked(&metadata.lineage) => {
                return Ok(true);
            }
            Err(error) if error.code() == codes::SNAPSHOT_UNREACHABLE.id => return Err(error),
            _ => {}
        }
    }
    Ok(false)
}
