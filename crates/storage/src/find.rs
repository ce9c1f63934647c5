//! Looking for snapshots: the newest of a job, and those beside a broken one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use millstream_core::{Error, Result};

use crate::fail;
use crate::location::Location;
use crate::metadata::{METADATA_FILE, SnapshotMetadata};

/// How many neighbours a message names.
const NEIGHBOURS: usize = 3;

/// The newest completed snapshot of the jobs called `job_name`: checkpoints of every job id below
/// `checkpoints`, and savepoints below each of `savepoints`. Directories without `_metadata` are no snapshots
/// and are passed over.
///
/// # Errors
/// A directory can't be listed, or a `_metadata` that may be this job's newest can't be read: an older snapshot is
/// never taken silently in its place.
pub fn newest(
    checkpoints: Option<&Location>,
    savepoints: &[Location],
    job_name: &str,
) -> Result<Option<Location>> {
    let mut directories = Vec::new();
    for job_directory in subdirectories(checkpoints)? {
        directories.extend(subdirectories(Some(&Location::from_path(job_directory)?))?);
    }
    for location in savepoints {
        directories.extend(subdirectories(Some(location))?);
    }
    directories.sort();
    let mut best: Option<Candidate> = None;
    let mut unreadable: Option<(SystemTime, Error)> = None;
    for directory in directories {
        match Candidate::read(directory, job_name) {
            Ok(None) => {}
            Ok(Some(found)) => {
                if best
                    .as_ref()
                    .is_none_or(|best| best.age_key() < found.age_key())
                {
                    best = Some(found);
                }
            }
            Err(found) => {
                if unreadable
                    .as_ref()
                    .is_none_or(|(written, _)| *written < found.0)
                {
                    unreadable = Some(found);
                }
            }
        }
    }
    if let Some((written, error)) = unreadable
        && best.as_ref().is_none_or(|best| best.written <= written)
    {
        let step = format!("{}; name it with -s instead of `latest`", error.next_step());
        return Err(error.next(step));
    }
    Ok(best.map(|best| best.location))
}

struct Candidate {
    location: Location,
    created: u64,
    checkpoint: u64,
    written: SystemTime,
}

impl Candidate {
    fn age_key(&self) -> (u64, u64, SystemTime) {
        (self.created, self.checkpoint, self.written)
    }

    /// The snapshot in `directory` if there is one of this job. An error also says when it was written.
    fn read(directory: PathBuf, job_name: &str) -> Result<Option<Self>, (SystemTime, Error)> {
        let path = directory.join(METADATA_FILE);
        let Ok(written) = fs::metadata(&path).and_then(|metadata| metadata.modified()) else {
            return Ok(None);
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // Disposed of between the two calls.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err((written, fail::read(&path, error))),
        };
        match SnapshotMetadata::from_text(&bytes, &path) {
            Ok(metadata) if metadata.job_name != job_name => Ok(None),
            Ok(metadata) => Ok(Some(Self {
                location: Location::from_path(directory).map_err(|error| (written, error))?,
                created: metadata.created,
                checkpoint: metadata.checkpoint_id,
                written,
            })),
            Err(error) => match SnapshotMetadata::job_name_in(&bytes) {
                Some(name) if name != job_name => Ok(None),
                _ => Err((written, error)),
            },
        }
    }
}

/// The directories in `location`; none if it is not there.
fn subdirectories(location: Option<&Location>) -> Result<Vec<PathBuf>> {
    let Some(location) = location else {
        return Ok(Vec::new());
    };
    let entries = match fs::read_dir(location.path()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail::read(location.path(), error)),
    };
    let mut directories = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|cause| fail::read(location.path(), cause))?
            .path();
        if path.is_dir() {
            directories.push(path);
        }
    }
    Ok(directories)
}

/// The newest completed snapshots beside `location`, as text, for messages.
pub(crate) fn neighbours(location: &Location) -> Vec<String> {
    let listed = location.path().parent().map(fs::read_dir);
    let Some(Ok(entries)) = listed else {
        return Vec::new();
    };
    let written = |path: &Path| {
        fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    let mut found: Vec<(SystemTime, Location)> = entries
        .filter_map(|entry| {
            let directory = entry.ok()?.path();
            let location = Location::from_path(&directory).ok()?;
            Some((written(&location.metadata_path())?, location))
        })
        .filter(|(_, other)| other != location)
        .collect();
    found.sort();
    found
        .iter()
        .rev()
        .take(NEIGHBOURS)
        .map(|(_, location)| location.to_string())
        .collect()
}
