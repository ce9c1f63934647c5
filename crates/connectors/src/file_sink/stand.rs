//! Which directory stands at the path of the output: the one that the job has written to, or what lies below the mount point of a disk
//! that is not mounted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::{Error, JobId, Lineage, codes};

use super::names::{is_of_any, stand_in};
use super::place::has_any_in;
use super::spot::{Spot, open};

/// Why a directory is away that another one stands for.
pub(super) const UNMOUNTED: &str = "another one stands there, on another mount, without any of the job's files: the disk that the job has written to \
     seems not to be mounted";

/// What a directory is to the one that the job has written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// The same.
    Same,
    /// Another one by its numbers that holds the job's files: the same disk, mounted again, or a copy.
    Back,
    /// Another one, as somebody made it.
    Other,
    /// One that stands for a disk that is not mounted.
    Unmounted,
}

/// What `there` is to the directory before. Only a mount point without its disk is taken for unmounted: numbers of devices, files and mounts
/// change for many reasons, and nobody must wait for what never comes. `holds_own`: files of the job lie there.
fn compare(before: &Spot, there: &Spot, holds_own: bool) -> Stands {
    if before.identity == there.identity {
        return Stands::Same;
    }
    if holds_own {
        return Stands::Back;
    }
    match (before.is_root, there.is_root) {
        (Some(true), Some(false)) => Stands::Unmounted,
        _ => Stands::Other,
    }
}

/// What the directory `there`, which was found at `path`, is to the one before.
///
/// # Errors
/// It can't be listed.
pub(super) fn judge(path: &Path, before: &Spot, there: &Spot, own: &Own) -> io::Result<Stands> {
    if before.identity == there.identity {
        return Ok(Stands::Same);
    }
    let holds_own = match has_any_in(path, &|name: &str| is_of_any(name, &own.jobs)) {
        // As a mount point may be that is closed against just this.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => false,
        looked => looked?,
    };
    // It is listed by its path: what was listed may have come in its place only now.
    let (_, listed) = open(path)?;
    Ok(match listed.identity == there.identity {
        true => compare(before, there, holds_own),
        false => Stands::Unmounted,
    })
}

/// Whose files tell that a directory is the one that a job has written to: the job's, and those of jobs that it went on from.
#[derive(Debug, Clone)]
pub(super) struct Own {
    job: JobId,
    jobs: Vec<JobId>,
}

impl Own {
    /// Of a job that goes on from what `wrote` have written.
    pub(super) fn new(job: JobId, lineage: &Lineage, wrote: impl Iterator<Item = JobId>) -> Self {
        let before = lineage.ancestors.iter().map(|other| other.job);
        Self {
            job,
            jobs: [job].into_iter().chain(before).chain(wrote).collect(),
        }
    }

    /// Says that the directory is away, and how to go on.
    pub(super) fn unmounted(&self, path: &Path) -> Error {
        let message = format!("the directory {} is away: {UNMOUNTED}", path.display());
        Error::new(&codes::SINK_WRITE, message).next(format!(
            "mount it; if it is gone for good, give the sink another path, or put the files of the old one there, or an empty one of the name {}",
            stand_in(self.job)
        ))
    }
}

/// The directory that an attempt in this process has written to, by its path. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<Mutex<Option<(PathBuf, Spot)>>>);

impl Held {
    /// An attempt writes to this one.
    pub(super) fn set(&self, path: &Path, spot: Spot) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some((path.to_owned(), spot));
    }

    /// What was written to under this path.
    pub(super) fn at(&self, path: &Path) -> Option<Spot> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref().filter(|(held, _)| held == path);
        held.map(|(_, spot)| *spot)
    }
}

#[cfg(test)]
mod tests;
