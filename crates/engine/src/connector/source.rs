//! Sources: where records come from.

use std::time::Duration;

use millstream_core::{CheckpointId, JobId, Lineage, Result};
use millstream_storage::OperatorSnapshot;

use super::enumerator::{Enumerator, EnumeratorContext};
use super::output::SourceOutput;
use super::source_snapshot::SourceSnapshot;
use super::{SourceProgress, StateEntry, Waker};

/// A source of records: a description that is shared by all subtasks and opens one reader for each.
pub trait Source<T>: Send + Sync + 'static {
    /// Whether the source comes to an end by itself.
    fn is_bounded(&self) -> bool;

    /// Opens the reader of one subtask.
    ///
    /// # Errors
    /// The source can't be read, or what was restored is not a position in it.
    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<T>>>;

    /// Looks for splits, once for all readers of an attempt. `None`: the readers need nobody to.
    ///
    /// # Errors
    /// What was restored is not what this source's enumerator has written, or there can't be any splits.
    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        drop(context);
        Ok(None)
    }

    /// Which reader takes the state entry with this key, as one of `parallelism`. A function of its arguments alone,
    /// like the assignment of splits. The engine hands a restored entry to no other reader.
    fn owner(&self, key: &str, parallelism: usize) -> Owner {
        let _ = (key, parallelism);
        Owner::Everyone
    }
}

/// Who takes a restored entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The reader of this subtask.
    Subtask(usize),
    /// Every reader.
    Everyone,
}

/// What a reader is opened with.
#[derive(Debug)]
pub struct SourceContext {
    /// The job.
    pub job: JobId,
    /// The uid of the source.
    pub uid: String,
    /// The reader's number, below `parallelism`.
    pub subtask: usize,
    /// How many readers share the source.
    pub parallelism: usize,
    /// The jobs that went before.
    pub lineage: Lineage,
    /// The number of this attempt: above that of every attempt before it in the lineage.
    pub run: u64,
    /// The entries of the snapshot that the job goes on from, of all subtasks, as far as this one takes them
    /// ([`Source::owner`]); `None` at a fresh start.
    pub restored: Option<Vec<StateEntry>>,
    /// The source's part of that snapshot, for state files.
    pub snapshot: Option<OperatorSnapshot>,
    /// Has this reader polled again.
    pub waker: Waker,
    /// Where the reader reports how far it is.
    pub progress: SourceProgress,
}

/// How much a reader may hand out at once. It stops at whichever comes first; one record may always be handed out,
/// whatever its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Records; rows, for record batches.
    pub records: usize,
    /// Bytes, as they lie in the file or on the wire or in memory: whichever the reader knows.
    pub bytes: usize,
}

impl Limit {
    /// At most this many records of any size.
    pub const fn records(records: usize) -> Self {
        Self {
            records,
            bytes: usize::MAX,
        }
    }
}

/// The reader of one subtask. Lives on a worker thread and never waits.
pub trait SourceReader<T> {
    /// Puts records into `out`, up to about `limit`, and returns at once, whether there are any or not. A reader of record
    /// batches counts rows, and its batches hold no more rows than the limit.
    ///
    /// `limit` changes from call to call: it is how the engine bounds the work in flight.
    ///
    /// # Errors
    /// The source can't be read any further. The job fails and is restarted from a snapshot.
    fn poll(&mut self, out: &mut SourceOutput<T>, limit: Limit) -> Result<SourceStatus>;

    /// The positions behind the last record handed out, for snapshot `checkpoint`. Called on the boundary of an epoch, so
    /// it must be quick and must not move the reader.
    ///
    /// # Errors
    /// The position can't be told; the checkpoint is declined.
    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot>;

    /// The snapshot with this number has ended. `completed`: it is complete, everything that it holds is committed, and
    /// that is noted on the disk, so what lies before its positions will not be asked for again, and the reader may act
    /// on the outside (acknowledge a message, delete a file). Otherwise it was given up, and a later one counts.
    ///
    /// # Errors
    /// Fails the job; a reader that can go on logs instead.
    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let _ = (checkpoint, completed);
        Ok(())
    }

    /// Takes what the [`Enumerator`] has found. Every reader of the attempt gets the same, in the same order, at the
    /// same place between the boundaries of epochs.
    ///
    /// # Errors
    /// Fails the job.
    fn found(&mut self, announcement: &[u8]) -> Result<()> {
        let _ = announcement;
        Ok(())
    }
}

/// What a poll came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceStatus {
    /// This many records were put out (rows, for record batches; bad ones count, too); there may be more right now. 0 is
    /// allowed: time was spent (on skipping, say) and the reader wants to be polled again.
    Ready(usize),
    /// Nothing right now. The reader is polled when its waker is called, and after this time if one is
    /// given.
    Pending(Option<Duration>),
    /// Nothing will ever come again from this subtask.
    Ended,
}
