//! The files that this process holds until they are committed.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Prepared files with their locks, by path. Shared by the writers and the committer of one process.
#[derive(Debug, Default)]
pub(super) struct HeldFiles {
    files: Mutex<HashMap<PathBuf, File>>,
}

impl HeldFiles {
    /// Holds the prepared file at `path` from now on.
    pub(super) fn hold(&self, path: PathBuf, file: File) {
        self.files().insert(path, file);
    }

    /// The file at `path` has been committed.
    pub(super) fn release(&self, path: &Path) {
        self.files().remove(path);
    }

    /// Lets go of files of `directory` that a committer in another process has renamed.
    pub(super) fn release_renamed(&self, directory: &Path) {
        self.files()
            .retain(|path, _| !path.starts_with(directory) || path.exists());
    }

    /// Lets go of everything: the attempt that held it has ended.
    pub(super) fn release_all(&self) {
        self.files().clear();
    }

    fn files(&self) -> MutexGuard<'_, HashMap<PathBuf, File>> {
        // The map is whole between any two of its operations.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
