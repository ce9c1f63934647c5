//! The notes of how far a job's output is committed: a copy of an older checkpoint in the place of the newest, or none, is told by
//! them from a job that has come no further.
//!
//! ```text
//! <checkpoint dir>/<job id>/_reached   goes with the checkpoints, wherever they are moved
//! <checkpoint dir>/_reached/<job id>   stays where the checkpoints are taken away, or replaced by a copy
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use millstream_core::{CheckpointId, JobId, Lineage, Result};
use serde::{Deserialize, Serialize};

use crate::absent::is_absent;
use crate::checkpoints::job_directories;
use crate::disk::{make_subdirectory, read_if_there, write_durably};
use crate::fail;
use crate::files::{self, is_in_store};
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::names::{IN_PROGRESS, REACHED_DIRECTORY, REACHED_FILE};
use crate::there::is_there;

/// How far a job's output is committed, or was about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// Where it comes from.
    pub lineage: Lineage,
    /// The highest number of a snapshot whose output is committed.
    pub number: CheckpointId,
}

impl Reached {
    /// The higher of the notes in a job's directory and beside it, of which neither need be there.
    ///
    /// # Errors
    /// One can't be read.
    pub(crate) fn noted(job_directory: &Path) -> Result<Option<Self>> {
        let inside = Self::read(&job_directory.join(REACHED_FILE))?;
        let beside = match beside(job_directory) {
            Some(path) => Self::read(&path)?,
            None => None,
        };
        let both = inside.into_iter().chain(beside);
        Ok(both.max_by_key(|noted| noted.number))
    }

    /// One that can't be understood is none: it is not synced, so that it may have been cut off when the power failed, and says less
    /// than what lies beside it.
    fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = read_if_there(path)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Puts the notes in the place of those before, at once and whole, unless the one in the directory says as much. They survive the
    /// end of the process, and are not synced: a power failure leaves an earlier one, which is true as well. But that the job has
    /// committed anything at all survives that, too.
    pub(crate) fn note(&self, job_directory: &Path) -> Result<()> {
        let inside = job_directory.join(REACHED_FILE);
        if Self::read(&inside)?.is_some_and(|noted| noted.number >= self.number) {
            return Ok(());
        }
        let text = serde_json::to_vec(self).map_err(|cause| fail::write(&inside, cause))?;
        if let Some(beside) = beside(job_directory) {
            let written = match is_in_store(&beside) {
                // What is in a store is there for good.
                true => put_in_store(&beside, &text),
                false if is_there(&beside)? => put_unsynced(&beside, &text),
                false => put_first(&beside, &text),
            };
            written.map_err(|cause| fail::write(&beside, cause))?;
        }
        put_unsynced(&inside, &text).map_err(|cause| fail::write(&inside, cause))
    }

    /// Takes the notes of a job away, which are not needed any more.
    pub(crate) fn forget(job_directory: &Path) -> Result<()> {
        let inside = Some(job_directory.join(REACHED_FILE));
        for path in inside.into_iter().chain(beside(job_directory)) {
            files::remove(&path).map_err(|cause| fail::write(&path, cause))?;
        }
        Ok(())
    }
}

/// Puts the first note beside a job's directory in place, so that it survives a crash of the machine.
fn put_first(path: &Path, text: &[u8]) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), make_subdirectory)?;
    write_durably(path, text)
}

/// Puts a file into a store, whose directories may have to be made: those of HDFS have to, but for the first note alone.
fn put_in_store(path: &Path, text: &[u8]) -> std::io::Result<()> {
    match files::put(path, text) {
        Err(error) if is_absent(&error) => {
            path.parent().map_or(Ok(()), make_subdirectory)?;
            files::put(path, text)
        }
        put => put,
    }
}

/// Puts a file in place at once and whole, without waiting for the disk.
fn put_unsynced(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let in_progress = path.with_extension(IN_PROGRESS);
    match is_in_store(path) {
        true => files::put(path, text),
        false => fs::write(&in_progress, text).and_then(|()| fs::rename(&in_progress, path)),
    }
}

/// The note beside a job's directory.
pub(crate) fn beside(job_directory: &Path) -> Option<PathBuf> {
    let job = job_directory.file_name()?.to_str()?;
    let job: JobId = job.parse().ok()?;
    let notes = job_directory.parent()?.join(REACHED_DIRECTORY);
    Some(notes.join(job.to_string()))
}

/// The directories of jobs that have committed output, as is noted beside them, and that are not there.
///
/// # Errors
/// That can't be told.
pub(crate) fn missing_directories(checkpoints: &Location) -> Result<Vec<(JobId, PathBuf)>> {
    let notes = checkpoints.path().join(REACHED_DIRECTORY);
    let entries = match files::list(&notes) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(fail::read(&notes, &error)),
    };
    let names = entries.iter().filter_map(|entry| entry.name.to_str());
    let mut noted: Vec<JobId> = names.filter_map(|name| name.parse().ok()).collect();
    noted.sort();
    let there = job_directories(checkpoints)?;
    noted.retain(|job| there.iter().all(|(other, _)| other != job));
    let directory = |job| SnapshotLayout::new(checkpoints.clone(), job).job_directory();
    Ok(noted.into_iter().map(|job| (job, directory(job))).collect())
}

/// The directories of all jobs that are known below that of the checkpoints, whether or not they are there.
///
/// # Errors
/// They can't be listed.
pub(crate) fn known_directories(checkpoints: &Location) -> Result<Vec<(JobId, PathBuf)>> {
    let mut known = job_directories(checkpoints)?;
    known.extend(missing_directories(checkpoints)?);
    Ok(known)
}

/// The highest number of a snapshot of `job`, of this lineage, whose output is known to be committed, by what is noted among its
/// checkpoints and beside them; `None`: none is.
///
/// # Errors
/// That can't be told, because the directory can't be reached.
pub fn reached(
    checkpoints: &Location,
    job: JobId,
    lineage: &Lineage,
) -> Result<Option<CheckpointId>> {
    let directory = SnapshotLayout::new(checkpoints.clone(), job).job_directory();
    let inside = Reached::read(&directory.join(REACHED_FILE))?;
    let beside = match beside(&directory) {
        Some(path) => Reached::read(&path)?,
        None => None,
    };
    // It stays where the directory is deleted, and a job that has its id anew is of another generation.
    let beside = beside.filter(|noted| noted.lineage == *lineage);
    let both = inside.into_iter().chain(beside);
    Ok(both.map(|noted| noted.number).max())
}
