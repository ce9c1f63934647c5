//! Snapshots: their directories, their `_metadata`, their deletion.

use std::path::{Path, PathBuf};

use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_protocol::{Attempt as AttemptNumber, SnapshotRef, Then};
use millstream_storage::{
    Location, METADATA_FILE, OwedNote, Place, SnapshotFormat, SnapshotLayout, SnapshotMetadata,
    SnapshotTarget, discard_incomplete, dispose, is_there,
};

use super::IoWorker;
use crate::connector::Committable;
use crate::messages::Targets;

/// As many snapshots that could not be deleted are tried again with each that is to be.
const AGAIN: usize = 4;

/// A snapshot that is about to begin.
pub(in crate::job) struct Begin {
    pub(in crate::job) attempt: AttemptNumber,
    pub(in crate::job) checkpoint: CheckpointId,
    pub(in crate::job) then: Then,
    /// Where the checkpoint goes.
    pub(in crate::job) directory: PathBuf,
    /// Where the savepoint goes and how it is written, if it is one as well.
    pub(in crate::job) savepoint: Option<(PathBuf, SnapshotFormat)>,
}

impl Begin {
    /// Where it goes.
    pub(in crate::job) fn directories(&self) -> Vec<PathBuf> {
        let savepoint = self.savepoint.iter().map(|(directory, _)| directory);
        std::iter::once(&self.directory)
            .chain(savepoint)
            .cloned()
            .collect()
    }

    /// Makes its directories. Where one can't be made, there is none of a savepoint.
    pub(super) fn make(&self, layout: &SnapshotLayout) -> Result<Targets> {
        let savepoint = self.savepoint.as_ref();
        let savepoint = savepoint
            .map(|(directory, format)| SnapshotTarget::create(directory, *format))
            .transpose()?;
        let checkpoint =
            SnapshotTarget::checkpoint(layout, self.checkpoint, SnapshotFormat::Native);
        if let (Err(_), Some(made)) = (&checkpoint, &savepoint) {
            remove(made.directory().into());
        }
        Ok(Targets {
            checkpoint: checkpoint?,
            of_stop: savepoint.is_some() && self.then.is_last(),
            savepoint,
        })
    }
}

/// A target whose state is written, with its `_metadata`.
pub(in crate::job) type Part = (SnapshotTarget, SnapshotMetadata);

/// A snapshot whose state is written.
pub(in crate::job) struct Write {
    pub(in crate::job) checkpoint: CheckpointId,
    pub(in crate::job) part: Part,
    /// The savepoint, or the directory of one that lacks state, and why.
    pub(in crate::job) savepoint: Option<std::result::Result<Part, (PathBuf, String)>>,
    /// Whether the job ends with the savepoint.
    pub(in crate::job) of_stop: bool,
}

/// What was put in place: the checkpoint, and the savepoint or why it could not be.
#[derive(Debug)]
pub(in crate::job) struct WrittenAs {
    pub(in crate::job) path: String,
    pub(in crate::job) savepoint: Option<std::result::Result<String, String>>,
}

impl Write {
    /// Where the savepoint lies, if it is one as well.
    pub(super) fn savepoint_directory(&self) -> Option<PathBuf> {
        match &self.savepoint {
            Some(Ok((target, _))) => Some(target.directory().into()),
            _ => None,
        }
    }

    /// Where `_metadata` goes.
    pub(super) fn directories(&self) -> Vec<PathBuf> {
        let checkpoint = self.part.0.directory().to_path_buf();
        self.savepoint_directory()
            .into_iter()
            .chain([checkpoint])
            .collect()
    }

    /// Has it list the notes that whoever goes on from it owes: these, and that of its savepoint, which is put into `place`.
    pub(super) fn owe(&mut self, notes: Vec<OwedNote>, place: Option<Place>) {
        if let Some(Ok((_, savepoint))) = &mut self.savepoint {
            savepoint.owed_notes.clone_from(&notes);
        }
        let (_, checkpoint) = &mut self.part;
        checkpoint.owed_notes = notes;
        if let Some(savepoint) = checkpoint.savepoint.clone() {
            checkpoint.owed_notes.push(OwedNote { savepoint, place });
        }
    }

    /// What it holds prepared, of all sinks.
    pub(super) fn prepared(&self) -> Vec<Committable> {
        let operators = self.part.1.operators.iter();
        let prepared = operators.flat_map(|operator| &operator.prepared);
        prepared
            .map(|prepared| Committable {
                name: prepared.name.clone(),
                value: prepared.value.clone(),
            })
            .collect()
    }

    /// Puts `_metadata` in place. The savepoint of a stop comes first, and without it nothing is there: a job that stops must
    /// not go on from a checkpoint that was taken for that.
    pub(super) fn put(self) -> Result<WrittenAs> {
        let Self {
            part,
            savepoint,
            of_stop,
            ..
        } = self;
        let put = |(target, metadata): &Part| -> Result<String> {
            Ok(target.complete(metadata)?.to_string())
        };
        if !of_stop {
            let path = put(&part)?;
            let savepoint = savepoint.map(|savepoint| match savepoint {
                Ok(part) => put(&part).map_err(|error| {
                    remove(part.0.directory().into());
                    error.to_string()
                }),
                Err((directory, why)) => {
                    remove(directory);
                    Err(why)
                }
            });
            return Ok(WrittenAs { path, savepoint });
        }
        let savepoint = match savepoint {
            Some(Ok(savepoint)) => savepoint,
            Some(Err((_, why))) => return Err(Error::new(&codes::SNAPSHOT_WRITE, why)),
            None => return Err(Error::new(&codes::INTERNAL, "a stop has no savepoint")),
        };
        let path = put(&savepoint)?;
        match put(&part) {
            Ok(checkpoint) => Ok(WrittenAs {
                path: checkpoint,
                savepoint: Some(Ok(path)),
            }),
            Err(error) => {
                let disposed = path.parse::<Location>();
                if let Err(error) = disposed.and_then(|location| dispose(&location, false)) {
                    tracing::warn!("Savepoint {path} of a stop that failed stays: {error}");
                }
                Err(error)
            }
        }
    }
}

/// Whether a snapshot whose write has failed may be complete all the same: what failed may have been the removal of it.
fn may_be_complete(directory: &Path) -> bool {
    !matches!(is_there(&directory.join(METADATA_FILE)), Ok(false))
}

/// Removes what there is of a savepoint that is not completed.
fn remove(directory: PathBuf) {
    if let Err(error) = discard_incomplete(&directory) {
        tracing::debug!("{} stays: {error}", directory.display());
    }
}

impl IoWorker {
    /// A snapshot whose write has failed may be complete all the same: then it is owed for, and must be gone before an older one is
    /// gone back to, whose recovery removes what this one holds prepared.
    pub(super) fn doubt(
        &mut self,
        checkpoint: CheckpointId,
        prepared: Vec<Committable>,
        directories: &[PathBuf],
    ) {
        // Where the directory has been moved away meanwhile, what was put there comes back with it.
        let is_away = self.start.keeper.check().is_err();
        if !is_away && !directories.iter().any(|it| may_be_complete(it)) {
            return;
        }
        self.owed.in_place(checkpoint, prepared);
        // The checkpoint first: where it stays, a savepoint shows whether a stop had come that far.
        for (place, directory) in directories.iter().rev().enumerate() {
            if let Ok(location) = Location::from_path(directory) {
                self.undeleted.push(SnapshotRef {
                    checkpoint,
                    path: location.to_string(),
                    savepoint: place > 0,
                });
            }
        }
    }

    pub(super) fn dispose(&mut self, snapshot: SnapshotRef, given_up: bool) {
        let SnapshotRef {
            checkpoint,
            savepoint,
            ..
        } = snapshot;
        // Where its checkpoint stays, a savepoint is what shows whether a stop had come that far.
        let mut undeleted = self.undeleted.iter();
        if savepoint && undeleted.any(|left| left.checkpoint == checkpoint) {
            return;
        }
        let held = self.start.keeper.check();
        if held.is_ok() {
            self.delete_left(AGAIN);
        }
        if let Err(error) = held.and_then(|()| self.delete(&snapshot)) {
            tracing::warn!("{snapshot} could not be deleted, which is tried again: {error}");
            if given_up && !savepoint {
                self.undeleted.push(snapshot);
            } else {
                self.left.push_back(snapshot);
            }
        }
    }

    /// Deletes some of what could not be deleted when it was subsumed or given up: an old checkpoint that stays keeps what lies
    /// behind it, too.
    pub(super) fn delete_left(&mut self, most: usize) {
        for _ in 0..most.min(self.left.len()) {
            let Some(snapshot) = self.left.pop_front() else {
                return;
            };
            if let Err(error) = self.delete(&snapshot) {
                tracing::debug!("{snapshot} still can't be deleted: {error}");
                self.left.push_back(snapshot);
            }
        }
    }

    /// Deletes what was given up and is there, before an older snapshot is gone back to: what it holds prepared is removed
    /// then, and nobody must go on from it afterwards.
    pub(super) fn delete_given_up(&mut self) -> Result<()> {
        while let Some(snapshot) = self.undeleted.first().cloned() {
            self.delete(&snapshot).map_err(|error| {
                Error::new(
                    &codes::SNAPSHOT_UNREACHABLE,
                    format!("{snapshot} was given up and must be deleted before the job goes back behind it"),
                )
                .cause(error)
                .next("see that its directory can be written")
            })?;
            self.undeleted.remove(0);
        }
        Ok(())
    }

    /// What was given up before this checkpoint, which is in place and committed, is superfluous like any older one and deleted with
    /// those: the job never goes back behind it, so no recovery has to wait for that.
    pub(super) fn leave_given_up(&mut self, committed: CheckpointId) {
        let given_up = std::mem::take(&mut self.undeleted).into_iter();
        let (before, behind): (Vec<_>, Vec<_>) =
            given_up.partition(|snapshot| snapshot.checkpoint < committed);
        self.undeleted = behind;
        self.left.extend(before);
    }

    fn delete(&mut self, snapshot: &SnapshotRef) -> Result<()> {
        let location: Location = snapshot.path.parse()?;
        let layout = &self.start.layout;
        // One that was given to the job may lie among the checkpoints of another, which name its files.
        if location.path().parent() != Some(layout.job_directory().as_path()) {
            self.start.keeper.check_claim(&location)?;
        }
        dispose(&location, false)?;
        if !snapshot.savepoint {
            self.owed.deleted(snapshot.checkpoint);
        }
        Ok(())
    }
}
