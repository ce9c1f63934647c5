//! The thread that writes snapshots: frozen state goes to disk while records flow.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use crossbeam_channel::Receiver;
use millstream_core::{Error, Result, codes};
use millstream_storage::SnapshotTarget;

use super::worker::panicked;
use crate::messages::{
    AcknowledgedOperator, Acknowledgement, AttemptEvent, EventSender, SnapshotJob, SnapshotSender,
    TaskSnapshot,
};

/// Snapshots of each task that may wait to be written: checkpoints that were given up wait, too, while a disk hangs.
const JOBS_OF_A_TASK: usize = 64;
/// How much the thread yields to the workers (Unix niceness).
const NICENESS: i32 = 5;

/// The thread that writes the snapshots of one attempt.
pub(crate) struct SnapshotThread {
    handle: JoinHandle<()>,
}

impl SnapshotThread {
    /// Starts the thread for this many tasks. It is the last of the attempt to end, and tells of the end.
    #[allow(clippy::disallowed_methods, reason = "the home of this thread")]
    pub(crate) fn start(tasks: usize, events: EventSender) -> Result<(Self, SnapshotSender)> {
        // A channel takes the memory of all its places at once, so it has no more than the tasks can fill.
        let (jobs, received) = crossbeam_channel::bounded(tasks * JOBS_OF_A_TASK);
        let (end, ended) = crossbeam_channel::bounded(1);
        let for_sender = events.clone();
        let handle = std::thread::Builder::new()
            .name("snapshots".to_owned())
            .spawn(move || {
                yield_to_workers();
                write_all(&received, &ended, &events);
            })
            .map_err(|error| {
                Error::new(&codes::INTERNAL, "the snapshot thread can't be started")
                    .cause(error)
                    .next("check the limit of threads (ulimit -u)")
            })?;
        Ok((Self { handle }, SnapshotSender::new(jobs, end, for_sender)))
    }

    /// Waits for the end of the thread.
    pub(crate) fn join(self) {
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

fn write_all(jobs: &Receiver<SnapshotJob>, ended: &Receiver<()>, events: &EventSender) {
    loop {
        crossbeam_channel::select! {
            recv(ended) -> end => {
                // Without a word the workers never ran, and who wanted to start them knows.
                if end.is_ok() {
                    events.send(AttemptEvent::Ended);
                }
                return;
            }
            recv(jobs) -> job => match job {
                Ok(job) => events.send(handle(job)),
                Err(_) => return,
            },
        }
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
    let is_given_up = |target: &SnapshotTarget| target.is_given_up();
    if job.target.as_ref().is_some_and(is_given_up) {
        let message = format!("checkpoint {checkpoint} was given up before it was written");
        return declined(Error::new(&codes::CHECKPOINT_FAILED, message));
    }
    let metrics = job.metrics.clone();
    let (start_delay, freeze, frozen) = (job.start_delay, job.freeze, job.frozen);
    // Types of the program know how they are written, and may panic there.
    let written = catch_unwind(AssertUnwindSafe(|| write(job)));
    match written.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))) {
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
                for written in state.write(&[target], part.id, job.task.subtask) {
                    let written = written?;
                    bytes += written.files.iter().map(|file| file.bytes).sum::<u64>();
                    states.push(written);
                }
            }
        }
        operators.push(AcknowledgedOperator {
            uid: part.uid,
            states,
            entries: part.entries,
            enumerator: part.enumerator,
            prepared: part.prepared,
        });
    }
    Ok((operators, bytes))
}
