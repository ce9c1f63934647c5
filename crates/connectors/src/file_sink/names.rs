//! The names of files, what a snapshot says about them, and which of them are leftovers.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use millstream_core::{CheckpointId, JobId};
use millstream_engine::connector::{Committable, SinkContext, StateEntry};
use serde::{Deserialize, Serialize};

use super::directory::Directory;

const IN_PROGRESS: &str = ".inprogress";
const PREPARED: &str = ".prepared";
/// The version of [`PreparedFile`] and [`SinkState`].
const VERSION: u32 = 1;
const STATE_KEY: &str = "file-sink";

/// Makes the names of one writer's files.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) job: JobId,
    pub(super) subtask: usize,
    pub(super) extension: &'static str,
}

impl Names {
    /// The hidden name of a file that is being written.
    pub(super) fn in_progress(&self, number: u64) -> String {
        let Self {
            job,
            subtask,
            extension,
        } = self;
        format!(".part-{job}-{subtask}-{number}.{extension}{IN_PROGRESS}")
    }

    /// The hidden name of a file that is prepared, and the visible one that it will have.
    pub(super) fn prepared(&self, checkpoint: CheckpointId, number: u64) -> (String, String) {
        let Self {
            job,
            subtask,
            extension,
        } = self;
        let short: String = job.to_string().chars().take(8).collect();
        let tail = format!("{checkpoint}-{subtask}-{number}.{extension}");
        (
            format!(".part-{job}-{tail}{PREPARED}"),
            format!("part-{short}-{tail}"),
        )
    }
}

/// What a snapshot says about a prepared file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PreparedFile {
    version: u32,
    /// The absolute path of the directory: a restored job may write somewhere else.
    directory: PathBuf,
    hidden: String,
    name: String,
    /// The file's length.
    pub(super) bytes: u64,
}

impl PreparedFile {
    /// A file that is synced under its prepared name.
    pub(super) fn new(directory: &Directory, hidden: String, name: String, bytes: u64) -> Self {
        Self {
            version: VERSION,
            directory: directory.path().to_owned(),
            hidden,
            name,
            bytes,
        }
    }

    /// As it is written into a snapshot.
    pub(super) fn committable(&self) -> Committable {
        let name = self.visible().display().to_string();
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
        if file.version > VERSION {
            return Err(format!(
                "written by a newer version of the file sink ({})",
                file.version
            ));
        }
        let plain = |name: &str| Path::new(name).file_name().is_some_and(|file| file == name);
        if !file.directory.is_absolute() || !plain(&file.hidden) || !plain(&file.name) {
            return Err("the names in the snapshot are no names of files".to_owned());
        }
        Ok(file)
    }

    /// Where the file lies before it is committed.
    pub(super) fn prepared(&self) -> PathBuf {
        self.directory.join(&self.hidden)
    }

    /// Where the file lies once it is committed.
    pub(super) fn visible(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    /// The directory of both.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}

/// The sink's own state: whose leftovers a job that goes on from the snapshot may remove, and where.
#[derive(Debug, Serialize, Deserialize)]
struct SinkState {
    version: u32,
    job: JobId,
    directory: PathBuf,
}

/// The state entry of a sink that writes for `job`.
pub(super) fn state_entry(job: JobId, directory: &Directory) -> StateEntry {
    let state = SinkState {
        version: VERSION,
        job,
        directory: directory.path().to_owned(),
    };
    // Of text and numbers only, which JSON always holds.
    let value = serde_json::to_value(state).unwrap_or_default();
    StateEntry {
        key: STATE_KEY.to_owned(),
        value,
    }
}

/// Hidden files that dead attempts may have left behind.
#[derive(Debug)]
pub(super) struct Leftovers {
    places: Vec<(PathBuf, JobId)>,
    endings: &'static [&'static str],
}

impl Leftovers {
    /// What an attempt removes before it writes: all hidden files of this job and of the one that it goes on from.
    pub(super) fn of(directory: &Directory, context: &SinkContext) -> Self {
        let restored = context.restored.as_deref().unwrap_or_default();
        let mut places = restored_places(restored);
        places.push((directory.path().to_owned(), context.job));
        Self {
            places,
            endings: &[IN_PROGRESS, PREPARED],
        }
    }

    /// What the committer removes: files that were never prepared. Prepared ones may belong to another
    /// sink of the job, which has not recovered yet.
    pub(super) fn unprepared(restored: &[StateEntry]) -> Self {
        Self {
            places: restored_places(restored),
            endings: &[IN_PROGRESS],
        }
    }

    /// Removes those that nobody holds. What can't be removed is logged: it is hidden, and does no harm
    /// but take space.
    pub(super) fn remove(&self) {
        for (directory, job) in &self.places {
            if let Err(error) = self.remove_in(directory, *job) {
                let directory = directory.display();
                tracing::warn!("leftovers of job {job} in {directory} can't be removed: {error}");
            }
        }
    }

    fn remove_in(&self, directory: &Path, job: JobId) -> io::Result<()> {
        let start = format!(".part-{job}-");
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let is_leftover = name.to_str().is_some_and(|name| {
                name.starts_with(&start) && self.endings.iter().any(|ending| name.ends_with(ending))
            });
            if is_leftover {
                remove_unheld(&entry.path())?;
            }
        }
        Ok(())
    }
}

fn restored_places(restored: &[StateEntry]) -> Vec<(PathBuf, JobId)> {
    let states = restored.iter().filter(|entry| entry.key == STATE_KEY);
    states
        .filter_map(|entry| serde_json::from_value::<SinkState>(entry.value.clone()).ok())
        .map(|state| (state.directory, state.job))
        .collect()
}

fn remove_unheld(path: &Path) -> io::Result<()> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => {
            tracing::debug!(
                "removes {}, left behind by an attempt that died",
                path.display()
            );
            fs::remove_file(path)
        }
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
