//! Hidden files that attempts have left behind, and which of them may be removed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use millstream_core::lineage::Kin;

use super::kin::{When, may_remove};
use super::names::{Hidden, Stage};
use super::writers::Writers;

/// What a run removes before it writes, and when its job has ended.
#[derive(Debug)]
pub(super) struct Leftovers {
    kin: Kin,
    places: BTreeSet<PathBuf>,
}

impl Leftovers {
    /// What `kin` may remove in these directories.
    pub(super) fn new(kin: Kin, places: impl IntoIterator<Item = PathBuf>) -> Self {
        let places = places.into_iter().collect();
        Self { kin, places }
    }

    /// Removes what may be removed at that time. What can't be is logged: it is hidden, and does no harm but take space.
    pub(super) fn remove(&self, when: When<'_>) {
        for directory in &self.places {
            if let Err(error) = self.remove_in(directory, when) {
                let (job, directory) = (self.kin.author.job, directory.display());
                tracing::warn!(
                    "what was left behind for job {job} in {directory} can't be removed: {error}"
                );
            }
        }
    }

    fn remove_in(&self, directory: &Path, when: When<'_>) -> io::Result<()> {
        let found = match find(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        let writers = Writers::of(&found)?;
        // A lock is the last of its writer's files to go: without it others could not tell that the rest is left behind.
        let (locks, files): (Vec<_>, Vec<_>) = found
            .iter()
            .partition(|(hidden, _)| matches!(hidden.stage, Stage::Lock(_)));
        for (hidden, path) in files.into_iter().chain(locks) {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.unwrap_or_default();
            if may_remove(&self.kin, when, name, hidden, &writers) {
                remove(path)?;
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) -> io::Result<()> {
    tracing::debug!("removes {}, left behind", path.display());
    match fs::remove_file(path) {
        // Another job that writes here was quicker.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn find(directory: &Path) -> io::Result<Vec<(Hidden, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if let Some(hidden) = entry.file_name().to_str().and_then(Hidden::parse) {
            found.push((hidden, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
