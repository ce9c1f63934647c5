//! The end of a job, told so that it is not lost: what is committed must not be written again because the process died
//! before it could say that the job has ended.
//!
//! From the moment on from which a start from the beginning, or from a checkpoint, would be wrong, the job's directory
//! holds the report that is the outcome if nothing more is heard of the process.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use millstream_core::{CheckpointId, JobStatus, Result, codes};
use millstream_protocol::OperationResult;
use millstream_protocol::link::{EndedOperation, FailureReport, JobReport};
use millstream_protocol::supervision::is_outcome;

use super::directory::JobDirectory;
use super::state::SharedState;
use crate::clock::time_of_day;

/// The end of the job that this process runs; cloning is cheap.
#[derive(Clone)]
pub(super) struct Ending {
    state: SharedState,
    directory: JobDirectory,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// The boundary at which a job without checkpoints commits all of its output.
    final_commit: Option<CheckpointId>,
    /// How the job ends.
    status: Option<JobStatus>,
    /// Whether that is on disk.
    is_told: bool,
    /// Operations that end with the job: they are told with its outcome.
    held: Vec<EndedOperation>,
}

impl Ending {
    pub(super) fn new(state: SharedState, directory: JobDirectory) -> Self {
        Self {
            state,
            directory,
            inner: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job without checkpoints is about to commit its output. If its process dies on the way, no snapshot tells what is
    /// committed.
    pub(super) fn commit_begins(&self, checkpoint: CheckpointId) -> Result<()> {
        let now = time_of_day();
        let mut report = self.told(JobStatus::Failed, now);
        report.failures.push(FailureReport {
            at: now,
            code: codes::COMMIT_UNKNOWN.id.to_owned(),
            message: "its output may be committed: the process ended while it was, and without checkpoints nothing tells how \
                      far it came; look at what is there before the job is started again, and set \
                      execution.checkpointing.interval to have it go on by itself"
                .to_owned(),
            task: None,
            attempt: report.attempt,
            process: None,
        });
        self.directory.write_ending(&report)?;
        self.lock().final_commit = Some(checkpoint);
        Ok(())
    }

    /// The boundary was given up before anything was committed at it.
    pub(super) fn commit_given_up(&self, checkpoint: CheckpointId) {
        let is_it = self
            .lock()
            .final_commit
            .take_if(|commit| *commit == checkpoint);
        if is_it.is_some()
            && let Err(error) = self.directory.remove_ending()
        {
            tracing::warn!("{error}");
        }
    }

    /// The job ends with `status`: all that it commits is committed, and nothing of it is deleted yet. A stop that has begun
    /// tells that by itself.
    pub(super) fn begins(&self, status: JobStatus) {
        self.lock().status = Some(status);
        let stop = self.directory.stop_begun();
        if !matches!(stop, Ok(Some(stop)) if !stop.ended) {
            self.tell(status);
        }
    }

    /// An operation has ended. Answers whether it ends with the job, and is told with its outcome: whoever waits for it then
    /// finds the job ended.
    pub(super) fn takes(&self, operation: &EndedOperation) -> bool {
        let mut inner = self.lock();
        let Some(status) = inner.status else {
            return false;
        };
        inner.held.push(operation.clone());
        let is_told = inner.is_told;
        drop(inner);
        if !is_told && matches!(operation.result, OperationResult::Failed { .. }) {
            // The stop has failed: it does not tell the end any more.
            self.tell(status);
        }
        true
    }

    fn tell(&self, status: JobStatus) {
        let report = self.told(status, time_of_day());
        let told = insist(&self.directory, status, || {
            self.directory.write_ending(&report)
        });
        match told {
            Ok(()) => self.lock().is_told = true,
            Err(error) => tracing::error!("{error}"),
        }
    }

    /// Puts the outcome on disk. Where that takes a while, at least the operations are told.
    pub(super) fn write_outcome(&self) -> Result<()> {
        let mut report = self.state.report();
        let held = std::mem::take(&mut self.lock().held);
        report.operations.extend(held.iter().cloned());
        let untold = Cell::new(Some(held));
        insist(&self.directory, report.status, || {
            let written = self.directory.write_outcome(&report);
            if let (Err(_), Some(held)) = (&written, untold.take()) {
                self.state
                    .change(|state| state.report.operations.extend(held));
            }
            written
        })?;
        tidy(&self.directory);
        Ok(())
    }

    fn told(&self, status: JobStatus, now: u64) -> JobReport {
        let mut report = self.state.report();
        report.status = status;
        report.switched.entry(status).or_insert(now);
        report.operations.extend(self.lock().held.iter().cloned());
        report
    }
}

/// What the outcome would have been is not needed beside the outcome.
fn tidy(directory: &JobDirectory) {
    if let Err(error) = directory.remove_ending() {
        // The outcome counts before it.
        tracing::warn!("{error}");
    }
}

/// Whether the job has ended in a process before this one; its outcome is on disk then.
pub(super) fn has_ended(directory: &JobDirectory) -> Result<bool> {
    if directory.has_outcome()? {
        return Ok(true);
    }
    let Some(ending) = directory.ending()? else {
        return Ok(false);
    };
    if !is_outcome(&ending.operations, directory.stop_begun()?.as_ref()) {
        return Ok(false);
    }
    tracing::info!("The job is {} already.", ending.status);
    insist(directory, ending.status, || {
        directory.write_outcome(&ending)
    })?;
    tidy(directory);
    Ok(true)
}

/// Writes again and again until it is written. What must be told can't be told otherwise, and a full disk has space again
/// some time. Not where the directory itself is gone, so that there is nobody to tell, and not for a job that was cancelled:
/// its server has that on record.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing announces that a disk can be written again"
)]
fn insist(
    directory: &JobDirectory,
    status: JobStatus,
    write: impl Fn() -> Result<()>,
) -> Result<()> {
    const LONGEST: Duration = Duration::from_secs(5);
    let mut wait = Duration::from_millis(100);
    loop {
        match write() {
            Err(error) if status != JobStatus::Canceled && !directory.is_gone() => {
                tracing::error!("The end of the job is not on disk, it is tried again: {error}");
                std::thread::sleep(wait);
                wait = (wait * 2).min(LONGEST);
            }
            written => return written,
        }
    }
}

#[cfg(test)]
mod tests {
    use millstream_core::{Configuration, Error, JobId, TriggerId};
    use millstream_protocol::link::{StopBegun, Submission};

    use super::*;
    use crate::service::state::failed_to_start;

    fn ending() -> JobReport {
        let submission = Submission {
            job: JobId::from_bytes([1; 16]),
            entry: None,
            arguments: Vec::new(),
            configuration: Configuration::new(),
        };
        failed_to_start(&submission, &Error::new(&codes::JOB_FAILED, "why"), 5)
    }

    #[test]
    fn an_ending_that_is_left_becomes_the_outcome_once() {
        let place = tempfile::tempdir().expect("a directory");
        let directory = JobDirectory::new(place.path());
        assert!(!has_ended(&directory).expect("nothing is there"));
        directory.write_ending(&ending()).expect("written");
        assert!(has_ended(&directory).expect("it is there"));
        assert!(directory.has_outcome().expect("it can be looked at"));
        assert_eq!(directory.ending().expect("none is left"), None);
        assert!(has_ended(&directory).expect("the outcome is there"));
    }

    #[test]
    fn a_stop_that_has_not_been_told_is_carried_on_first() {
        let place = tempfile::tempdir().expect("a directory");
        let directory = JobDirectory::new(place.path());
        directory.write_ending(&ending()).expect("written");
        let stop = StopBegun {
            id: TriggerId::from_bytes([7; 16]),
            checkpoint: 3,
            path: "/sp".to_owned(),
            written: false,
            ended: false,
            earlier: None,
        };
        directory.begin_stop(stop.clone()).expect("written");
        assert!(!has_ended(&directory).expect("it is there"));
        assert!(!directory.has_outcome().expect("it can be looked at"));
        directory.end_stop(stop.id).expect("written");
        assert!(has_ended(&directory).expect("it is there"));
    }
}
