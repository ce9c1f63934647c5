//! Deleting snapshots. Only what a readable `_metadata` of ours lists is deleted. `_metadata` is renamed first, so that the
//! snapshot exists no more, and goes last: after a crash in between, asking again goes on where it was left.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use millstream_core::{CheckpointId, Error, Result, codes};

use crate::absent::is_absent;
use crate::disk::{make_subdirectory, read_if_there, subdirectories, sync_directory};
use crate::fail;
use crate::files::{self, is_in_store};
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::metadata::{FilePlace, SnapshotMetadata};
use crate::names::{
    COMMITTED_FILE, METADATA_DISPOSED, METADATA_FILE, METADATA_IN_PROGRESS, SHARED,
    is_snapshot_file, is_state_file,
};
use crate::pin::check_free;
use crate::place::checkpoint_number;
use crate::shared::{retained, unreferenced};
use crate::there::{is_directory_there, is_there};

/// What was deleted, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disposed {
    /// The files with their lengths.
    pub files: Vec<(PathBuf, u64)>,
    /// The names of the output that the snapshot held prepared without a note that it is [committed](crate::mark_committed). It
    /// stays as it is: the savepoint or the checkpoint of that moment, or a copy, may hold it as well.
    pub uncommitted: Vec<String>,
}

impl Disposed {
    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, bytes)| bytes).sum()
    }
}

/// Deletes the snapshot at `location`: the files that its `_metadata` lists, those that it shares with other checkpoints if none
/// of them needs them, and its directory if nothing foreign lies in it. With `dry_run` nothing is touched, and the answer is
/// what would be deleted. Deleting what is gone, or was half deleted before a crash, is no error.
///
/// Whether somebody still needs the snapshot is the caller's matter, but for what a job that runs has [pinned](crate::Pin).
/// What it holds prepared is not touched.
///
/// # Errors
/// `OWNED`: it is pinned. `_metadata` is not ours, damaged, of a newer version or can't be reached: nothing was touched. Or a file can't be removed;
/// asking again goes on from there.
pub fn dispose(location: &Location, dry_run: bool) -> Result<Disposed> {
    // A symbolic link to it is its user's, and stays.
    let linked = match is_in_store(location.path()) {
        true => None,
        false => fs::canonicalize(location.path()).ok(),
    };
    let directory = linked.as_deref().unwrap_or_else(|| location.path());
    let Some(metadata) = listed(directory)? else {
        return Ok(Disposed::default());
    };
    if dry_run {
        let files: Vec<_> = lengths(own_files(directory, &metadata))
            .chain(lengths(shared_files(directory, &metadata)?))
            .collect();
        let uncommitted = uncommitted(directory, &metadata, &files);
        return Ok(Disposed { files, uncommitted });
    }
    let (path, renamed) = (
        directory.join(METADATA_FILE),
        directory.join(METADATA_DISPOSED),
    );
    // Held until it is none any more: nobody pins it in between.
    let free = check_free(&path)?;
    let set_aside = files::of(&path).and_then(|files| files.rename(&path, &renamed));
    let is_whole = match set_aside {
        Ok(()) => true,
        // It was renamed before a crash, or is being deleted by somebody else as well.
        Err(error) if is_absent(&error) => false,
        Err(cause) => return Err(cannot_delete(&path, &cause)),
    };
    free.check_still(&path, &renamed)?;
    let mut disposed = delete_listed(directory, &metadata)?;
    // Of one whose deletion had begun the note may be gone already, and says nothing by that.
    if is_whole {
        disposed.uncommitted = uncommitted(directory, &metadata, &disposed.files);
    }
    Ok(disposed)
}

/// What the snapshot holds prepared, where no note that it is committed is among its `files`.
fn uncommitted(
    directory: &Path,
    metadata: &SnapshotMetadata,
    files: &[(PathBuf, u64)],
) -> Vec<String> {
    let note = directory.join(COMMITTED_FILE);
    if !metadata.is_committed_boundary() || files.iter().any(|(path, _)| *path == note) {
        return Vec::new();
    }
    let operators = metadata.operators.iter();
    let prepared = operators.flat_map(|operator| &operator.prepared);
    prepared.map(|prepared| prepared.name.clone()).collect()
}

/// Deletes what the list names that has been renamed, and the list.
fn delete_listed(directory: &Path, metadata: &SnapshotMetadata) -> Result<Disposed> {
    synced(directory)?;
    let renamed = directory.join(METADATA_DISPOSED);
    let mut disposed = Disposed::default();
    for path in own_files(directory, metadata) {
        disposed.remove(&path)?;
    }
    // Counted now that this snapshot is none any more.
    let shared = shared_files(directory, metadata)?;
    for path in &shared {
        disposed.remove(path)?;
    }
    if let Some(parent) = shared.first().and_then(|path| path.parent()) {
        synced(parent)?;
    }
    if is_directory_there(directory)? {
        // The list goes last, also on disk.
        synced(directory)?;
        disposed.remove(&renamed)?;
        remove_directory(directory)?;
    }
    Ok(disposed)
}

/// What lists the files of the snapshot in `directory`, whether or not its deletion has begun; `None`: there is none.
fn listed(directory: &Path) -> Result<Option<SnapshotMetadata>> {
    match list(&directory.join(METADATA_FILE))? {
        Some(metadata) => Ok(Some(metadata)),
        None => list(&directory.join(METADATA_DISPOSED)),
    }
}

fn list(path: &Path) -> Result<Option<SnapshotMetadata>> {
    let Some(bytes) = read_if_there(path)? else {
        return Ok(None);
    };
    let refused = |error: Error| {
        error.next("nothing was deleted; what is not needed any more can be deleted by hand")
    };
    SnapshotMetadata::from_text(&bytes, path)
        .map(Some)
        .map_err(refused)
}

/// The files in the snapshot's own directory, but the list itself once it has been renamed.
fn own_files(directory: &Path, metadata: &SnapshotMetadata) -> Vec<PathBuf> {
    let own = metadata.files().filter_map(|file| match file.place() {
        Some(FilePlace::Own(name)) => Some(name),
        _ => None,
    });
    let names: BTreeSet<&str> = own
        .chain([METADATA_FILE, METADATA_IN_PROGRESS, COMMITTED_FILE])
        .collect();
    names.iter().map(|name| directory.join(name)).collect()
}

/// The files that it shares with other checkpoints, of which none names them. All are kept where that can't be told.
fn shared_files(directory: &Path, metadata: &SnapshotMetadata) -> Result<Vec<PathBuf>> {
    let candidates: BTreeSet<String> = shared_names(metadata).collect();
    let job_directory = directory.parent().filter(|_| !candidates.is_empty());
    let Some(job_directory) = job_directory else {
        return Ok(Vec::new());
    };
    let Some(others) = retained(job_directory, Some(directory))? else {
        return Ok(Vec::new());
    };
    let shared = job_directory.join(SHARED);
    let free = unreferenced(candidates, &others);
    Ok(free.iter().map(|name| shared.join(name)).collect())
}

fn shared_names(metadata: &SnapshotMetadata) -> impl Iterator<Item = String> {
    metadata.files().filter_map(|file| match file.place() {
        Some(FilePlace::Shared(name)) if is_state_file(name) => Some(name.to_owned()),
        _ => None,
    })
}

fn lengths(paths: Vec<PathBuf>) -> impl Iterator<Item = (PathBuf, u64)> {
    paths.into_iter().filter_map(|path| {
        let found = files::look(&path).ok()?;
        Some((path, found.bytes))
    })
}

/// Deletes what a job left in the directory of its checkpoints when it died: the rest of snapshots whose deletion had begun or
/// that were never complete, and shared files that no checkpoint names. Of an incomplete one with the highest number of all the
/// directory stays: that number is not used again. To be called by the [owner](crate::Ownership), before it writes anything.
///
/// # Errors
/// A directory can't be listed, or a file can't be removed.
pub fn sweep(layout: &SnapshotLayout) -> Result<Disposed> {
    let job_directory = layout.job_directory();
    let mut disposed = Disposed::default();
    let directories = subdirectories(&job_directory)?.into_iter();
    let mut checkpoints: Vec<(CheckpointId, PathBuf)> = directories
        .filter_map(|directory| Some((checkpoint_number(&directory)?, directory)))
        .collect();
    checkpoints.sort();
    let last = checkpoints.last().map(|(number, _)| *number);
    for (number, directory) in checkpoints {
        if is_there(&directory.join(METADATA_FILE))? {
            continue;
        }
        let rest = discard_incomplete(&directory)?;
        disposed.files.extend(rest.files);
        if Some(number) == last {
            make_subdirectory(&directory).map_err(|cause| fail::write(&directory, cause))?;
        }
    }
    let entries = match files::list(&layout.shared()) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(disposed),
        Err(error) => return Err(cannot_delete(&layout.shared(), &error)),
    };
    aborted(&layout.shared())?;
    let names = entries
        .into_iter()
        .filter_map(|entry| entry.name.into_string().ok());
    let candidates: BTreeSet<String> = names.filter(|name| is_state_file(name)).collect();
    if let Some(retained) = retained(&job_directory, None)? {
        for name in unreferenced(candidates, &retained) {
            disposed.remove(&layout.shared().join(name))?;
        }
    }
    Ok(disposed)
}

/// Deletes what an aborted or crashed snapshot left in `directory`, which was made for it. Nothing there is no error.
///
/// # Errors
/// A completed snapshot lies there, or a file can't be removed.
pub fn discard_incomplete(directory: &Path) -> Result<Disposed> {
    if is_there(&directory.join(METADATA_FILE))? {
        return Err(is_complete(directory));
    }
    // The rest of a snapshot that was being deleted: its list has another name. One that is in place is never followed here.
    let mut disposed = match list(&directory.join(METADATA_DISPOSED))? {
        Some(metadata) => delete_listed(directory, &metadata)?,
        None => Disposed::default(),
    };
    aborted(directory)?;
    let entries = match files::list(directory) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(disposed),
        Err(error) => return Err(cannot_delete(directory, &error)),
    };
    // What answered for the store before may have said that it is not there.
    if entries.iter().any(|entry| entry.name == METADATA_FILE) {
        return Err(is_complete(directory));
    }
    for entry in entries {
        if entry.name.to_str().is_some_and(is_snapshot_file) {
            disposed.remove(&directory.join(&entry.name))?;
        }
    }
    remove_directory(directory)?;
    Ok(disposed)
}

fn is_complete(directory: &Path) -> Error {
    let message = format!("{} holds a completed snapshot", directory.display());
    Error::new(&codes::SNAPSHOT_WRITE, message).next("dispose of it if it is not needed")
}

impl Disposed {
    /// Removes a file if it is there.
    fn remove(&mut self, path: &Path) -> Result<()> {
        let removed = files::remove(path).map_err(|cause| cannot_delete(path, &cause))?;
        self.files
            .extend(removed.map(|bytes| (path.to_owned(), bytes)));
        Ok(())
    }
}

/// Gives up what was begun in a directory by who is dead.
fn aborted(directory: &Path) -> Result<()> {
    let aborted = files::of(directory).and_then(|files| files.abort_begun(directory));
    aborted.map_err(|cause| cannot_delete(directory, &cause))
}

fn synced(directory: &Path) -> Result<()> {
    match sync_directory(directory) {
        Err(error) if is_absent(&error) => Ok(()),
        result => result.map_err(|cause| cannot_delete(directory, &cause)),
    }
}

/// Removes a directory if it is empty; answers whether it is gone.
pub(crate) fn remove_directory(path: &Path) -> Result<bool> {
    let removed = files::of(path).and_then(|files| files.remove_directory(path));
    removed.map_err(|cause| cannot_delete(path, &cause))
}

pub(crate) fn cannot_delete(path: &Path, cause: &io::Error) -> Error {
    Error::new(
        &codes::SNAPSHOT_WRITE,
        format!("can't delete {}", path.display()),
    )
    .cause(cause)
    .next("check the permissions of its directory, then ask again")
}
