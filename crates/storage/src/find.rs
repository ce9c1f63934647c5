//! Looking for snapshots: the newest of a job, and those beside a broken one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use millstream_core::{CheckpointId, Error, JobId, Result};
use serde::{Deserialize, Serialize};

use crate::dispose::remove_empty_job_directory_at;
use crate::fail;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::metadata::{METADATA_FILE, SnapshotKind, SnapshotMetadata};
use crate::write::{sync_directory, write_whole};

/// How many neighbours a message names.
const NEIGHBOURS: usize = 3;

/// The snapshot up to which the jobs called `job_name` have committed their output: the newest of the checkpoints
/// of every job id below `checkpoints` and of the savepoints below each of `savepoints` that a job ended with. A
/// savepoint that was taken on the way counts only where there is nothing else: its job may have failed since, and
/// written anew from an earlier point. Directories without `_metadata` are no snapshots and are passed over.
///
/// # Errors
/// A directory can't be listed, or going on from what is there would write output twice: a `_metadata` that may be this
/// job's newest can't be read, or the newest was deleted when its job [ended](mark_ended).
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
    let mut found = Vec::new();
    let mut unreadable: Option<(SystemTime, Error)> = None;
    for directory in directories {
        match Candidate::read(directory, job_name) {
            Ok(candidate) => found.extend(candidate),
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
    for job_directory in subdirectories(checkpoints)? {
        found.extend(Candidate::ended(job_directory, job_name)?);
    }
    let best = best(found);
    if let Some((written, error)) = unreadable
        && best.as_ref().is_none_or(|best| best.written <= written)
    {
        let step = format!("{}; name it with -s instead of `latest`", error.next_step());
        return Err(error.next(step));
    }
    match best {
        Some(Candidate {
            what: What::Deleted { status },
            location,
            ..
        }) => Err(fail::ended(job_name, &status, &location)),
        best => Ok(best.map(|best| best.location)),
    }
}

/// Where the jobs have committed up to: the newest of what counts.
fn best(found: Vec<Candidate>) -> Option<Candidate> {
    let is_point = |candidate: &Candidate| candidate.what != What::OnTheWay;
    let has_points = found.iter().any(is_point);
    let counting = found
        .into_iter()
        .filter(|candidate| is_point(candidate) || !has_points);
    counting.max_by_key(Candidate::age_key)
}

/// The checkpoints of one job: the completed ones, oldest first, and the lowest number that none has used,
/// complete or not.
///
/// # Errors
/// The job's directory can't be listed.
pub fn checkpoints_of(
    layout: &SnapshotLayout,
) -> Result<(Vec<(CheckpointId, Location)>, CheckpointId)> {
    let directory = Location::from_path(layout.job_directory())?;
    let mut completed = Vec::new();
    let mut unused = 1;
    for path in subdirectories(Some(&directory))? {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(number) = name.and_then(|name| name.strip_prefix("chk-")?.parse().ok()) else {
            continue;
        };
        unused = unused.max(number + 1);
        let location = Location::from_path(path)?;
        if location.is_complete() {
            completed.push((number, location));
        }
    }
    completed.sort_by_key(|(number, _)| *number);
    Ok((completed, unused))
}

/// What a candidate is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// A snapshot at which output was committed, or is to be.
    Point,
    /// A savepoint at which nothing was committed: the job went on.
    OnTheWay,
    /// The last snapshot of a job that ended with this status, deleted since.
    Deleted { status: String },
}

struct Candidate {
    what: What,
    /// The snapshot; of a deleted one, the directory of its job.
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
                what: if metadata.kind == SnapshotKind::Savepoint && !metadata.last {
                    What::OnTheWay
                } else {
                    What::Point
                },
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

/// The end of a job that has no checkpoint to go back to, in its directory below that of the checkpoints.
#[derive(Debug, Serialize, Deserialize)]
struct Ended {
    job_id: JobId,
    job_name: String,
    status: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    ended: u64,
    /// The savepoint that it was stopped with.
    savepoint: Option<String>,
}

/// The name of the file that tells of the end of a job.
const ENDED_FILE: &str = "_ended";

impl Candidate {
    /// The end of a job of this name, if the directory of its checkpoints tells of it.
    fn ended(job_directory: PathBuf, job_name: &str) -> Result<Option<Self>> {
        let path = job_directory.join(ENDED_FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail::read(&path, error)),
        };
        let ended: Ended =
            serde_json::from_slice(&bytes).map_err(|error| fail::corrupt(&path, error))?;
        if ended.job_name != job_name {
            return Ok(None);
        }
        let (what, location) = match ended.savepoint {
            Some(savepoint) => (What::Point, savepoint.parse()?),
            None => {
                let status = ended.status;
                let path = job_directory;
                (What::Deleted { status }, Location { path })
            }
        };
        Ok(Some(Self {
            what,
            location,
            created: ended.ended,
            checkpoint: u64::MAX,
            written: SystemTime::UNIX_EPOCH,
        }))
    }
}

/// Notes that the job ended with `status` at `ended` (milliseconds since 1970-01-01T00:00:00Z): stopped with a savepoint,
/// wherever that lies, or with its last snapshot deleted. So [`newest`] takes no older one for it. Earlier notes of jobs of the
/// same name are not needed any more and are taken away.
///
/// # Errors
/// The job's directory can't be written.
pub fn mark_ended(
    checkpoints: &Location,
    job: JobId,
    job_name: &str,
    (status, ended): (&str, u64),
    savepoint: Option<&str>,
) -> Result<()> {
    let directory = SnapshotLayout::new(checkpoints.clone(), job).job_directory();
    let path = directory.join(ENDED_FILE);
    let note = Ended {
        job_id: job,
        job_name: job_name.to_owned(),
        status: status.to_owned(),
        ended,
        savepoint: savepoint.map(str::to_owned),
    };
    let written = fs::create_dir_all(&directory)
        .and_then(|()| Ok(serde_json::to_vec(&note)?))
        .and_then(|text| write_whole(&path, &text))
        .and_then(|()| sync_directory(&directory))
        .and_then(|()| sync_directory(checkpoints.path()));
    written.map_err(|cause| fail::write(&path, cause))?;
    for other in subdirectories(Some(checkpoints))? {
        if other == directory {
            continue;
        }
        if let Ok(Some(_)) = Candidate::ended(other.clone(), job_name) {
            let path = other.join(ENDED_FILE);
            fs::remove_file(&path).map_err(|cause| fail::write(&path, cause))?;
            remove_empty_job_directory_at(&other)?;
        }
    }
    Ok(())
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

/// The newest completed snapshots beside `location`, as text, for messages. Those that can't be read are no advice.
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
        .map(|(_, location)| location)
        .filter(|other| is_readable(other))
        .take(NEIGHBOURS)
        .map(Location::to_string)
        .collect()
}

fn is_readable(location: &Location) -> bool {
    let path = location.metadata_path();
    fs::read(&path).is_ok_and(|bytes| SnapshotMetadata::from_text(&bytes, &path).is_ok())
}
