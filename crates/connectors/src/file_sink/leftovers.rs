//! What attempts have left behind: hidden files and uploads, wherever the sink writes and has written.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use millstream_core::lineage::{Kin, Lineage};
use millstream_hdfs::Clusters;
use millstream_objects::Stores;

use super::destination::Destination;
use super::hdfs::remove_in_hdfs;
use super::kin::{When, may_remove};
use super::names::{Hidden, Stage};
use super::objects::abort_uploads;
use super::writers::Writers;

/// What a run removes before it writes, and when its job has ended.
pub(super) struct Leftovers {
    kin: Kin,
    lineage: Lineage,
    stores: Option<Stores>,
    clusters: Option<Clusters>,
    places: BTreeSet<Destination>,
}

impl Leftovers {
    /// What `kin`, of this lineage, may remove in these places.
    pub(super) fn new(
        kin: Kin,
        lineage: Lineage,
        (stores, clusters): (Option<Stores>, Option<Clusters>),
        places: impl IntoIterator<Item = Destination>,
    ) -> Self {
        Self {
            kin,
            lineage,
            stores,
            clusters,
            places: places.into_iter().collect(),
        }
    }

    /// Those on this machine, and those that are asked for over a network.
    pub(super) fn parted(self) -> (Self, Self) {
        let (near, far) = self.places.into_iter().partition(Destination::is_near);
        let near = Self {
            kin: self.kin.clone(),
            lineage: self.lineage.clone(),
            stores: None,
            clusters: None,
            places: near,
        };
        let far = Self {
            places: far,
            kin: self.kin,
            lineage: self.lineage,
            stores: self.stores,
            clusters: self.clusters,
        };
        (near, far)
    }

    /// Removes what may be removed at that time. What can't be is logged: nobody sees it, and it does no harm but take space. So is
    /// a place that can't be reached (any more).
    pub(super) fn remove(&self, when: When<'_>) {
        for place in &self.places {
            if let Err(error) = self.remove_in(place, when) {
                let job = self.kin.author.job;
                let later = match place {
                    Destination::Objects(_) => {
                        "; a rule of the bucket that aborts uploads after some days takes it away"
                    }
                    Destination::Directory(_) | Destination::Hdfs(_) => "",
                };
                tracing::warn!(
                    "what was left behind for job {job} in {place} can't be removed: {error}{later}"
                );
            }
        }
    }

    fn remove_in(&self, place: &Destination, when: When<'_>) -> io::Result<()> {
        match place {
            Destination::Directory(directory) => remove_files(&self.kin, directory, when)?,
            Destination::Objects(url) => {
                abort_uploads(&self.kin, &self.lineage, self.stores.as_ref(), url, when)?;
            }
            Destination::Hdfs(url) => {
                remove_in_hdfs(&self.kin, self.clusters.as_ref(), url, when)?;
            }
        }
        Ok(())
    }
}

fn remove_files(kin: &Kin, directory: &Path, when: When<'_>) -> io::Result<()> {
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
        if may_remove(kin, when, name, hidden, &writers) {
            remove(path)?;
        }
    }
    Ok(())
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
