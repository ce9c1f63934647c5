//! What runs inside a task: a source or nothing at the head, operators behind it, a sink or nothing
//! at the end. All of them are erased: they take and hand out [`Chunk`]s.

mod restored;
mod sink;
mod source;

use millstream_core::{
    CheckpointId, EventTime, JobId, KeyGroupRange, Lineage, MaxParallelism, Numbers, OperatorId,
    Result,
};
use millstream_state::WriteState;

use crate::chunk::Chunk;
use crate::connector::{
    Announced, Committable, CommitterContext, Enumerator, EnumeratorContext, Limit, Prepared,
    SinkCommitter, SourceProgress, SourceSnapshot, SourceStatus, StateEntry, Waker,
};

pub use crate::connector::SnapshotRequest;
pub use restored::RestoredOperator;
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
    /// The uid itself.
    pub uid: String,
    /// The subtask's number, below `parallelism`.
    pub subtask: usize,
    /// How many subtasks share the work.
    pub parallelism: usize,
    /// The job's number of key groups.
    pub max_parallelism: MaxParallelism,
    /// The jobs that went before.
    pub lineage: Lineage,
    /// The number of this attempt: above that of every attempt before it in the lineage.
    pub run: u64,
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

    /// Event time has come to `time` on all inputs: fires at most about `budget` timers and windows. `true`: there are
    /// more, and the task calls again with the same time, once what was handed out has been sent and the sinks take more.
    /// No record comes in between.
    ///
    /// # Errors
    /// Fails the task.
    fn advance_to(&mut self, time: EventTime, budget: usize, out: &mut Vec<Chunk>) -> Result<bool> {
        let _ = (time, budget, out);
        Ok(false)
    }

    /// How far event time has come behind what the operator has handed out. Asked of operators that
    /// [make watermarks](OperatorFactory::generates_watermarks), after each chunk, after event time has come further on its
    /// inputs, and when its waker was called. The end of time passes every operator whatever it says.
    fn announced(&self) -> Announced {
        Announced::Active(EventTime::MIN)
    }

    /// Hands out results that have come late, of work that runs elsewhere. Called when the operator's
    /// [waker](OperatorContext::waker) was; while it answers [`Polled::Pending`], the task keeps the right to send at
    /// the time of what it took first, and crosses no boundary.
    ///
    /// # Errors
    /// Fails the task.
    fn poll(&mut self, out: &mut Vec<Chunk>) -> Result<Polled> {
        let _ = out;
        Ok(Polled::Idle)
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
    fn snapshot(&mut self, request: &SnapshotRequest) -> Result<OperatorSnapshot> {
        let _ = request;
        Ok(OperatorSnapshot::default())
    }

    /// The snapshot with this number has ended: `completed` and committed, which is noted on the disk, or given up.
    ///
    /// # Errors
    /// Fails the task.
    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let _ = (checkpoint, completed);
        Ok(())
    }

    /// What the operator has done with its records since it was opened, where it knows better than its task, which counts
    /// what goes in and what comes out: why records were left out, or how many there are in a batch that travels as one.
    /// A sink says what it has written. Read on every boundary.
    fn numbers(&self) -> Option<Numbers> {
        None
    }

    /// See [`SinkWriter::left_out`](crate::connector::SinkWriter::left_out).
    fn left_out(&self) -> Numbers {
        Numbers::default()
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

    /// Whether the operators make watermarks, which replace those from upstream for everything behind them.
    fn generates_watermarks(&self) -> bool {
        false
    }

    /// Whether the operators have [state that belongs to no key](OperatorSnapshot::entries), and take it when they are
    /// opened.
    fn keeps_entries(&self) -> bool {
        false
    }

    /// The committer of a sink; `None` for every other operator.
    ///
    /// # Errors
    /// The sink can't be reached.
    fn committer(&self, context: CommitterContext) -> Result<Option<Box<dyn SinkCommitter>>> {
        drop(context);
        Ok(None)
    }
}

/// Whether an operator owes results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polled {
    /// Everything that came of what the operator took has been handed out.
    Idle,
    /// Results are still to come; the operator calls its waker.
    Pending,
}

/// A source of one subtask. Lives on a worker thread and never waits.
pub trait SourceOperator {
    /// See [`SourceReader::poll`](crate::connector::SourceReader::poll).
    ///
    /// # Errors
    /// Fails the task.
    fn poll(&mut self, out: &mut Vec<Chunk>, limit: Limit) -> Result<SourceStatus>;

    /// See [`SourceReader::snapshot`](crate::connector::SourceReader::snapshot).
    ///
    /// # Errors
    /// Declines the checkpoint.
    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot>;

    /// How many records have been read since the source was opened, bad ones among them.
    fn records_read(&self) -> u64;

    /// How far event time has come behind the last record handed out.
    fn announced(&self) -> Announced {
        Announced::Active(EventTime::MIN)
    }

    /// See [`SourceReader::checkpoint_ended`](crate::connector::SourceReader::checkpoint_ended).
    ///
    /// # Errors
    /// Fails the task.
    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let _ = (checkpoint, completed);
        Ok(())
    }

    /// See [`SourceReader::found`](crate::connector::SourceReader::found).
    ///
    /// # Errors
    /// Fails the task.
    fn found(&mut self, announcement: &[u8]) -> Result<()> {
        let _ = announcement;
        Ok(())
    }
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

    /// See [`Source::enumerator`](crate::connector::Source::enumerator).
    ///
    /// # Errors
    /// What was restored does not fit.
    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        drop(context);
        Ok(None)
    }
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
