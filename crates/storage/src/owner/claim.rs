//! Whose a snapshot is: who would go back to it, though it is somebody else's to delete.

use std::fs;
use std::path::PathBuf;

use millstream_core::{CheckpointId, Error, JobId, Result, codes};
use serde::Deserialize;

use super::note::{Held, Note};
use super::{Holder, Locking, holder_in, lock};
use crate::absent::is_absent;
use crate::checkpoints::{checkpoints_of, job_directories};
use crate::disk::same_place;
use crate::ended::Ended;
use crate::fail;
use crate::files::is_in_store;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::read::list_of;

/// Who asks whether a snapshot is needed.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// Where checkpoints of jobs lie that may have gone on from it.
    pub checkpoints: &'a Location,
    /// The job that asks: what it needs itself is no matter. `None`: somebody else.
    pub own: Option<JobId>,
    /// Whether a job is known to have ended, whatever its directory says.
    pub has_ended: &'a dyn Fn(JobId) -> bool,
}

impl Asking<'_> {
    /// Whether a job with this note runs, or would be started again by its server.
    fn is_open(&self, note: &Note) -> bool {
        note.may_come_back() && !(self.has_ended)(note.holder.job_id)
    }

    fn is_own(&self, holder: &Holder) -> bool {
        self.own == Some(holder.job_id)
    }
}

/// Who would go back to the snapshot at `location`, however its path is written: a job that runs, or that its server may start again,
/// among whose checkpoints it lies, that was being stopped with it, or that has gone on from it and has completed no checkpoint of its
/// own.
///
/// # Errors
/// That can't be told, because a directory can't be reached: treat the snapshot as needed.
pub fn needed_by(location: &Location, asking: Asking<'_>) -> Result<Option<Holder>> {
    let named = named(location)?;
    for directory in homes(location, named, asking.checkpoints)? {
        let holder = match holder_in(&directory)? {
            Some(holder) => Some(holder),
            None => Note::in_directory(&directory)?
                .filter(|note| asking.is_open(note))
                .map(|note| note.holder),
        };
        let other = holder.filter(|holder| !asking.is_own(holder));
        if other.is_some() {
            return Ok(other);
        }
    }
    let Some((job, number)) = named else {
        return Ok(None);
    };
    match stopped_with(job, number, asking)? {
        None => gone_on_from(job, number, asking),
        holder => Ok(holder),
    }
}

/// Checks that no job would go back to the snapshot at `location`, which is to be the own one's to delete.
///
/// # Errors
/// `OWNED`: one would; names who. Or that can't be told: treat it as needed.
pub fn check_claim(location: &Location, asking: Asking<'_>) -> Result<()> {
    match needed_by(location, asking)? {
        None => Ok(()),
        Some(holder) => Err(claimed(location, &holder.to_string())),
    }
}

/// The error of a snapshot that can't be claimed because of `whom`.
pub fn claimed(location: &Location, whom: &str) -> Error {
    let message = format!(
        "{location} can't be claimed, for {whom} goes on from it, or would be started again from it"
    );
    Error::new(&codes::OWNED, message)
        .next("go on from it with --claimMode NO_CLAIM, or stop that job first")
}

/// Notes among the checkpoints of a job that it has ended, where its process could not: what it would have gone back to is free then.
/// Nothing is done where somebody holds them, or they are not there.
///
/// # Errors
/// That can't be told or noted.
pub fn say_ended(checkpoints: &Location, job: JobId) -> Result<()> {
    let directory = SnapshotLayout::new(checkpoints.clone(), job).job_directory();
    let note = Note::in_directory(&directory)?;
    if !note.is_some_and(|note| note.may_come_back() && note.holder.job_id == job) {
        return Ok(());
    }
    let lock = lock::Lock::try_take(directory, Locking::File)?;
    lock.map_or(Ok(()), |lock| lock.say_over(job))
}

/// Whether a job has noted among its checkpoints that it has ended.
///
/// # Errors
/// That can't be told.
pub fn has_said_ended(checkpoints: &Location, job: JobId) -> Result<bool> {
    let directory = SnapshotLayout::new(checkpoints.clone(), job).job_directory();
    let note = Note::in_directory(&directory)?;
    let has_said =
        note.is_some_and(|note| note.holder.job_id == job && note.held == Some(Held::Ended));
    Ok(has_said || Ended::noted(&directory)?.is_some())
}

/// The directories of jobs that the snapshot lies in.
fn homes(
    location: &Location,
    named: Option<(JobId, CheckpointId)>,
    checkpoints: &Location,
) -> Result<Vec<PathBuf>> {
    let written = location.path().parent();
    let mut homes: Vec<PathBuf> = written.into_iter().map(PathBuf::from).collect();
    // Over a symbolic link it lies where that leads.
    let real = real(location)?;
    homes.extend(real.path().parent().map(PathBuf::from));
    // And over a second mount at the place that its own list tells.
    if let Some((job, number)) = named {
        let layout = SnapshotLayout::new(checkpoints.clone(), job);
        let place = Location::from_path(layout.checkpoint(number))?;
        if same_place(&place, location)? {
            homes.push(layout.job_directory());
        }
    }
    homes.dedup();
    Ok(homes)
}

/// Where a location leads, over symbolic links; what is not there leads to itself.
///
/// # Errors
/// That can't be told.
pub fn real(location: &Location) -> Result<Location> {
    if is_in_store(location.path()) {
        return Ok(location.clone());
    }
    match fs::canonicalize(location.path()) {
        Ok(path) => Location::from_path(path),
        Err(error) if is_absent(&error) => Ok(location.clone()),
        Err(error) => Err(fail::read(location.path(), &error)),
    }
}

/// The job that snapshot `number` is of, where it runs or would be started again, and has no checkpoint as new: a stop has come as far as
/// that savepoint. One that was taken on the way is a checkpoint as well.
fn stopped_with(job: JobId, number: CheckpointId, asking: Asking<'_>) -> Result<Option<Holder>> {
    let layout = SnapshotLayout::new(asking.checkpoints.clone(), job);
    let directory = layout.job_directory();
    let note = Note::in_directory(&directory)?;
    let Some(note) = note.filter(|note| note.holder.job_id == job && asking.own != Some(job))
    else {
        return Ok(None);
    };
    let (completed, _) = checkpoints_of(&layout)?;
    if completed
        .last()
        .is_some_and(|(newest, _)| *newest >= number)
    {
        return Ok(None);
    }
    let is_needed = asking.is_open(&note) || lock::is_held(&directory)?;
    Ok(is_needed.then_some(note.holder))
}

/// Who runs, or would be started again, of the jobs whose checkpoints lie where it is asked, and would go back to snapshot `number` of
/// `job`: one that went on from it and has completed no checkpoint of its own.
fn gone_on_from(job: JobId, number: CheckpointId, asking: Asking<'_>) -> Result<Option<Holder>> {
    let checkpoints = asking.checkpoints;
    for (other, directory) in job_directories(checkpoints)? {
        let Some(note) = Note::in_directory(&directory)? else {
            continue;
        };
        let before = note.holder.lineage.ancestors.last();
        if !asking.is_own(&note.holder)
            && before.is_some_and(|before| (before.job, before.left_at) == (job, number))
            && checkpoints_of(&SnapshotLayout::new(checkpoints.clone(), other))?
                .0
                .is_empty()
            && (asking.is_open(&note) || lock::is_held(&directory)?)
        {
            return Ok(Some(note.holder));
        }
    }
    Ok(None)
}

/// Whose snapshot it is, and which one: what its list says. Its other files, of which some may be missing, are not looked at.
#[derive(Deserialize)]
struct List {
    snapshot: Named,
}

#[derive(Deserialize)]
struct Named {
    job_id: JobId,
    checkpoint_id: CheckpointId,
}

/// What the snapshot's list says; `None`: there is none, or one that is refused where it is to be restored or deleted.
fn named(location: &Location) -> Result<Option<(JobId, CheckpointId)>> {
    let text = list_of(location).map_err(|cause| {
        let message = format!("{} can't be read", location.metadata_path().display());
        Error::new(&codes::SNAPSHOT_UNREACHABLE, message)
            .cause(cause)
            .next("nothing was deleted; see that its disk or store is there, then ask again")
    })?;
    let list = text.and_then(|text| serde_json::from_slice::<List>(&text).ok());
    Ok(list.map(|list| (list.snapshot.job_id, list.snapshot.checkpoint_id)))
}
