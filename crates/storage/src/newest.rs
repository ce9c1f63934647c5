//! Looking for the newest snapshot of a job's name: what is on disk is gathered here, and [`choose`] decides.

mod choose;
mod gather;

use millstream_core::lineage::Point;
use millstream_core::{CheckpointId, Error, JobId, JobStatus, Lineage, Result, codes};

use crate::elsewhere::Elsewhere;
use crate::location::Location;
use crate::owner::holder;
use crate::reached::beside;
use crate::read::Snapshot;
use crate::there::is_directory_there;
use choose::{Choice, choose, last_behind};
use gather::{Found, gather};

/// The snapshot up to which the jobs of a name have committed their output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Where it lies.
    pub location: Location,
    /// The job that wrote it, whose checkpoints whoever goes on from it must [hold](crate::Ownership::hold).
    pub job: JobId,
    /// Its number.
    pub number: CheckpointId,
    /// Where its job comes from.
    pub lineage: Lineage,
    /// What the user is to be told about the choice.
    pub warnings: Vec<String>,
}

/// The snapshot up to which the jobs called `job_name` have committed their output, over the checkpoints of every job id
/// below `checkpoints` and the savepoints below each of `savepoints`. What is newer is decided by the lineages of jobs, never by
/// a clock; only jobs of one generation that have nothing in common are ordered by their time of day, which is a warning.
/// Directories without `_metadata` are no snapshots and are passed over.
///
/// # Errors
/// - A directory can't be listed.
/// - Going on from what is there would write output twice: a `_metadata` that may be this name's newest can't be read, the
///   newest was deleted when its job [ended](crate::mark_ended), or output is [noted](crate::Ownership::note_reached) to be
///   committed up to one that is not there.
/// - `OWNED`: a second branch of the name runs, so that it can't be told which is meant.
pub fn newest(
    checkpoints: Option<&Location>,
    savepoints: &[Location],
    job_name: &str,
) -> Result<Option<Newest>> {
    chosen(
        gather(checkpoints, savepoints, job_name)?,
        checkpoints,
        job_name,
    )
}

/// [`newest`] as it would be without the job `own`, which has taken its checkpoints already: whether something newer has come
/// about since it looked first.
///
/// # Errors
/// Those of [`newest`].
pub fn newest_beside(
    own: JobId,
    checkpoints: &Location,
    savepoints: &[Location],
    job_name: &str,
) -> Result<Option<Newest>> {
    let mut found = gather(Some(checkpoints), savepoints, job_name)?;
    found.candidates.retain(|candidate| candidate.job != own);
    found.jobs.retain(|(job, _)| *job != own);
    chosen(found, Some(checkpoints), job_name)
}

/// What is known to be committed behind the snapshot, of its job and of those that went on from it: the last of it, for people. Looked
/// for below `checkpoints`, and [where the snapshot comes from](Elsewhere). `None`: nothing is, so that whoever goes on from it writes
/// nothing again.
///
/// # Errors
/// That can't be told, because a directory can't be listed.
pub fn committed_behind(
    checkpoints: &Location,
    savepoints: &[Location],
    restored: &Snapshot,
) -> Result<Option<String>> {
    let metadata = restored.metadata();
    let Elsewhere {
        directories,
        mut unknown,
    } = Elsewhere::of(restored, checkpoints);
    let mut found = gather(Some(checkpoints), savepoints, &metadata.job_name)?;
    for other in &directories {
        match gather(Some(other), &[], &metadata.job_name) {
            Ok(there) => found.candidates.extend(there.candidates),
            Err(error) => unknown = Some(error),
        }
    }
    let from = Point {
        job: metadata.job_id,
        number: metadata.checkpoint_id,
        lineage: &metadata.lineage,
    };
    match (last_behind(found, &from), unknown) {
        (None, Some(error)) => Err(error),
        (last, _) => Ok(last),
    }
}

fn chosen(found: Found, checkpoints: Option<&Location>, job_name: &str) -> Result<Option<Newest>> {
    match choose(found) {
        Choice::Nothing => Ok(None),
        Choice::Unreadable(error) => {
            let step = format!("{}; name it with -s instead of `latest`", error.next_step());
            Err(error.next(step))
        }
        Choice::Deleted { status, location } => Err(ended(job_name, &status, &location)),
        Choice::Missing {
            job,
            number,
            location,
        } => Err(match is_directory_there(location.path())? {
            true => missing(job_name, job, number, &location),
            false => run_missing(job_name, job, number, &location),
        }),
        Choice::Newest(newest, siblings) => {
            for sibling in siblings {
                check_idle(checkpoints, sibling, job_name, &newest)?;
            }
            Ok(Some(newest))
        }
    }
}

/// A branch that runs would go on beside the one that is chosen, both by the same name.
fn check_idle(
    checkpoints: Option<&Location>,
    sibling: JobId,
    job_name: &str,
    newest: &Newest,
) -> Result<()> {
    let held = checkpoints.map(|checkpoints| holder(checkpoints, sibling));
    let Some(holder) = held.transpose()?.flatten() else {
        return Ok(());
    };
    Err(Error::new(
        &codes::OWNED,
        format!(
            "`{job_name}` has two branches: {} of job {}, and that of {holder}, which runs",
            newest.location, newest.job
        ),
    )
    .next("stop that job, or name the snapshot that is meant with -s PATH"))
}

fn missing(job_name: &str, job: JobId, number: CheckpointId, job_directory: &Location) -> Error {
    Error::new(
        &codes::SNAPSHOT_MISSING,
        format!(
            "output of job `{job_name}` is committed up to snapshot {number} of job {job}, which is not there ({job_directory}): \
             going on from an older snapshot would write output twice"
        ),
    )
    .next("bring it back, name the snapshot with -s PATH to accept that, or start without -s to begin anew")
}

fn run_missing(
    job_name: &str,
    job: JobId,
    number: CheckpointId,
    job_directory: &Location,
) -> Error {
    let note = beside(job_directory.path()).unwrap_or_default();
    Error::new(
        &codes::RUN_MISSING,
        format!(
            "a later run of job `{job_name}` (job {job}) has committed output up to its snapshot {number}, and its checkpoints are \
             not there ({job_directory}): going on from an older snapshot would write that output twice"
        ),
    )
    .next(format!(
        "bring that directory back; to have the output written again name a snapshot with -s PATH, or delete {}",
        note.display()
    ))
}

fn ended(job_name: &str, status: &str, job_directory: &Location) -> Error {
    if status == JobStatus::Finished.name() {
        return finished(job_name, job_directory);
    }
    Error::new(
        &codes::SNAPSHOT_MISSING,
        format!(
            "job `{job_name}` ended {status} and its last checkpoint was deleted with it ({job_directory}): going on from an older \
             snapshot would write output twice"
        ),
    )
    .next(
        "start without -s to begin anew, or name the snapshot with -s PATH to accept that; \
         execution.checkpointing.externalized-checkpoint-retention keeps checkpoints of jobs that are cancelled",
    )
}

/// No setting would have kept what there is to go on from: there is nothing.
fn finished(job_name: &str, job_directory: &Location) -> Error {
    Error::new(
        &codes::SNAPSHOT_MISSING,
        format!(
            "job `{job_name}` ended FINISHED, with all of its input read and its last checkpoint deleted ({job_directory}): there is \
             nothing to go on from, and an older snapshot would write output twice"
        ),
    )
    .next("start it without -s, which begins anew, or name the snapshot with -s PATH to accept that")
}
