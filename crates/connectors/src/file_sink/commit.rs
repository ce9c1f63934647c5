//! The committer: gives prepared files their visible names.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{CommitOutcome, Committable, SinkCommitter, StateEntry};

use super::directory::{rename_new, sync};
use super::disk_error;
use super::held::HeldFiles;
use super::names::{Leftovers, PreparedFile};

pub(super) struct FileCommitter {
    held: Arc<HeldFiles>,
}

impl FileCommitter {
    pub(super) fn new(held: Arc<HeldFiles>) -> Self {
        Self { held }
    }
}

impl SinkCommitter for FileCommitter {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let outcomes = settle_all(committables)?;
        for (committable, outcome) in committables.iter().zip(&outcomes) {
            if let (true, Ok(file)) = (is_visible(outcome), PreparedFile::parse(committable)) {
                self.held.release(&file.prepared());
            }
        }
        Ok(outcomes)
    }

    fn recover(
        &mut self,
        committables: &[Committable],
        restored: &[StateEntry],
    ) -> Result<Vec<CommitOutcome>> {
        self.held.release_all();
        let outcomes = settle_all(committables)?;
        Leftovers::unprepared(restored).remove();
        Ok(outcomes)
    }
}

/// Settles each file, and has the names be on the disk.
fn settle_all(committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
    let mut outcomes = Vec::with_capacity(committables.len());
    let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
    for committable in committables {
        let outcome = match PreparedFile::parse(committable) {
            Ok(file) => {
                let outcome = settle(&file)?;
                if is_visible(&outcome) {
                    directories.insert(file.directory().to_owned());
                }
                outcome
            }
            Err(why) => CommitOutcome::Unknown(why),
        };
        outcomes.push(outcome);
    }
    for directory in &directories {
        sync_directory(directory)?;
    }
    Ok(outcomes)
}

fn is_visible(outcome: &CommitOutcome) -> bool {
    matches!(
        outcome,
        CommitOutcome::Committed | CommitOutcome::AlreadyCommitted
    )
}

fn sync_directory(directory: &Path) -> Result<()> {
    sync(directory).map_err(|error| disk_error("sync the directory", directory, &error))
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    bytes: u64,
    /// Device and inode: two names of one file agree in it.
    identity: (u64, u64),
}

fn find(path: &Path) -> Result<Option<Found>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(Found {
            bytes: metadata.len(),
            identity: (metadata.dev(), metadata.ino()),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk_error("look at", path, &error)),
    }
}

/// Brings one file to its visible name, or tells why that is not possible.
fn settle(file: &PreparedFile) -> Result<CommitOutcome> {
    let (prepared, visible) = (file.prepared(), file.visible());
    match (find(&prepared)?, find(&visible)?) {
        (None, None) => Ok(CommitOutcome::Lost(format!(
            "neither {} nor {} is there",
            prepared.display(),
            visible.display()
        ))),
        (None, Some(found)) if found.bytes == file.bytes => Ok(CommitOutcome::AlreadyCommitted),
        (None, Some(found)) => Ok(CommitOutcome::Unknown(format!(
            "{} holds {} bytes where {} were written",
            visible.display(),
            found.bytes,
            file.bytes
        ))),
        (Some(found), _) if found.bytes != file.bytes => Ok(CommitOutcome::Lost(format!(
            "{} holds {} bytes where {} were written",
            prepared.display(),
            found.bytes,
            file.bytes
        ))),
        // A rename by hard link that was cut off in the middle.
        (Some(hidden), Some(shown)) if hidden.identity == shown.identity => {
            std::fs::remove_file(&prepared)
                .map_err(|error| disk_error("remove", &prepared, &error))?;
            Ok(CommitOutcome::AlreadyCommitted)
        }
        (Some(_), Some(_)) => Err(foreign(&prepared, &visible)),
        (Some(_), None) => match rename_new(&prepared, &visible) {
            Ok(()) => Ok(CommitOutcome::Committed),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(foreign(&prepared, &visible))
            }
            Err(error) => Err(disk_error("rename to", &visible, &error)),
        },
    }
}

fn foreign(prepared: &Path, visible: &Path) -> Error {
    Error::new(
        &codes::SINK_WRITE,
        format!(
            "{} can't be committed: a file that this job did not write has the name {}",
            prepared.display(),
            visible.display()
        ),
    )
    .next("move that file away; the commit is tried again")
}
