//! Deleting snapshots: `_metadata` first, so that a crash in between leaves an incomplete snapshot,
//! never a broken one that looks complete. Only files that belong to a snapshot are touched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use millstream_core::{Error, JobId, Result, codes};

use crate::layout::{SHARED, SnapshotLayout};
use crate::location::Location;
use crate::metadata::METADATA_FILE;
use crate::read::read_metadata;
use crate::write::{is_snapshot_file, sync_directory};

/// Deletes the snapshot at `location`, and its directory if nothing foreign lies in it. Answers the bytes freed.
/// Deleting what is gone, or was half deleted before a crash, is no error.
///
/// # Errors
/// A file can't be removed; asking again goes on from there.
pub fn dispose(location: &Location) -> Result<u64> {
    let directory = location.path();
    // A damaged _metadata must not keep a snapshot from being deleted: its files have known names.
    let named: Vec<PathBuf> = read_metadata(location)
        .map(|metadata| {
            let states = metadata
                .operators
                .into_iter()
                .flat_map(|operator| operator.states);
            let files = states.flat_map(|state| state.files);
            files
                .filter(|file| file.is_inside())
                .map(|file| directory.join(file.path))
                .collect()
        })
        .unwrap_or_default();
    let mut freed = remove(&directory.join(METADATA_FILE))?;
    if freed > 0 {
        sync_directory(directory).map_err(|cause| cannot_delete(directory, cause))?;
    }
    for path in named {
        freed += remove(&path)?;
    }
    Ok(freed + remove_files(directory)?)
}

/// Deletes what an aborted or crashed snapshot left in `directory`. Answers the bytes freed; nothing there is
/// no error.
///
/// # Errors
/// A completed snapshot lies there, or a file can't be removed.
pub fn discard_incomplete(directory: &Path) -> Result<u64> {
    if directory.join(METADATA_FILE).exists() {
        return Err(Error::new(
            &codes::SNAPSHOT_WRITE,
            format!("{} holds a completed snapshot", directory.display()),
        )
        .next("dispose of it if it is not needed"));
    }
    remove_files(directory)
}

/// Deletes `<checkpoint dir>/<job id>` if no snapshot is left in it. Answers whether it is gone.
///
/// # Errors
/// The directory can't be removed for another reason than being in use.
pub fn remove_empty_job_directory(checkpoints: &Location, job: JobId) -> Result<bool> {
    let layout = SnapshotLayout::new(checkpoints.clone(), job);
    remove_empty_job_directory_at(&layout.job_directory())
}

pub(crate) fn remove_empty_job_directory_at(job_directory: &Path) -> Result<bool> {
    Ok(remove_directory(&job_directory.join(SHARED))? && remove_directory(job_directory)?)
}

fn remove_files(directory: &Path) -> Result<u64> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(cannot_delete(directory, error)),
    };
    let mut freed = 0;
    for entry in entries {
        let entry = entry.map_err(|cause| cannot_delete(directory, cause))?;
        if entry.file_name().to_str().is_some_and(is_snapshot_file) {
            freed += remove(&entry.path())?;
        }
    }
    remove_directory(directory)?;
    Ok(freed)
}

/// Removes a file if it is there; answers its length.
fn remove(path: &Path) -> Result<u64> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(0);
    };
    match fs::remove_file(path) {
        Ok(()) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(cannot_delete(path, error)),
    }
}

/// Removes a directory if it is empty; answers whether it is gone.
fn remove_directory(path: &Path) -> Result<bool> {
    match fs::remove_dir(path) {
        Ok(()) => Ok(true),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(true),
            io::ErrorKind::DirectoryNotEmpty => Ok(false),
            _ => Err(cannot_delete(path, error)),
        },
    }
}

fn cannot_delete(path: &Path, cause: io::Error) -> Error {
    Error::new(
        &codes::SNAPSHOT_WRITE,
        format!("can't delete {}", path.display()),
    )
    .cause(cause)
    .next("check the permissions of its directory, then ask again")
}
