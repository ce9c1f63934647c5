//! The thread that writes snapshots: frozen state goes to disk while records flow.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::Receiver;
use millstream_core::{Error, Result, codes};

use super::worker::panicked;
use crate::connector::Waker;
use crate::messages::{
    AcknowledgedOperator, Acknowledgement, AttemptEvent, EventSender, SnapshotJob, SnapshotSender,
    Targets, TaskSnapshot,
};
use crate::resting::{IDLE, Resting, Work};

/// Snapshots of each task that may wait to be written: checkpoints that were given up wait, too, while a disk hangs.
const JOBS_OF_A_TASK: usize = 64;
/// How much the thread yields to the workers (Unix niceness).
const NICENESS: i32 = 5;

/// The thread that writes the snapshots of one attempt.
pub(crate) struct SnapshotThread {
    resting: Arc<Resting<Writing>>,
}

/// What the thread works with.
struct Writing {
    jobs: Receiver<SnapshotJob>,
    ended: Receiver<()>,
    events: EventSender,
    /// Whether the thread that it has now yields to the workers.
    yields: bool,
}

impl SnapshotThread {
    /// Has a thread write what comes, of this many tasks. It is the last of the attempt to end, and tells of the end.
    pub(crate) fn new(tasks: usize, events: EventSender) -> (Self, SnapshotSender) {
        // A channel takes the memory of all its places at once, so it has no more than the tasks can fill.
        let (jobs, received) = crossbeam_channel::bounded(tasks * JOBS_OF_A_TASK);
        let (end, ended) = crossbeam_channel::bounded(1);
        let resting = Resting::new(Writing {
            jobs: received,
            ended,
            events: events.clone(),
            yields: false,
        });
        let (woken, told) = (Arc::clone(&resting), events.clone());
        let wake = Waker::new(move || {
            if let Err(error) = woken.wake() {
                let error = Error::new(&codes::INTERNAL, "the snapshot thread can't be started")
                    .cause(error)
                    .next("check the limit of threads (ulimit -u)");
                told.send(AttemptEvent::Failed { task: None, error });
                // Whoever has asked may be the one who ends the attempt: that has to be told.
                woken.run();
            }
        });
        let sender = SnapshotSender::new(jobs, end, events, wake);
        (Self { resting }, sender)
    }

    /// Waits for the end of the thread.
    pub(crate) fn join(self) {
        if !self.resting.join() {
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

impl Work for Writing {
    const NAME: &'static str = "snapshots";

    fn work(&mut self) -> bool {
        if !std::mem::replace(&mut self.yields, true) {
            yield_to_workers();
        }
        loop {
            crossbeam_channel::select! {
                recv(self.ended) -> end => {
                    // Without a word the workers never ran, and who wanted to start them knows.
                    if end.is_ok() {
                        self.events.send(AttemptEvent::Ended);
                    }
                    return false;
                }
                recv(self.jobs) -> job => match job {
                    Ok(job) => self.events.send(handle(job)),
                    Err(_) => return false,
                },
                default(IDLE) => {
                    self.yields = false;
                    return true;
                }
            }
        }
    }

    fn is_called_for(&self) -> bool {
        !self.jobs.is_empty() || !self.ended.is_empty()
    }
}

fn handle(job: SnapshotJob) -> AttemptEvent {
    let (checkpoint, task) = (job.checkpoint, job.task);
    let declined = |error| AttemptEvent::Declined {
        checkpoint,
        task,
        error,
    };
    if let Some(error) = job.declined {
        return declined(error);
    }
    if job.targets.as_ref().is_some_and(Targets::is_given_up) {
        let message = format!("checkpoint {checkpoint} was given up before it was written");
        return declined(Error::new(&codes::CHECKPOINT_FAILED, message));
    }
    let metrics = job.metrics.clone();
    let (start_delay, freeze, frozen) = (job.start_delay, job.freeze, job.frozen);
    // Types of the program know how they are written, and may panic there.
    let written = catch_unwind(AssertUnwindSafe(|| write(job)));
    match written.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))) {
        Ok(Written {
            operators,
            bytes,
            no_savepoint,
        }) => AttemptEvent::Acknowledged(Acknowledgement {
            checkpoint,
            task,
            operators,
            no_savepoint,
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

/// What was written of a task's part.
#[derive(Default)]
struct Written {
    operators: Vec<AcknowledgedOperator>,
    /// Bytes of state in the checkpoint.
    bytes: u64,
    no_savepoint: Option<Error>,
}

fn write(job: SnapshotJob) -> Result<Written> {
    let mut written = Written::default();
    for part in job.operators {
        let mut states = Vec::with_capacity(part.states.len());
        let mut savepoint = Vec::new();
        if let Some(targets) = &job.targets {
            for state in part.states {
                let mut results = state
                    .write(&targets.all(), part.id, job.task.subtask)
                    .into_iter();
                let of_checkpoint = results.next().unwrap_or_else(|| Err(nothing_written()))?;
                written.bytes += of_checkpoint
                    .files
                    .iter()
                    .map(|file| file.bytes)
                    .sum::<u64>();
                states.push(of_checkpoint);
                match results.next() {
                    None => {}
                    Some(Ok(of_savepoint)) => savepoint.push(of_savepoint),
                    Some(Err(error)) if targets.of_stop => return Err(error),
                    Some(Err(error)) => drop(written.no_savepoint.get_or_insert(error)),
                }
            }
        }
        written.operators.push(AcknowledgedOperator {
            uid: part.uid,
            states,
            savepoint,
            entries: part.entries,
            enumerator: part.enumerator,
            prepared: part.prepared,
            numbers: part.numbers,
        });
    }
    Ok(written)
}

fn nothing_written() -> Error {
    Error::new(&codes::INTERNAL, "a state tells nothing of its files")
}
