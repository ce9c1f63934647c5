//! The note of a job's end, in the directory of its checkpoints: what the newest snapshot was, where none shows it.

use std::path::Path;

use millstream_core::{CheckpointId, JobId, Lineage, Result};
use serde::{Deserialize, Serialize};

use crate::abandoned::remove_abandoned;
use crate::checkpoints::job_directories;
use crate::disk::{any_complete, make_directory, read_if_there, subdirectories, write_durably};
use crate::fail;
use crate::files;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::names::ENDED_FILE;
use crate::reached::{Reached, missing_directories};

/// How a job ended that left no checkpoint to go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// Its status, as Flink writes it.
    pub status: String,
    /// When: milliseconds since 1970-01-01T00:00:00Z. For people.
    pub ended: u64,
    /// The savepoint that it was stopped with; `None`: its last snapshot was deleted.
    pub savepoint: Option<String>,
    /// The number of that savepoint, or the highest that a snapshot of the job has had. `None`: noted by a version that did not
    /// know lineages; behind all of the job's snapshots.
    #[serde(default)]
    pub number: Option<CheckpointId>,
    /// The number of the attempt that the job ended with. `None`: noted by a version that did not write it; behind all of the
    /// job's attempts.
    #[serde(default)]
    pub run: Option<u64>,
    /// Where the job came from.
    #[serde(default)]
    pub lineage: Lineage,
}

impl Ended {
    /// The note in a job's directory.
    ///
    /// # Errors
    /// It is damaged or can't be read.
    pub(crate) fn noted(job_directory: &Path) -> Result<Option<Self>> {
        let path = job_directory.join(ENDED_FILE);
        let Some(bytes) = read_if_there(&path)? else {
            return Ok(None);
        };
        let ended = serde_json::from_slice(&bytes);
        ended.map(Some).map_err(|cause| fail::corrupt(&path, cause))
    }
}

/// Notes in the directory of its checkpoints how a job ended, so that [`newest`](crate::newest) takes no older snapshot for
/// its last. Earlier notes of jobs of the same name are not needed any more and are taken away, unless they tell of a later
/// generation, or that another branch took the place of a job which may be started again.
///
/// # Errors
/// The job's directory can't be written.
pub fn mark_ended(checkpoints: &Location, ended: &Ended) -> Result<()> {
    let directory = SnapshotLayout::new(checkpoints.clone(), ended.job_id).job_directory();
    let path = directory.join(ENDED_FILE);
    let written = make_directory(&directory)
        .and_then(|()| Ok(serde_json::to_vec(ended)?))
        .and_then(|text| write_durably(&path, &text));
    written.map_err(|cause| fail::write(&path, cause))?;
    let directories = job_directories(checkpoints)?;
    let all: Vec<JobId> = directories.iter().map(|(job, _)| *job).collect();
    for (job, other) in directories
        .into_iter()
        .chain(missing_directories(checkpoints)?)
    {
        if job == ended.job_id {
            continue;
        }
        let goes_on = ended.lineage.left_at(job).is_some();
        let is_behind = |job_name: &str, lineage: &Lineage| {
            job_name == ended.job_name
                && lineage.generation <= ended.lineage.generation
                && (goes_on || !has_overtaken(&all, lineage))
        };
        let mut superseded = false;
        if let Ok(Some(note)) = Ended::noted(&other)
            && is_behind(&note.job_name, &note.lineage)
        {
            superseded = true;
            remove(&other.join(ENDED_FILE))?;
        }
        if let Ok(Some(note)) = Reached::noted(&other)
            && is_behind(&note.job_name, &note.lineage)
            && !has_checkpoints(&other)?
        {
            superseded = true;
            Reached::forget(&other)?;
        }
        if superseded && all.contains(&job) {
            remove_abandoned(&other)?;
        }
    }
    Ok(())
}

/// All notes of ends below a directory of checkpoints.
///
/// # Errors
/// It can't be listed, or a note is damaged.
pub fn ended_jobs(checkpoints: &Location) -> Result<Vec<Ended>> {
    let mut all = Vec::new();
    for (_, directory) in job_directories(checkpoints)? {
        all.extend(Ended::noted(&directory)?);
    }
    Ok(all)
}

/// Whether a job of this lineage took the place of one that has a directory still: a server may start that again, and only the
/// notes of the later one tell it that its output is behind.
fn has_overtaken(directories: &[JobId], lineage: &Lineage) -> bool {
    let mut taken = lineage.ancestors.iter().filter(|before| before.owned);
    taken.any(|before| directories.contains(&before.job))
}

fn has_checkpoints(job_directory: &Path) -> Result<bool> {
    any_complete(&subdirectories(job_directory)?)
}

fn remove(path: &Path) -> Result<()> {
    let removed = files::remove(path);
    removed.map(drop).map_err(|cause| fail::write(path, cause))
}
