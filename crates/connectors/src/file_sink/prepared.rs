//! What a snapshot says about prepared files and about the sink.

use std::fmt::Display;
use std::path::{Component, Path, PathBuf};

use millstream_core::JobId;
use millstream_engine::connector::{Committable, StateEntry};
use millstream_hdfs::HdfsUrl;
use serde::{Deserialize, Serialize};

use super::destination::Destination;
use super::directory::Directory;
use super::spot::{Identity, Spot};

/// The version of [`PreparedFile`] and [`SinkState`]. The first one did not know which directory it was.
const VERSION: u32 = 2;
/// The version of a [`PreparedFile`] that goes into a directory below that of the sink.
const PARTED_VERSION: u32 = 3;
const STATE_KEY: &str = "file-sink";

/// What a snapshot says about a prepared file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PreparedFile {
    version: u32,
    /// The absolute path of the directory: a restored job may write somewhere else.
    directory: PathBuf,
    /// Which directory had that path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,
    /// Whether that was the root of a mount; `None`: it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mount_root: Option<bool>,
    /// The directory below it into which the file goes when it is committed; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) partition: String,
    /// The file's name before it is committed.
    pub(super) hidden: String,
    /// The file's name once it is committed.
    pub(super) name: String,
    /// The file's length.
    pub(super) bytes: u64,
}

impl PreparedFile {
    /// A file that is synced under its prepared name.
    pub(super) fn new(
        directory: &Directory,
        partition: &str,
        hidden: String,
        name: String,
        bytes: u64,
    ) -> Self {
        Self {
            version: version_of(partition),
            directory: directory.path().to_owned(),
            identity: Some(directory.spot().identity),
            mount_root: directory.spot().is_root,
            partition: partition.to_owned(),
            hidden,
            name,
            bytes,
        }
    }

    /// The same of one that is closed in HDFS, in this directory.
    pub(super) fn in_hdfs(
        url: &HdfsUrl,
        partition: &str,
        hidden: String,
        name: String,
        bytes: u64,
    ) -> Self {
        Self {
            version: version_of(partition),
            directory: url.to_string().into(),
            identity: None,
            mount_root: None,
            partition: partition.to_owned(),
            hidden,
            name,
            bytes,
        }
    }

    /// As it is written into a snapshot.
    pub(super) fn committable(&self) -> Committable {
        let name = self.directory.join(self.shown()).display().to_string();
        // Of text and numbers only, which JSON always holds.
        Committable {
            name,
            value: serde_json::to_value(self).unwrap_or_default(),
        }
    }

    /// Reads what a snapshot holds.
    ///
    /// # Errors
    /// Why it is no file of this sink, in a few words.
    pub(super) fn parse(committable: &Committable) -> Result<Self, String> {
        let file: Self = serde_json::from_value(committable.value.clone())
            .map_err(|error| format!("not a file of the file sink: {error}"))?;
        if file.version > PARTED_VERSION {
            return Err(format!(
                "written by a newer version of the file sink ({})",
                file.version
            ));
        }
        let plain = |name: &str| Path::new(name).file_name().is_some_and(|file| file == name);
        let below = Path::new(&file.partition).components();
        let stays_below = below
            .into_iter()
            .all(|component| matches!(component, Component::Normal(_)));
        let is_whole = file.directory.is_absolute() || HdfsUrl::of_path(&file.directory).is_some();
        if !is_whole || !plain(&file.hidden) || !plain(&file.name) || !stays_below {
            return Err("the names in the snapshot are no names of files".to_owned());
        }
        Ok(file)
    }

    /// The file's path below the directory once it is committed.
    pub(super) fn shown(&self) -> String {
        if self.partition.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.partition, self.name)
        }
    }

    /// Whether a directory is another one than that in which it was prepared; `None`: it is not, as far as can be told.
    pub(super) fn differs(&self, there: &Spot) -> Option<Differs> {
        if self.identity.is_none_or(|was| was == there.identity) {
            return None;
        }
        Some(match (self.mount_root, there.is_root) {
            (Some(was), Some(is)) if was != is => Differs::ByMount,
            _ => Differs::ByNumber,
        })
    }

    /// The visible name that says that the directory is to be taken for the one before, as [`stand_in`](super::names::stand_in) does.
    pub(super) fn stand_in(&self) -> String {
        format!("{}0-0-0.empty", self.visible_start())
    }

    /// How the visible names of all files of the job begin.
    pub(super) fn visible_start(&self) -> &str {
        // Three numbers follow: checkpoint, subtask, file.
        let stem = self
            .name
            .split_once('.')
            .map_or(&*self.name, |(stem, _)| stem);
        let third = stem.rmatch_indices('-').nth(2);
        self.name
            .get(..third.map_or(0, |(at, _)| at + 1))
            .unwrap_or_default()
    }

    /// The directory of both names.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}

/// How a directory is another one than that in which a file was prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Differs {
    /// It has other numbers, as a disk that is mounted again and a copy have.
    ByNumber,
    /// A disk is mounted at one of the two, and the other one lies below a mount point.
    ByMount,
}

/// The version of what goes into a directory below that of the sink.
fn version_of(partition: &str) -> u32 {
    if partition.is_empty() {
        VERSION
    } else {
        PARTED_VERSION
    }
}

/// The sink's own state: who has written, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SinkState {
    version: u32,
    pub(super) job: JobId,
    pub(super) directory: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,
    /// Whether the directory was the root of a mount; `None`: it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mount_root: Option<bool>,
}

impl SinkState {
    /// The state of a sink that writes for `job`.
    pub(super) fn new(job: JobId, directory: &Directory) -> Self {
        Self {
            version: VERSION,
            job,
            directory: directory.path().to_owned(),
            identity: Some(directory.spot().identity),
            mount_root: directory.spot().is_root,
        }
    }

    /// The same of one that writes into an object store or into HDFS, below this URL.
    pub(super) fn elsewhere(job: JobId, url: &impl Display) -> Self {
        Self {
            version: VERSION,
            job,
            directory: url.to_string().into(),
            identity: None,
            mount_root: None,
        }
    }

    /// Which directory it was; `None`: it is not known.
    pub(super) fn before(&self) -> Option<Spot> {
        self.identity.map(|identity| Spot {
            identity,
            is_root: self.mount_root,
        })
    }

    /// As it is written into a snapshot.
    pub(super) fn entry(&self) -> StateEntry {
        // Of text and numbers only, which JSON always holds.
        let value = serde_json::to_value(self).unwrap_or_default();
        StateEntry {
            key: STATE_KEY.to_owned(),
            value,
        }
    }

    /// The places that were written to.
    pub(super) fn places<'a>(
        states: impl IntoIterator<Item = &'a Self>,
    ) -> impl Iterator<Item = Destination> {
        let states = states.into_iter();
        states.map(|state| Destination::of(&state.directory))
    }

    /// What a snapshot holds of this sink. Nothing, where another kind of sink had the uid.
    pub(super) fn all(restored: &[StateEntry]) -> Vec<Self> {
        let states = restored.iter().filter(|entry| entry.key == STATE_KEY);
        states
            .filter_map(|entry| serde_json::from_value(entry.value.clone()).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests;
