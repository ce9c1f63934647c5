//! What the other jobs of the server would go back to: their processes may be away at present, and nobody holds anything for them then.

use std::fs;
use std::path::{Path, PathBuf};

use millstream_core::options::{CHECKPOINT_DIRECTORY, DATA_DIRECTORY};
use millstream_core::{CheckpointId, Error, JobId, Result, codes};
use millstream_process::secrets::resolve_some;
use millstream_protocol::link::{StopBegun, Submission};
use millstream_protocol::supervision::Outcome;
use millstream_storage::{
    Asking, Location, SnapshotLayout, check_claim, checkpoints_of, claimed, has_said_ended, real,
    same_place,
};

use super::directory::JobDirectory;
use crate::directories::Directories;

/// The directories of all jobs of the server.
#[derive(Debug)]
pub(super) struct Siblings {
    jobs: PathBuf,
    own: JobId,
}

impl Siblings {
    /// Those beside the directory of the job `own`.
    pub(super) fn of(directory: &JobDirectory, own: JobId) -> Self {
        let jobs = directory.path().parent();
        Self {
            jobs: jobs.unwrap_or_else(|| directory.path()).to_owned(),
            own,
        }
    }

    /// Checks that the own job may delete the snapshot at `location`: that no other one would go back to it.
    ///
    /// # Errors
    /// One would, or that can't be told.
    pub(super) fn check_claim(&self, location: &Location, checkpoints: &Location) -> Result<()> {
        let asking = Asking {
            checkpoints,
            own: Some(self.own),
            has_ended: &|job| self.has_ended(job),
        };
        check_claim(location, asking)?;
        let failed = |cause| {
            Error::new(
                &codes::JOB_DIRECTORY,
                format!("{} can't be listed", self.jobs.display()),
            )
            .cause(cause)
            .next("see that the server's data directory is readable")
        };
        for entry in fs::read_dir(&self.jobs).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let job: Option<JobId> = name.to_str().and_then(|name| name.parse().ok());
            let Some(job) = job.filter(|job| *job != self.own) else {
                continue;
            };
            if goes_back_to(job, &entry.path(), location)? {
                return Err(claimed(location, &format!("job {job} of this server")));
            }
        }
        Ok(())
    }

    fn has_ended(&self, job: JobId) -> bool {
        has_ended(&JobDirectory::new(&self.jobs.join(job.to_string())))
    }
}

/// Whether the job of a directory has ended, as what lies there says. Where its last process could not start it for a reason that may
/// pass, its server starts it again.
fn has_ended(directory: &JobDirectory) -> bool {
    // Where that can't be told it may go on.
    let left = directory.outcome().ok().flatten();
    let outcome = left.as_ref().map(Outcome::of);
    outcome.is_some_and(|outcome| outcome.is_over())
}

/// Whether the job of a directory has not ended and would go back to the snapshot.
fn goes_back_to(job: JobId, directory: &Path, location: &Location) -> Result<bool> {
    let directory = JobDirectory::new(directory);
    if has_ended(&directory) {
        return Ok(false);
    }
    // One whose submission can't be read may have checkpoints anywhere.
    let checkpoints = directory.submission().and_then(checkpoints).ok();
    let mut newest: Option<CheckpointId> = None;
    if let Some(checkpoints) = checkpoints {
        if has_said_ended(&checkpoints, job)? {
            return Ok(false);
        }
        let (own, _) = checkpoints_of(&SnapshotLayout::new(checkpoints, job))?;
        newest = own.last().map(|(number, _)| *number);
    }
    let real = real(location)?;
    let lies_in = real.path().parent().and_then(Path::file_name);
    if lies_in.is_some_and(|name| name == job.to_string().as_str()) {
        return Ok(true);
    }
    let pinned = directory.restored_from()?.filter(|_| newest.is_none());
    if let Some(pinned) = pinned
        && same_place(&pinned, location)?
    {
        return Ok(true);
    }
    let stop = directory.stop_begun()?;
    for path in stop.iter().flat_map(|stop| savepoints(stop, newest)) {
        if same_place(&path.parse()?, location)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the checkpoints of a job lie that was submitted so.
fn checkpoints(submission: Submission) -> Result<Location> {
    let mut settings = submission.configuration;
    resolve_some(&mut settings, |key| {
        CHECKPOINT_DIRECTORY.is_set_by(key) || DATA_DIRECTORY.is_set_by(key)
    })?;
    Ok(Directories::named(&settings)?.checkpoints)
}

/// The savepoints of stops that a job with this newest checkpoint would go back to: of one that has not ended, and of failed ones where
/// nothing newer is there.
fn savepoints(stop: &StopBegun, newest: Option<CheckpointId>) -> impl Iterator<Item = String> {
    let unfinished = (!stop.ended).then(|| stop.path.clone());
    let failed = stop.gone_on_from();
    let failed = failed.filter(move |savepoint| newest <= Some(savepoint.checkpoint));
    unfinished
        .into_iter()
        .chain(failed.map(|savepoint| savepoint.path))
}

#[cfg(test)]
mod tests;
