//! Output that snapshots hold prepared: what is to be committed by whoever goes on from them.

use std::path::{Path, PathBuf};

use millstream_core::{CheckpointId, Configuration, Error, JobId, Result};
use millstream_storage::{Location, METADATA_FILE, Snapshot, is_there, subdirectories};
use serde_json::Value;

use crate::directories::Directories;

/// One prepared output, and the snapshot that holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// Where the snapshot lies.
    pub snapshot: String,
    /// The job that wrote it.
    pub job: JobId,
    /// The name of that job.
    pub job_name: String,
    /// The number of the snapshot.
    pub checkpoint: CheckpointId,
    /// Whether it is noted there that all of its output is committed.
    pub committed: bool,
    /// What the output is called.
    pub name: String,
    /// What its sink keeps of it.
    pub value: Value,
}

/// What was found in snapshots.
#[derive(Debug, Default)]
pub struct Found {
    /// The outputs.
    pub prepared: Vec<Prepared>,
    /// Why a snapshot could not be looked into, or a directory of them, one for each.
    pub unread: Vec<Error>,
}

/// What all snapshots hold prepared in the directories of checkpoints and savepoints that `configuration` names, and in
/// those at `snapshots`. State is not read.
///
/// # Errors
/// No directory is named, and there is no home either; one of `snapshots` is no path.
pub fn prepared(configuration: &Configuration, snapshots: &[String]) -> Result<Found> {
    let directories = Directories::of(configuration)?;
    let mut places: Vec<PathBuf> = Vec::new();
    let mut unread = Vec::new();
    // None where it is not there, as where no job has run.
    let mut below = |directory: &Path| {
        let listed = subdirectories(directory);
        listed.unwrap_or_else(|error| {
            unread.push(error);
            Vec::new()
        })
    };
    for job in below(directories.checkpoints.path()) {
        places.extend(below(&job));
    }
    places.extend(below(directories.savepoints.path()));
    // What can't be looked at is told below.
    places.retain(|place| !matches!(is_there(&place.join(METADATA_FILE)), Ok(false)));
    for snapshot in snapshots {
        places.push(snapshot.parse::<Location>()?.path().to_owned());
    }
    places.sort_unstable();
    places.dedup();
    let mut found = Found {
        unread,
        ..Found::default()
    };
    for place in places {
        match held_by(&place) {
            Ok(held) => found.prepared.extend(held),
            Err(error) => found.unread.push(error),
        }
    }
    Ok(found)
}

fn held_by(place: &Path) -> Result<Vec<Prepared>> {
    let snapshot = Snapshot::open(&Location::from_path(place)?)?;
    let metadata = snapshot.metadata();
    let operators = metadata.operators.iter();
    let outputs = operators.flat_map(|operator| &operator.prepared);
    let committed = snapshot.is_committed()?;
    let held = outputs.map(|output| Prepared {
        snapshot: snapshot.location().to_string(),
        job: metadata.job_id,
        job_name: metadata.job_name.clone(),
        checkpoint: metadata.checkpoint_id,
        committed,
        name: output.name.clone(),
        value: output.value.clone(),
    });
    Ok(held.collect())
}
