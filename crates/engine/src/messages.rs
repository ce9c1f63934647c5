//! What the driver of a job, an attempt, its tasks and its threads say to each other. Below all of them, so that none
//! need know who listens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError};
use millstream_core::{CheckpointId, Error, Numbers, OperatorId, Result, TaskStatus, codes};
use millstream_protocol::Then;
use millstream_state::WriteState;
use millstream_storage::{SnapshotTarget, StateMetadata};

use crate::connector::{Committable, SnapshotRequest, SourceSnapshot, StateEntry, Waker};
use crate::metrics::TaskMetrics;

/// Which subtask of which vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskKey {
    /// The vertex's number in the plan.
    pub vertex: usize,
    /// The subtask's number.
    pub subtask: usize,
}

/// What the part of one task in a snapshot took.
#[derive(Debug, Clone, Copy)]
pub struct TaskSnapshot {
    /// Bytes of state written.
    pub bytes: u64,
    /// From the coordinator's word until the task had processed everything before the boundary.
    pub start_delay: Duration,
    /// How long the task stood still to freeze its state.
    pub freeze: Duration,
    /// From then until its output and state were durable, while records flowed.
    pub write: Duration,
    /// The longest time that the task could not process a record, from the boundary to the end of the writing.
    pub longest_pause: Duration,
}

/// A boundary between two epochs, as every task learns of it.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    /// The snapshot; its number is that of the epoch that begins.
    pub(crate) request: SnapshotRequest,
    /// What the sources do behind it.
    pub(crate) then: Then,
    /// Where state is written; `None`: nothing is kept, only commits are prepared.
    pub(crate) targets: Option<Targets>,
    /// When the coordinator said so.
    pub(crate) asked: Instant,
    /// What the enumerators of the sources knew.
    pub(crate) enumerated: EnumeratorParts,
}

impl Trigger {
    /// The number of the snapshot and of the epoch that begins.
    pub(crate) fn checkpoint(&self) -> CheckpointId {
        self.request.checkpoint
    }
}

/// Where a snapshot is written: into a checkpoint, and into a savepoint if it is one as well.
#[derive(Debug, Clone)]
pub(crate) struct Targets {
    pub(crate) checkpoint: SnapshotTarget,
    pub(crate) savepoint: Option<SnapshotTarget>,
    /// Whether the job ends with the savepoint: without it there is no snapshot.
    pub(crate) of_stop: bool,
}

impl Targets {
    /// All of them, the checkpoint first.
    pub(crate) fn all(&self) -> Vec<&SnapshotTarget> {
        std::iter::once(&self.checkpoint)
            .chain(&self.savepoint)
            .collect()
    }

    /// Nobody wants the snapshot any more.
    pub(crate) fn give_up(&self) {
        self.all().into_iter().for_each(SnapshotTarget::give_up);
    }

    /// Whether that is so.
    pub(crate) fn is_given_up(&self) -> bool {
        self.checkpoint.is_given_up()
    }
}

/// The parts of the enumerators in a snapshot, by the vertex of their source. Taken out by the first subtask.
#[derive(Debug, Clone, Default)]
pub(crate) struct EnumeratorParts {
    parts: Arc<Mutex<BTreeMap<usize, Result<SourceSnapshot>>>>,
}

impl EnumeratorParts {
    /// Adds that of the source that vertex `vertex` begins with.
    pub(crate) fn add(&self, vertex: usize, part: Result<SourceSnapshot>) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(vertex, part);
    }

    /// Takes out that of a vertex. `None`: its source has no enumerator.
    pub(crate) fn take(&self, vertex: usize) -> Option<Result<SourceSnapshot>> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.remove(&vertex)
    }
}

/// What the coordinator tells every worker.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    /// A boundary lies ahead.
    Trigger(Box<Trigger>),
    /// This snapshot has ended: it is `completed`, committed, and that is noted; or it was given up.
    Ended {
        checkpoint: CheckpointId,
        completed: bool,
    },
    /// Sources that wait behind this boundary, or come to it, go on.
    Resume(CheckpointId),
    /// Sources end: everything is committed, and that was told.
    Finish,
    /// The enumerator of the source that a vertex begins with has found something.
    Found {
        vertex: usize,
        announcement: Arc<[u8]>,
    },
}

/// What one operator of a task hands over at a boundary.
pub(crate) struct OperatorPart {
    pub(crate) uid: String,
    pub(crate) id: OperatorId,
    pub(crate) states: Vec<Box<dyn WriteState>>,
    pub(crate) entries: Vec<StateEntry>,
    /// Entries of the enumerator, where the operator is a source and this the first subtask.
    pub(crate) enumerator: Vec<StateEntry>,
    pub(crate) prepared: Vec<Committable>,
    /// What it has counted since the attempt began.
    pub(crate) numbers: Numbers,
}

/// What one task hands over at a boundary.
pub(crate) struct SnapshotJob {
    pub(crate) checkpoint: CheckpointId,
    pub(crate) task: TaskKey,
    /// `None`: nothing is written, only prepared output counts.
    pub(crate) targets: Option<Targets>,
    pub(crate) operators: Vec<OperatorPart>,
    /// Why an operator could not give its state.
    pub(crate) declined: Option<Error>,
    pub(crate) metrics: TaskMetrics,
    /// From the coordinator's word to the boundary.
    pub(crate) start_delay: Duration,
    /// How long it took to freeze state.
    pub(crate) freeze: Duration,
    /// When that was done.
    pub(crate) frozen: Instant,
}

/// Hands jobs to the snapshot thread.
#[derive(Clone)]
pub(crate) struct SnapshotSender {
    jobs: Sender<SnapshotJob>,
    end: Sender<()>,
    events: EventSender,
    /// Called when something was sent.
    wake: Waker,
}

impl SnapshotSender {
    /// Sends on these channels; `events` learn of what finds no room.
    pub(crate) fn new(
        jobs: Sender<SnapshotJob>,
        end: Sender<()>,
        events: EventSender,
        wake: Waker,
    ) -> Self {
        Self {
            jobs,
            end,
            events,
            wake,
        }
    }

    /// Has `job` written. Never waits: the channel has room for many boundaries of every task, and where it has none
    /// the checkpoint is declined.
    pub(crate) fn submit(&self, job: SnapshotJob) {
        let Err(refused) = self.jobs.try_send(job) else {
            return self.wake.wake();
        };
        let message = match &refused {
            TrySendError::Full(_) => "so many snapshots wait to be written that there is no room",
            TrySendError::Disconnected(_) => "the snapshot thread has ended",
        };
        let job = refused.into_inner();
        self.events.send(AttemptEvent::Declined {
            checkpoint: job.checkpoint,
            task: job.task,
            error: Error::new(&codes::CHECKPOINT_FAILED, message)
                .next("see to the disk of the snapshots"),
        });
    }

    /// The workers have ended: the attempt has, too, once the thread is done with what it is writing.
    pub(crate) fn end(&self) {
        if self.end.try_send(()).is_err() {
            tracing::debug!("the snapshot thread has ended before the workers");
        }
        self.wake.wake();
    }
}

/// What one task hands in for a snapshot.
#[derive(Debug)]
pub(crate) struct Acknowledgement {
    pub(crate) checkpoint: CheckpointId,
    pub(crate) task: TaskKey,
    pub(crate) operators: Vec<AcknowledgedOperator>,
    /// Why state could not be written into the savepoint, though it could into the checkpoint.
    pub(crate) no_savepoint: Option<Error>,
    /// What it took.
    pub(crate) part: TaskSnapshot,
}

/// The part of an acknowledgement that belongs to one operator.
#[derive(Debug)]
pub(crate) struct AcknowledgedOperator {
    pub(crate) uid: String,
    /// In the checkpoint.
    pub(crate) states: Vec<StateMetadata>,
    /// In the savepoint.
    pub(crate) savepoint: Vec<StateMetadata>,
    pub(crate) entries: Vec<StateEntry>,
    /// Entries of a source's enumerator.
    pub(crate) enumerator: Vec<StateEntry>,
    pub(crate) prepared: Vec<Committable>,
    /// What it has counted since the attempt began.
    pub(crate) numbers: Numbers,
}

/// What happens in an attempt.
#[derive(Debug)]
pub(crate) enum AttemptEvent {
    Task {
        task: TaskKey,
        status: TaskStatus,
    },
    Failed {
        task: Option<TaskKey>,
        error: Error,
    },
    SourceEnded {
        task: TaskKey,
    },
    Acknowledged(Acknowledgement),
    Declined {
        checkpoint: CheckpointId,
        task: TaskKey,
        error: Error,
    },
    Ended,
}

/// Sends the events of one attempt to the job's driver.
#[derive(Clone)]
pub(crate) struct EventSender {
    send: Arc<dyn Fn(AttemptEvent) + Send + Sync>,
}

impl EventSender {
    pub(crate) fn new(send: impl Fn(AttemptEvent) + Send + Sync + 'static) -> Self {
        Self {
            send: Arc::new(send),
        }
    }

    pub(crate) fn send(&self, event: AttemptEvent) {
        (self.send)(event);
    }
}
