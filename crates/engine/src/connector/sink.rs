//! Sinks: where records go, exactly once.
//!
//! write -> prepare (on the boundary; what is prepared is written into the snapshot) -> commit (once the
//! snapshot is complete), and recover after a restart until the outcome is known. The shape is that
//! of Flink's FLIP-191 (`TwoPhaseCommittingSink`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use millstream_core::{CheckpointId, JobId, Lineage, Numbers, Result};

use super::{Gauges, Notice, StateEntry, Waker};

/// A sink of records: a description that is shared by all subtasks and opens one writer for each.
pub trait Sink<T>: Send + Sync + 'static {
    /// Opens the writer of one subtask.
    ///
    /// # Errors
    /// The sink can't be written.
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<T>>>;

    /// The committer, one for an attempt of the job. It runs on a thread of its own and may wait.
    ///
    /// # Errors
    /// The sink can't be reached.
    fn committer(&self, context: CommitterContext) -> Result<Box<dyn SinkCommitter>>;
}

/// What a committer is opened with.
#[derive(Debug, Clone)]
pub struct CommitterContext {
    /// The job.
    pub job: JobId,
    /// The uid of the sink.
    pub uid: String,
    /// How many writers share the sink.
    pub parallelism: usize,
    /// The jobs that went before.
    pub lineage: Lineage,
    /// The number of the attempt: above that of every attempt before it in the lineage. What runs with lower numbers have
    /// left behind unprepared may be removed, nothing else.
    pub run: u64,
    /// The number of the snapshot that the attempt goes on from, whoever wrote that; none: it begins anew.
    pub restored: Option<CheckpointId>,
    /// Set once the job is being cancelled.
    pub cancelled: Cancelled,
}

/// Tells that the job is being cancelled: a committer that waits looks at it and gives up with an error of kind
/// *unavailable*. Clones tell of the same.
#[derive(Debug, Clone, Default)]
pub struct Cancelled(Arc<AtomicBool>);

impl Cancelled {
    /// The job is being cancelled.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What a writer is opened with.
#[derive(Debug)]
pub struct SinkContext {
    /// The job. Together with `subtask`, `run` and the checkpoint's number it names output uniquely.
    pub job: JobId,
    /// The uid of the sink.
    pub uid: String,
    /// The writer's number, below `parallelism`.
    pub subtask: usize,
    /// How many writers share the sink.
    pub parallelism: usize,
    /// The jobs that went before.
    pub lineage: Lineage,
    /// The number of this attempt: above that of every attempt before it in the lineage.
    pub run: u64,
    /// The number of the snapshot that the next [`SinkWriter::prepare`] will at least have.
    pub next_checkpoint: CheckpointId,
    /// The state of all subtasks in the snapshot that the job goes on from; `None` at a fresh start.
    pub restored: Option<Vec<StateEntry>>,
    /// Has this writer polled again.
    pub waker: Waker,
    /// Where the writer shows numbers of its own.
    pub gauges: Gauges,
    /// Where it shows what it waits for before it can go on.
    pub held_up: Notice,
}

/// The writer of one subtask. Lives on a worker thread and never waits for a network.
pub trait SinkWriter<T> {
    /// Takes records from the front of `records`, all or some.
    ///
    /// # Errors
    /// The sink can't be written. The job fails and is restarted from a snapshot.
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus>;

    /// Makes everything written before the first call with this number durable, but not visible, and
    /// hands out what is to be committed once snapshot `checkpoint` is complete. While it answers
    /// [`Prepared::Pending`] it is called again with the same number after each call of the waker;
    /// **what is written in between belongs to the next snapshot**, so that a slow disk holds up the
    /// checkpoint but not the stream. The next number is never asked for before this one is ready.
    ///
    /// # Errors
    /// What was written can't be made durable. The job fails.
    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared>;

    /// State of the writer itself for snapshot `checkpoint`, written into it beside what was prepared.
    ///
    /// # Errors
    /// The state can't be told; the checkpoint is declined.
    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<Vec<StateEntry>> {
        let _ = checkpoint;
        Ok(Vec::new())
    }

    /// How many records were taken since the writer was opened, where that is not the number of `T`s: the rows, of record
    /// batches. They are the job's `written`.
    fn written(&self) -> Option<u64> {
        None
    }

    /// What became otherwise of records that count as [written](Self::written): those that were taken and then refused or
    /// left out, since the writer was opened and up to the boundary of the last snapshot that was [ready](Prepared::Ready).
    fn left_out(&self) -> Numbers {
        Numbers::default()
    }

    /// All input of a job that ends by itself has come: nothing is written any more, and the snapshot that is prepared next is
    /// the last.
    fn end_of_input(&mut self) {}

    /// The output up to this snapshot is committed, and that is noted on the disk: what names it (transactional ids,
    /// files) may be used again.
    ///
    /// # Errors
    /// Fails the job; a writer that can go on logs instead.
    fn committed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }
}

/// What a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteStatus {
    /// All records were taken.
    Taken,
    /// Records are left in the vector: the sink is full and will call its waker.
    Full,
}

/// What a prepare came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Prepared {
    /// Not yet durable; the writer will call its waker.
    Pending,
    /// Durable. May be empty.
    Ready(Vec<Committable>),
}

/// Output that is durable and waits for its snapshot to complete. Written into `_metadata`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Committable {
    /// Names the output in messages, for example a file or a transaction.
    pub name: String,
    /// Everything that a committer needs, in this process or a later one.
    pub value: serde_json::Value,
}

/// Commits what writers have prepared. Runs on a thread of its own.
pub trait SinkCommitter: Send {
    /// Commits output of this very process, all of a snapshot at once, after the snapshot has completed. Answers one
    /// outcome for each, in order.
    ///
    /// # Errors
    /// Anything but [`CommitOutcome::Committed`] is an outcome, not an error; an error says that the sink can't be
    /// reached and that the commit of all of it is to be tried again.
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>>;

    /// Called once at the start of every attempt, before any writer opens, with what the restored
    /// snapshot holds (nothing, at a fresh start). Commits it if that has not happened yet, and removes
    /// what an attempt that died left behind unprepared. Answers one outcome for each, in order.
    ///
    /// # Errors
    /// The sink can't be reached.
    fn recover(
        &mut self,
        committables: &[Committable],
        restored: &[StateEntry],
    ) -> Result<Vec<CommitOutcome>>;

    /// The job has ended for good, by whatever end, and its writers are gone. What is prepared and is not `kept` will never be
    /// asked for: it is given up, so that nothing of the job stays where it wrote. Called once, also where
    /// [`recover`](Self::recover) has failed; not where the process dies. What can't be given up now is left to the next run.
    fn ended(&mut self, kept: &Kept) {
        let _ = kept;
    }
}

/// Which prepared output somebody may still ask for when a job has ended: what a snapshot holds that stays and that is not
/// known to be committed, and what was asked for without that it is known what came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Kept {
    /// This, of all sinks of the job, and nothing else.
    Only(Vec<Committable>),
    /// It can't be told: all of it.
    All,
}

impl Kept {
    /// Whether output may still be asked for, of which `is_it` says which it is.
    pub fn holds(&self, is_it: impl Fn(&Committable) -> bool) -> bool {
        match self {
            Self::Only(kept) => kept.iter().any(is_it),
            Self::All => true,
        }
    }
}

/// What came of a commit. *Lost* and *unknown* are never taken for success: they fail the job and say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Committed by this call.
    Committed,
    /// Committed before.
    AlreadyCommitted,
    /// The output is gone and can't be committed any more; why.
    Lost(String),
    /// It can't be told whether the output was committed; why.
    Unknown(String),
}
