//! Enumerators: who looks for the splits of a source, once for all its readers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::{CheckpointId, JobId, Lineage, Result};
use millstream_storage::{OperatorSnapshot, Rival, SnapshotFormat, SnapshotKind};

use super::{SourceProgress, SourceSnapshot, StateEntry, Waker};

/// Looks for the splits of a source, and tells its readers. There is one for an attempt.
///
/// It lives on the attempt's thread of enumerators, which it shares with those of other sources, so it must be quick:
/// what waits runs on threads of the connector's own and calls the [waker](EnumeratorContext::waker).
///
/// Its snapshot is taken between two announcements, and every reader has had exactly the announcements before it when
/// it stands on the boundary of the same snapshot. So an enumerator need not note who knows what.
pub trait Enumerator: Send {
    /// What there is to tell now.
    ///
    /// # Errors
    /// Fails the attempt.
    fn poll(&mut self) -> Result<Enumerated>;

    /// What the enumerator knows, behind the last announcement.
    ///
    /// # Errors
    /// It can't be told; the checkpoint is declined.
    fn snapshot(&mut self, request: &SnapshotRequest) -> Result<SourceSnapshot>;

    /// The snapshot with this number has ended; as [`SourceReader::checkpoint_ended`](super::SourceReader::checkpoint_ended).
    ///
    /// # Errors
    /// Fails the attempt.
    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let _ = (checkpoint, completed);
        Ok(())
    }

    /// What completed snapshots ask for on the outside and is not done yet, such as files that are to be taken away. A job that
    /// has read all of its input ends when nothing is, or when it is cancelled; asked when the
    /// [waker](EnumeratorContext::waker) is called, and each second.
    fn remaining(&mut self) -> Remaining {
        Remaining::Nothing
    }
}

/// What an enumerator has left to do when its job could end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remaining {
    /// Nothing: the job may end.
    Nothing,
    /// It is being done.
    UnderWay,
    /// It can't be done at present, and why, for people to see.
    HeldUp(String),
}

/// What a poll of an enumerator came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enumerated {
    /// Something for every reader, in the connector's own form. The enumerator is polled again at once.
    Found(Arc<[u8]>),
    /// Nothing right now. Polled when the waker is called, and after this time if one is given.
    Pending(Option<Duration>),
    /// It can't go on for now, and why, for people to see. Polled when the waker is called, and after a second.
    HeldUp(String),
    /// Nothing will ever come again. It is still asked for its snapshots.
    Ended,
}

/// What an enumerator is opened with.
#[derive(Debug)]
pub struct EnumeratorContext {
    /// The job.
    pub job: JobId,
    /// The uid of the source.
    pub uid: String,
    /// How many readers there are.
    pub parallelism: usize,
    /// The jobs that went before.
    pub lineage: Lineage,
    /// The number of this attempt: above that of every attempt before it in the lineage.
    pub run: u64,
    /// What the snapshot holds that the job goes on from; `None` at a fresh start.
    pub restored: Option<RestoredSource>,
    /// Has the enumerator polled again.
    pub waker: Waker,
    /// The job's own directory below that of the checkpoints, for notes of the enumerator's own. It may not be there yet.
    /// `None`: there is no such place.
    pub directory: Option<PathBuf>,
    /// The directories of other jobs whose enumerators may have noted what they did behind the snapshot: of the job that this one
    /// goes on from by `-s latest`, and of those that went on from there and died before they had a snapshot of their own.
    /// Empty where the snapshot is the job's own, or the job a fork.
    pub behind: Vec<PathBuf>,
    /// The directories of all other jobs that have run behind the snapshot which this one goes on from. Empty where it is the
    /// job's own.
    pub branches: Vec<PathBuf>,
    /// Jobs that come from where this one does and read the same input beside it. Empty where the snapshot is the job's own.
    pub rivals: Vec<Rival>,
    /// Where the enumerator reports what it knows, beside the first reader.
    pub progress: SourceProgress,
}

/// What a snapshot holds for a source, as its enumerator sees it.
#[derive(Debug, Clone)]
pub struct RestoredSource {
    /// The enumerator's own entries.
    pub entries: Vec<StateEntry>,
    /// The entries of all readers.
    pub readers: Vec<StateEntry>,
    /// The source's part of the snapshot, for state files.
    pub operator: OperatorSnapshot,
    /// How many readers wrote it.
    pub readers_parallelism: usize,
}

/// A snapshot that is being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotRequest {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// What it is for.
    pub kind: SnapshotKind,
    /// How state is written.
    pub format: SnapshotFormat,
    /// Whether it must be complete in itself, and refer to no file of an earlier one.
    pub full: bool,
}
