//! Where a snapshot comes from that a job with another directory of checkpoints goes on from.

use std::path::Path;

use millstream_core::{Error, JobId, Result, codes};

use crate::disk::same_place;
use crate::files::store_of;
use crate::location::Location;
use crate::owner::claim::real;
use crate::place::checkpoint_number;
use crate::read::Snapshot;

/// The directories of checkpoints other than a job's own in which it is noted what became of the job that a snapshot is of, and of
/// those that went on from it.
#[derive(Debug, Clone, Default)]
pub struct Elsewhere {
    /// Those that can be looked into.
    pub directories: Vec<Location>,
    /// Why there may be one that can't.
    pub unknown: Option<Error>,
}

impl Elsewhere {
    /// Those of `snapshot`, for a job whose own checkpoints lie below `own`: the directory that the snapshot lies in as a checkpoint of
    /// its job, and the one that it was written in.
    pub fn of(snapshot: &Snapshot, own: &Location) -> Self {
        let mut elsewhere = Self::default();
        for candidate in candidates(snapshot, own) {
            let added = candidate.and_then(|other| elsewhere.add(other, own));
            if let Err(error) = added {
                elsewhere.unknown = Some(error);
            }
        }
        elsewhere
    }

    /// Adds a directory that is none of those known, however it is written.
    fn add(&mut self, other: Location, own: &Location) -> Result<()> {
        let mut is_known = same_place(&other, own)?;
        for known in &self.directories {
            is_known = is_known || same_place(&other, known)?;
        }
        if !is_known {
            self.directories.push(other);
        }
        Ok(())
    }
}

fn candidates(snapshot: &Snapshot, own: &Location) -> Vec<Result<Location>> {
    let (location, job) = (snapshot.location(), snapshot.metadata().job_id);
    let written = root_of(location.path(), job).map(Ok);
    // Over a symbolic link it lies where that leads.
    let real = real(location).map(|real| root_of(real.path(), job));
    let told = snapshot.checkpoints();
    let told = told.map(|told| within_reach(told, [own, location]));
    let all = [written, real.transpose(), told];
    all.into_iter().flatten().collect()
}

/// The directory of the checkpoints of all jobs that `checkpoint` lies in, if it lies there as one of `job`.
fn root_of(checkpoint: &Path, job: JobId) -> Option<Location> {
    checkpoint_number(checkpoint)?;
    let of_job = checkpoint.parent()?;
    let id: JobId = of_job.file_name()?.to_str()?.parse().ok()?;
    let root = of_job.parent().filter(|_| id == job)?;
    Location::from_path(root).ok()
}

/// The directory that a snapshot tells of. One in a store other than those in use may be gone for good, and would be waited for.
fn within_reach(told: &str, used: [&Location; 2]) -> Result<Location> {
    let store = store_of(Path::new(told));
    if store.is_none() || used.iter().any(|used| store_of(used.path()) == store) {
        return told.parse();
    }
    let message = format!(
        "the checkpoints of the job that the snapshot is of lay in {told}, where nobody has looked: neither the snapshot nor the job's own \
         checkpoints lie in that store"
    );
    Err(Error::new(&codes::SNAPSHOT_UNREACHABLE, message)
        .next("where that store is there still, see whether that job has gone on in it"))
}

#[cfg(test)]
mod tests;
