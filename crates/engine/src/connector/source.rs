//! Sources: where records come from.

use std::time::Duration;

use millstream_core::{CheckpointId, EventTime, JobId, Result};

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
}

/// What a reader is opened with.
#[derive(Debug)]
pub struct SourceContext {
    /// The job.
    pub job: JobId,
    /// The reader's number, below `parallelism`.
    pub subtask: usize,
    /// How many readers share the source.
    pub parallelism: usize,
    /// The state of all subtasks in the snapshot that the job goes on from; `None` at a fresh start.
    pub restored: Option<Vec<StateEntry>>,
    /// Has this reader polled again.
    pub waker: Waker,
    /// Where the reader reports how far it is.
    pub progress: SourceProgress,
}

/// The reader of one subtask. Lives on a worker thread and never waits.
pub trait SourceReader<T> {
    /// Appends at most about `limit` records to `out` and returns at once, whether there are any or
    /// not. A reader of record batches counts rows, and its batches hold at most `limit` of them.
    ///
    /// `limit` changes from call to call: it is how the engine bounds the work in flight.
    ///
    /// # Errors
    /// The source can't be read any further. The job fails and is restarted from a snapshot.
    fn poll(&mut self, out: &mut Vec<T>, limit: usize) -> Result<SourceStatus>;

    /// The positions behind the last record handed out. Called on the boundary of an epoch, so it must
    /// be quick and must not move the reader.
    ///
    /// # Errors
    /// The position can't be told; the checkpoint is declined.
    fn snapshot(&mut self) -> Result<Vec<StateEntry>>;

    /// The watermark behind the last record handed out. Never goes back.
    fn watermark(&self) -> EventTime {
        EventTime::MIN
    }

    /// The snapshot with this number is complete: what lies before its positions will not be asked for
    /// again.
    ///
    /// # Errors
    /// Fails the job; a reader that can go on logs instead.
    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }
}

/// What a poll came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceStatus {
    /// This many records were appended (rows, for record batches); there may be more right now. 0 is
    /// allowed: time was spent (on skipping, say) and the reader wants to be polled again.
    Ready(usize),
    /// Nothing right now. The reader is polled when its waker is called, and after this time if one is
    /// given.
    Pending(Option<Duration>),
    /// Nothing will ever come again from this subtask.
    Ended,
}
