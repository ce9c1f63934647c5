//! Waiting for a job that a server runs.

use std::process::ExitCode;
use std::time::Duration;

use millstream_core::{Error, JobStatus, Result, codes, counted};
use serde_json::{Value, json};

use crate::answers::{Exceptions, Job};
use crate::report;
use crate::session::{Session, interrupted};
use crate::waiting::{Patience, Waiting};

/// How often the job is looked at.
const AGAIN: Duration = Duration::from_millis(100);
/// How many looks lie between two lines about its progress.
const LOOKS_PER_LINE: u32 = 100;

/// Waits until the job has ended, and shows meanwhile what it does. Ctrl-C cancels it.
///
/// # Errors
/// It failed, with the root cause, or was cancelled by somebody else.
pub(super) fn wait(session: &Session, id: &str, mut waiting: Waiting) -> Result<ExitCode> {
    let mut watched = Watched::new(session, id);
    let mut cancelled = false;
    // Whether the server may not have heard of the cancellation.
    let mut lost = false;
    loop {
        let job = watched.look(&mut waiting)?;
        if job.state.is_terminal() {
            return end(session, id, &job, cancelled);
        }
        if lost || waiting.pause(AGAIN) {
            report::progress(&format!("Cancelling job {id}."));
            let path = format!("/jobs/{id}?mode=cancel");
            match session.client.patch_or_lose::<Value>(&path) {
                Ok(answer) => {
                    cancelled = true;
                    lost = answer.is_none();
                }
                // It ends just now, as the next look tells.
                Err(error) if error.code() == codes::JOB_STATE.id => lost = false,
                Err(error) => return Err(error),
            }
        }
    }
}

/// A job and what was shown of it.
struct Watched<'a> {
    session: &'a Session,
    id: &'a str,
    path: String,
    shown: Option<JobStatus>,
    looks: u32,
}

impl<'a> Watched<'a> {
    fn new(session: &'a Session, id: &'a str) -> Self {
        Self {
            session,
            id,
            path: format!("/jobs/{id}"),
            shown: None,
            looks: 0,
        }
    }

    /// Asks for the job, and shows what is new. A server that is away is waited for: the job goes on meanwhile.
    fn look(&mut self, waiting: &mut Waiting) -> Result<Job> {
        let mut patience = Patience::new(self.session.patience);
        let mut told = false;
        let job: Job = loop {
            match self.session.client.get(&self.path) {
                Ok(job) => break job,
                Err(error) if error.code() != codes::SERVER_UNREACHABLE.id => return Err(error),
                Err(error) if patience.is_over() => return Err(error),
                Err(error) => {
                    if !told {
                        report::progress(&format!("Waiting for the server to come back: {error}"));
                        told = true;
                    }
                }
            }
            if waiting.pause(patience.next_pause()) {
                let message = format!("the server is away, job {} can't be cancelled", self.id);
                return Err(Error::new(&codes::SERVER_UNREACHABLE, message)
                    .next(format!("once it is back: `millstream cancel {}`", self.id)));
            }
        };
        self.show(&job);
        Ok(job)
    }

    fn show(&mut self, job: &Job) {
        if self.shown != Some(job.state) {
            report::progress(&match self.shown {
                Some(before) => format!("Job {} switched from {before} to {}.", self.id, job.state),
                None => format!("Job {} is {}.", self.id, job.state),
            });
            self.shown = Some(job.state);
        }
        self.looks += 1;
        if self.looks.is_multiple_of(LOOKS_PER_LINE) && job.state == JobStatus::Running {
            let sum = |count: fn(&crate::answers::VertexMetrics) -> u64| -> u64 {
                job.vertices
                    .iter()
                    .map(|vertex| count(&vertex.metrics))
                    .sum()
            };
            report::progress(&format!(
                "Job {} is RUNNING: {} in, {} out, all tasks together.",
                self.id,
                counted(sum(|metrics| metrics.read_records), "record"),
                counted(sum(|metrics| metrics.write_records), "record"),
            ));
        }
    }
}

fn end(session: &Session, id: &str, job: &Job, cancelled: bool) -> Result<ExitCode> {
    match job.state {
        JobStatus::Finished => {
            session.say("Program execution finished")?;
            session.say(&format!("Job with JobID {id} has finished."))?;
            session.say(&format!("Job Runtime: {} ms", job.duration))?;
            session.finish(&json!({ "jobid": id, "status": job.state, "runtime": job.duration }))
        }
        JobStatus::Canceled if cancelled => {
            session.say(&format!("Cancelled job {id}."))?;
            session
                .finish(&json!({ "jobid": id, "status": job.state, "runtime": job.duration }))?;
            Ok(interrupted())
        }
        JobStatus::Canceled => {
            let message = format!("job {id} (\"{}\") was cancelled", job.name);
            Err(Error::new(&codes::JOB_CANCELED, message)
                .next(format!("see `millstream operations {id}` for who asked")))
        }
        _ => Err(failure(session, id, &job.name)),
    }
}

/// Why a job failed: its root cause.
fn failure(session: &Session, id: &str, name: &str) -> Error {
    let next = format!("see `millstream exceptions {id}` and `millstream logs {id}`");
    let error = Error::new(&codes::JOB_FAILED, format!("job {id} (\"{name}\") failed")).next(next);
    let path = format!("/jobs/{id}/exceptions");
    let cause = session.client.get::<Exceptions>(&path).ok();
    match cause.and_then(|found| found.history.entries.into_iter().next()) {
        Some(exception) => {
            let line = exception.stacktrace.lines().next().unwrap_or_default();
            error.cause(match &exception.task {
                Some(task) => format!("{task}: {line}"),
                None => line.to_owned(),
            })
        }
        None => error,
    }
}
