//! Which snapshots jobs would go back to: what their processes report, and what their directories say of those that have
//! not reported.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use millstream_core::{CheckpointId, Error, JobId, Result, codes};
use millstream_protocol::link::{
    CheckpointReport, CheckpointState, JobReport, OUTCOME_FILE, RESTORED_FILE, STOP_FILE, StopBegun,
};
use millstream_protocol::supervision::Outcome;
use millstream_storage::{Asking, Location, needed_by, real, same_place};

use crate::registry::Registry;
use crate::views::JobView;
use crate::{checkpoints, files};

/// What is known of jobs that a snapshot may be needed by.
pub(super) struct Needed {
    jobs: HashMap<JobId, Arc<JobView>>,
    /// Where the directories of jobs are.
    directories: PathBuf,
    /// Where checkpoints lie for which nothing else was said, also those of jobs without a server.
    checkpoints: Result<Location>,
}

impl Needed {
    pub(super) fn of(registry: &Registry) -> Self {
        let shared = &registry.shared;
        let known = registry.known_jobs().into_iter();
        Self {
            jobs: known.map(|view| (view.id, view)).collect(),
            directories: shared.data.jobs(),
            checkpoints: checkpoints::place(&shared.settings, shared.data.path()),
        }
    }

    /// Checks that no job would go back to the snapshot, however its path is written.
    ///
    /// # Errors
    /// One would, or that can't be told.
    pub(super) fn check(&self, location: &Location) -> Result<()> {
        let entries = fs::read_dir(&self.directories)
            .map_err(|cause| files::unusable(&self.directories, "listed", cause))?;
        for entry in entries {
            let entry =
                entry.map_err(|cause| files::unusable(&self.directories, "listed", cause))?;
            let id = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            if let Some(id) = id {
                self.check_job(id, &entry.path(), location)?;
            }
        }
        self.check_others(location)
    }

    /// Looks at jobs of other servers and of none.
    fn check_others(&self, location: &Location) -> Result<()> {
        let checkpoints = self.checkpoints.as_ref().map_err(Clone::clone)?;
        let asking = Asking {
            checkpoints,
            own: None,
            has_ended: &|job| {
                let view = self.jobs.get(&job).map(Arc::as_ref);
                has_ended(view, &self.directories.join(job.to_string()))
            },
        };
        let Some(holder) = needed_by(location, asking)? else {
            return Ok(());
        };
        let job = checkpoints.path().join(holder.job_id.to_string());
        Err(in_use(format!(
            "{location} belongs to {holder}, which would go back to it"
        ))
        .next(format!(
            "stop or cancel that job first; where no server starts it again, delete {}",
            job.join("_owner").display()
        )))
    }

    fn check_job(&self, id: JobId, directory: &Path, location: &Location) -> Result<()> {
        let view = self.jobs.get(&id).map(Arc::as_ref);
        if has_ended(view, directory) {
            return Ok(());
        }
        let name = view.map_or_else(String::new, |view| format!(" ({})", view.name));
        let refuse = |what: &str| {
            Err(in_use(format!(
                "{location} is {what} job {id}{name}, which would go back to it"
            )))
        };
        let is_it = |path: &str| same_place(&path.parse()?, location);
        let newest = view.and_then(newest_completed);
        let pinned: Option<String> = files::read(&directory.join(RESTORED_FILE))?;
        if newest.is_none() && pinned.map(|path| is_it(&path)).transpose()? == Some(true) {
            return refuse("the newest snapshot of");
        }
        let stop: Option<StopBegun> = files::read(&directory.join(STOP_FILE))?;
        // Of one that goes on nothing newer is there; of one that failed the job may have gone on from it.
        let unfinished = stop.iter().filter(|stop| !stop.ended);
        let unfinished = unfinished.map(|stop| stop.path.clone());
        let failed = stop.iter().flat_map(StopBegun::gone_on_from);
        let failed = failed.filter(|savepoint| newest <= Some(savepoint.checkpoint));
        for path in unfinished.chain(failed.map(|savepoint| savepoint.path)) {
            if is_it(&path)? {
                return refuse("the savepoint of a stop of");
            }
        }
        for checkpoint in view.into_iter().flat_map(own_checkpoints) {
            if let Some(path) = &checkpoint.path
                && is_it(path)?
            {
                return refuse("a checkpoint of");
            }
        }
        // What its process has not told of may be the newest.
        let has_told = view.is_some_and(|view| view.report.is_some());
        let real = real(location)?;
        let lies_with_it = real.path().parent().and_then(Path::file_name);
        if !has_told && lies_with_it.is_some_and(|name| name == id.to_string().as_str()) {
            return refuse("a checkpoint of");
        }
        Ok(())
    }
}

/// Whether a job has ended, as the server knows; of one that it does not know, as what lies in its directory says.
fn has_ended(view: Option<&JobView>, directory: &Path) -> bool {
    view.map_or_else(
        || has_left_its_end(directory),
        |view| view.end_time.is_some(),
    )
}

/// Whether what was left last in a job's directory is its end. A process that could not start it for a reason that may pass has left
/// none: the job is started again.
fn has_left_its_end(directory: &Path) -> bool {
    // Where that can't be told it may go on.
    let left: Option<JobReport> = files::read(&directory.join(OUTCOME_FILE)).unwrap_or_default();
    let outcome = left.as_ref().map(Outcome::of);
    outcome.is_some_and(|outcome| outcome.is_over())
}

fn in_use(what: String) -> Error {
    Error::new(&codes::JOB_STATE, what).next("stop or cancel the job first")
}

/// The number of the newest snapshot that is known to be complete.
fn newest_completed(view: &JobView) -> Option<CheckpointId> {
    let told = view.report.iter().flat_map(|report| {
        let newest = report.completed.iter().chain(&report.savepoint);
        report.checkpoints.iter().chain(newest)
    });
    let completed = told
        .chain(&view.checkpoints)
        .filter(|known| known.state == CheckpointState::Completed);
    completed.map(|known| known.id).max()
}

/// Checkpoints that are kept to go back to.
fn own_checkpoints(view: &JobView) -> impl Iterator<Item = &CheckpointReport> {
    let told = view.report.iter().flat_map(|report| &report.checkpoints);
    told.chain(&view.checkpoints).filter(|known| {
        known.state == CheckpointState::Completed && known.savepoint.is_none() && !known.discarded
    })
}

#[cfg(test)]
mod tests;
