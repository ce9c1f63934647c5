//! The lineage that a job starts with.

use std::path::Path;

use millstream_core::{JobId, Lineage, Result};

use crate::checkpoints::checkpoints_of;
use crate::ended::Ended;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::metadata::SnapshotMetadata;
use crate::owner::Holder;
use crate::reached::{Reached, known_directories};
use crate::read::read_metadata;

/// The lineage of `job`, which is called `job_name` and goes on from `restored`. A job that has run before keeps its own;
/// any other begins a generation above all that can be seen below `checkpoints`.
///
/// # Errors
/// The directory can't be listed, or a file in it can't be reached.
pub fn lineage_of(
    checkpoints: &Location,
    job: JobId,
    job_name: &str,
    restored: Option<&SnapshotMetadata>,
) -> Result<Lineage> {
    let layout = SnapshotLayout::new(checkpoints.clone(), job);
    if let Some(lineage) = own(&layout)? {
        return Ok(lineage);
    }
    let mut highest = 0;
    for (other, directory) in known_directories(checkpoints)? {
        let layout = SnapshotLayout::new(checkpoints.clone(), other);
        highest = highest.max(generation_of(&layout, &directory, job_name)?);
    }
    let next = highest.saturating_add(1);
    Ok(match restored {
        None => Lineage::fresh(next),
        Some(restored) => restored
            .lineage
            .behind(restored.job_id, restored.checkpoint_id, next),
    })
}

/// The lineage that a job has had already.
fn own(layout: &SnapshotLayout) -> Result<Option<Lineage>> {
    if let Some(metadata) = last_metadata(layout)?
        && metadata.lineage.generation > 0
    {
        return Ok(Some(metadata.lineage));
    }
    let noted = Holder::noted(&layout.job_directory())?;
    let own = noted.filter(|holder| holder.job_id == layout.job());
    Ok(own.map(|holder| holder.lineage))
}

/// The highest generation of this name that a job's directory tells of.
fn generation_of(layout: &SnapshotLayout, directory: &Path, job_name: &str) -> Result<u64> {
    let ended = Ended::noted(directory).ok().flatten();
    let ended = ended.filter(|ended| ended.job_name == job_name);
    let ended = ended.map_or(0, |ended| ended.lineage.generation);
    let running = match Holder::noted(directory)? {
        Some(holder) if holder.job_name == job_name => holder.lineage.generation,
        Some(_) => 0,
        None => last_metadata(layout)?
            .filter(|metadata| metadata.job_name == job_name)
            .map_or(0, |metadata| metadata.lineage.generation),
    };
    let reached = Reached::noted(directory)?.filter(|reached| reached.job_name == job_name);
    let reached = reached.map_or(0, |reached| reached.lineage.generation);
    Ok(running.max(ended).max(reached))
}

/// What the newest checkpoint of a job says that can be read.
fn last_metadata(layout: &SnapshotLayout) -> Result<Option<SnapshotMetadata>> {
    let (completed, _) = checkpoints_of(layout)?;
    let mut readable = completed
        .iter()
        .rev()
        .filter_map(|(_, location)| read_metadata(location).ok());
    Ok(readable.next())
}
