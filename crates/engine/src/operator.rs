//! What runs inside a task: a source or nothing at the head, operators behind it, a sink or nothing
//! at the end. All of them are erased: they take and hand out [`Chunk`]s.

mod sink;
mod source;

use millstream_core::{
    CheckpointId, EventTime, JobId, KeyGroupRange, MaxParallelism, OperatorId, Result,
};
use millstream_state::WriteState;

use crate::chunk::Chunk;
use crate::connector::{
    Committable, Prepared, SinkCommitter, SourceProgress, SourceStatus, StateEntry, Waker,
};
use crate::restore::RestoredOperator;

pub use sink::SinkFactory;
pub use source::SourceFactory;

/// Which input of a two-input operator a chunk came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// The only input, or the first.
    First,
    /// The second input.
    Second,
}

/// What an operator of one subtask is opened with.
#[derive(Debug, Clone)]
pub struct OperatorContext {
    /// The job.
    pub job: JobId,
    /// The operator, by its uid.
    pub operator: OperatorId,
    /// The subtask's number, below `parallelism`.
    pub subtask: usize,
    /// How many subtasks share the work.
    pub parallelism: usize,
    /// The job's number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The number that the next snapshot will at least have.
    pub next_checkpoint: CheckpointId,
    /// What the snapshot holds for this operator; `None` at a fresh start.
    pub restored: Option<RestoredOperator>,
    /// Has the task polled again.
    pub waker: Waker,
    /// Where a source tells how far it is.
    pub progress: SourceProgress,
}

impl OperatorContext {
    /// The key groups that this subtask owns.
    pub fn key_groups(&self) -> KeyGroupRange {
        self.max_parallelism.range(self.subtask, self.parallelism)
    }
}

/// What an operator hands over on the boundary of an epoch.
#[derive(Default)]
pub struct OperatorSnapshot {
    /// Keyed state, frozen; written in the background.
    pub states: Vec<Box<dyn WriteState>>,
    /// State that belongs to no key.
    pub entries: Vec<StateEntry>,
}

/// An operator of one subtask. Lives on a worker thread and never waits.
pub trait Operator {
    /// Takes a chunk and appends what comes of it to `out`.
    ///
    /// # Errors
    /// Fails the task.
    fn process(&mut self, port: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()>;

    /// Event time has come to `watermark` on all inputs.
    ///
    /// # Errors
    /// Fails the task.
    fn watermark(&mut self, watermark: EventTime, out: &mut Vec<Chunk>) -> Result<()> {
        let _ = (watermark, out);
        Ok(())
    }

    /// Tries to get rid of what the operator could not pass on before (a full sink). While it answers
    /// `true`, nothing more is given to the task.
    ///
    /// # Errors
    /// Fails the task.
    fn is_blocked(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// Makes output durable for snapshot `checkpoint`; see [`SinkWriter::prepare`](crate::connector::SinkWriter::prepare).
    ///
    /// # Errors
    /// Fails the task.
    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        let _ = checkpoint;
        Ok(Prepared::Ready(Vec::new()))
    }

    /// The state on the boundary. Quick: what takes time is done when the states are written.
    ///
    /// # Errors
    /// Declines the checkpoint.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    /// Does a bounded piece of housekeeping between chunks; `true`: there is more of it.
    fn maintain(&mut self) -> bool {
        false
    }
}

/// Opens an operator for each subtask.
pub trait OperatorFactory: Send + Sync {
    /// The operator of one subtask.
    ///
    /// # Errors
    /// The operator can't be opened, or its state can't be restored.
    fn open(&self, context: &OperatorContext) -> Result<Box<dyn Operator>>;

    /// The committer of a sink; `None` for every other operator.
    ///
    /// # Errors
    /// The sink can't be reached.
    fn committer(&self) -> Result<Option<Box<dyn SinkCommitter>>> {
        Ok(None)
    }
}

/// A source of one subtask. Lives on a worker thread and never waits.
pub trait SourceOperator {
    /// See [`SourceReader::poll`](crate::connector::SourceReader::poll).
    ///
    /// # Errors
    /// Fails the task.
    fn poll(&mut self, out: &mut Vec<Chunk>, limit: usize) -> Result<SourceStatus>;

    /// See [`SourceReader::snapshot`](crate::connector::SourceReader::snapshot).
    ///
    /// # Errors
    /// Declines the checkpoint.
    fn snapshot(&mut self) -> Result<Vec<StateEntry>>;

    /// See [`SourceReader::watermark`](crate::connector::SourceReader::watermark).
    fn watermark(&self) -> EventTime;

    /// See [`SourceReader::checkpoint_completed`](crate::connector::SourceReader::checkpoint_completed).
    ///
    /// # Errors
    /// Fails the task.
    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()>;
}

/// Opens a source for each subtask.
pub trait SourceOperatorFactory: Send + Sync {
    /// Whether the source comes to an end by itself.
    fn is_bounded(&self) -> bool;

    /// The source of one subtask.
    ///
    /// # Errors
    /// The source can't be opened, or is not what the restored position says.
    fn open(&self, context: &OperatorContext) -> Result<Box<dyn SourceOperator>>;
}

/// What is prepared in one subtask and not yet committed: per operator, with the checkpoint it was
/// prepared for.
#[derive(Debug, Default)]
pub(crate) struct Uncommitted {
    prepared: Vec<(CheckpointId, Committable)>,
}

impl Uncommitted {
    /// Adds what was prepared for `checkpoint`.
    pub(crate) fn add(&mut self, checkpoint: CheckpointId, committables: Vec<Committable>) {
        self.prepared.extend(
            committables
                .into_iter()
                .map(|committable| (checkpoint, committable)),
        );
    }

    /// Everything that a snapshot taken now must hold: a checkpoint that was given up leaves its
    /// output to the next one.
    pub(crate) fn all(&self) -> Vec<Committable> {
        self.prepared
            .iter()
            .map(|(_, committable)| committable.clone())
            .collect()
    }

    /// What was prepared up to `checkpoint` has been committed.
    pub(crate) fn committed(&mut self, checkpoint: CheckpointId) {
        self.prepared
            .retain(|(prepared_for, _)| *prepared_for > checkpoint);
    }
}
