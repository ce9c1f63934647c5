//! The thread that writes snapshots: frozen state goes to disk while records flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use millstream_core::{CheckpointId, Error, OperatorId, Result, codes};
use millstream_state::WriteState;
use millstream_storage::SnapshotTarget;

use super::{AcknowledgedOperator, Acknowledgement, AttemptEvent, EventSender};
use crate::connector::{Committable, StateEntry};
use crate::job::TaskSnapshot;
use crate::metrics::TaskMetrics;
use crate::task::TaskKey;

/// What one operator of a task hands over at a boundary.
pub(crate) struct OperatorPart {
    pub(crate) uid: String,
    pub(crate) id: OperatorId,
    pub(crate) states: Vec<Box<dyn WriteState>>,
    pub(crate) entries: Vec<StateEntry>,
    pub(crate) prepared: Vec<Committable>,
}

/// What one task hands over at a boundary.
pub(crate) struct SnapshotJob {
    pub(crate) checkpoint: CheckpointId,
    pub(crate) task: TaskKey,
    /// `None`: nothing is written, only prepared output counts.
    pub(crate) target: Option<SnapshotTarget>,
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
pub(crate) struct SnapshotSender(Sender<SnapshotJob>);

impl SnapshotSender {
    /// Has `job` written. Never waits: the channel has room for a boundary of every task.
    pub(crate) fn submit(&self, job: SnapshotJob) {
        // The thread outlives the workers; if it is gone all the same, the checkpoint times out.
        drop(self.0.send(job));
    }
}

/// Snapshots of each task that may wait to be written: checkpoints that were given up wait, too, while a disk hangs.
const JOBS_OF_A_TASK: usize = 64;
/// How much the thread yields to the workers (Unix niceness).
const NICENESS: i32 = 5;

/// The thread that writes the snapshots of one attempt.
pub(crate) struct SnapshotThread {
    stop: Sender<()>,
    handle: JoinHandle<()>,
}

impl SnapshotThread {
    /// Starts the thread for this many tasks. It writes only the snapshot whose number is in `wanted`.
    #[allow(clippy::disallowed_methods, reason = "the home of this thread")]
    pub(crate) fn start(
        tasks: usize,
        events: EventSender,
        wanted: Arc<AtomicU64>,
    ) -> Result<(Self, SnapshotSender)> {
        // A channel takes the memory of all its places at once, so it has no more than the tasks can fill.
        let (sender, jobs) = crossbeam_channel::bounded(tasks * JOBS_OF_A_TASK);
        let (stop, stopped) = crossbeam_channel::bounded(1);
        let handle = std::thread::Builder::new()
            .name("snapshots".to_owned())
            .spawn(move || {
                yield_to_workers();
                write_all(&jobs, &stopped, &events, &wanted);
            })
            .map_err(|error| {
                Error::new(&codes::INTERNAL, "the snapshot thread can't be started").cause(error)
            })?;
        Ok((Self { stop, handle }, SnapshotSender(sender)))
    }

    /// Ends the thread once it has written what it is writing.
    pub(crate) fn stop(self) {
        drop(self.stop);
        if self.handle.join().is_err() {
            tracing::warn!("the snapshot thread panicked");
        }
    }
}

fn yield_to_workers() {
    let thread = rustix::thread::gettid();
    // Where the system does not allow it, snapshots merely compete with the workers.
    if let Err(error) = rustix::process::setpriority_process(Some(thread), NICENESS) {
        tracing::debug!("priority of the snapshot thread stays as it is: {error}");
    }
}

fn write_all(
    jobs: &Receiver<SnapshotJob>,
    stopped: &Receiver<()>,
    events: &EventSender,
    wanted: &AtomicU64,
) {
    loop {
        crossbeam_channel::select! {
            recv(stopped) -> _ => return,
            recv(jobs) -> job => match job {
                Ok(job) => events.send(handle(job, wanted.load(Ordering::Relaxed))),
                Err(_) => return,
            },
        }
    }
}

fn handle(job: SnapshotJob, wanted: CheckpointId) -> AttemptEvent {
    let (checkpoint, task) = (job.checkpoint, job.task);
    let declined = |error| AttemptEvent::Declined {
        checkpoint,
        task,
        error,
    };
    if let Some(error) = job.declined {
        return declined(error);
    }
    if checkpoint != wanted {
        let message = format!("checkpoint {checkpoint} was given up before it was written");
        return declined(Error::new(&codes::CHECKPOINT_FAILED, message));
    }
    let metrics = job.metrics.clone();
    let (start_delay, freeze, frozen) = (job.start_delay, job.freeze, job.frozen);
    match write(job) {
        Ok((operators, bytes)) => AttemptEvent::Acknowledged(Acknowledgement {
            checkpoint,
            task,
            operators,
            part: TaskSnapshot {
                bytes,
                start_delay,
                freeze,
                write: frozen.elapsed(),
                longest_pause: metrics.take_longest_pause(),
            },
        }),
        Err(error) => declined(error),
    }
}

fn write(job: SnapshotJob) -> Result<(Vec<AcknowledgedOperator>, u64)> {
    let mut operators = Vec::with_capacity(job.operators.len());
    let mut bytes = 0;
    for part in job.operators {
        let mut states = Vec::with_capacity(part.states.len());
        if let Some(target) = &job.target {
            for state in part.states {
                let written = state.write(target, part.id, job.task.subtask)?;
                bytes += written.files.iter().map(|file| file.bytes).sum::<u64>();
                states.push(written);
            }
        }
        operators.push(AcknowledgedOperator {
            uid: part.uid,
            states,
            entries: part.entries,
            prepared: part.prepared,
        });
    }
    Ok((operators, bytes))
}
