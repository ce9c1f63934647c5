//! Noting the end of a job, and taking away the notes of earlier jobs that it supersedes.

use std::path::Path;

use millstream_core::{JobId, Lineage, Result};

use crate::abandoned::remove_abandoned;
use crate::checkpoints::job_directories;
use crate::disk::{any_complete, make_directory, subdirectories, write_durably};
use crate::ended::Ended;
use crate::fail;
use crate::files;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::names::ENDED_FILE;
use crate::reached::{Reached, missing_directories};

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
