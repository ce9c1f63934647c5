//! What a server does about the process of a job: takes it over, starts it anew, gives it up.
//!
//! A job is a process to its server, and either may die at any moment. What the server finds then, in the job's
//! [directory](crate::link), is given to the functions here, which say what follows. They hold no state, so a server
//! that has just started decides as the one before it would have.

use std::time::Duration;

use millstream_core::options::CHECKPOINT_INTERVAL;
use millstream_core::{Configuration, ErrorKind, JobStatus, Result, codes};

use crate::event::Request;
use crate::link::{EndedOperation, JobReport, StopBegun};
use crate::operations::OperationResult;
use crate::restart::{self, RestartStrategy};

/// How a job has ended, as its outcome file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The last status.
    pub status: JobStatus,
    /// Whether the job was built at all, or its server has decided how it ends; if neither, a process could not start it.
    pub was_built: bool,
    /// Whether what kept it from starting may be gone at another try: a disk, a service.
    pub may_pass: bool,
}

impl Outcome {
    /// Whether the job is over: no process is started for it any more. One that could not start it may do so later where that may
    /// pass.
    pub fn is_over(self) -> bool {
        self.was_built || !self.may_pass
    }

    /// The outcome that a last report tells.
    pub fn of(report: &JobReport) -> Self {
        let may_pass = report.failures.first().is_some_and(|failure| {
            let code = codes::ALL.iter().find(|code| code.id == failure.code);
            code.is_some_and(|code| code.kind == ErrorKind::Unavailable)
        });
        // A process that could not start the job leaves neither.
        let is_decided = report.gave_up.is_some() || report.status == JobStatus::Canceled;
        Self {
            status: report.status,
            was_built: is_decided || !report.vertices.is_empty(),
            may_pass,
        }
    }
}

/// Whether what a process has left when its job's end began, with these ends of operations, is the outcome. A stop that is
/// not among them is carried on first, from its savepoint: what was committed is committed again, which changes nothing,
/// and then its end is told.
pub fn is_outcome(told: &[EndedOperation], stop: Option<&StopBegun>) -> bool {
    let is_told = |stop: &StopBegun| told.iter().any(|told| told.id == stop.id);
    stop.is_none_or(|stop| stop.ended || is_told(stop))
}

/// What is found of a job's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The outcome file, if there is one.
    pub outcome: Option<Outcome>,
    /// Whether a process holds the job's lock.
    pub is_alive: bool,
    /// Whether the job counts as submitted: a process has reported it, or has begun to run it, so that there may be output.
    pub was_accepted: bool,
    /// Whether a cancel of the job waits.
    pub cancel_waits: bool,
}

/// What a server does about a job's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// Connects to the process that runs.
    Adopt,
    /// Records the end that the outcome tells.
    End,
    /// Records that the job was cancelled: there is no process to be told.
    Cancel,
    /// Answers the submission with the error that kept the job from starting, and forgets the job.
    Refuse,
    /// Starts a process.
    Launch {
        /// After this long.
        after: Duration,
    },
    /// Records that the job failed.
    Fail {
        /// Why no further process is started, in one line.
        why: String,
    },
}

/// What a server that has just started does about a job that had not ended. A job whose process is gone is
/// started at once: its restart strategy is about failures of the job, not of the machine.
pub fn take_over(found: Found) -> Course {
    decide(found, || restart::Decision::Restart {
        after: Duration::ZERO,
    })
}

/// What follows when a process has ended. `stop_begun`: a stop had triggered its savepoint and was not tried to
/// finish since; output may be committed up to that savepoint, so one more process carries the stop on whatever
/// the strategy says. `strategy` is asked only where the process went away without an outcome.
pub fn process_ended(
    found: Found,
    stop_begun: bool,
    strategy: impl FnOnce() -> restart::Decision,
) -> Course {
    decide(found, || {
        if stop_begun {
            return restart::Decision::Restart {
                after: Duration::ZERO,
            };
        }
        strategy()
    })
}

fn decide(found: Found, restart: impl FnOnce() -> restart::Decision) -> Course {
    let Found {
        outcome,
        is_alive,
        was_accepted,
        cancel_waits,
    } = found;
    match outcome {
        Some(outcome) if outcome.was_built => Course::End,
        Some(_) if !was_accepted => Course::Refuse,
        Some(outcome) if !outcome.may_pass && !cancel_waits => Course::End,
        None if is_alive => Course::Adopt,
        None if !was_accepted => Course::Refuse,
        _ if cancel_waits => Course::Cancel,
        _ => match restart() {
            restart::Decision::Restart { after } => Course::Launch { after },
            restart::Decision::GiveUp { why } => Course::Fail { why },
        },
    }
}

/// The settings of a job that its server follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// As a process of the job has told them last, whichever server heard it.
    Told(Configuration),
    /// As they were submitted: no process has told any, and the job's program may set others.
    Submitted(Configuration),
}

impl Followed {
    /// The settings.
    pub fn settings(&self) -> &Configuration {
        match self {
            Self::Told(settings) | Self::Submitted(settings) => settings,
        }
    }

    /// The restart strategy. A job is given up because it has none, never because nobody knows which: where a process has told nothing,
    /// or nothing that can be understood here, it is restarted as one that takes checkpoints is by default.
    pub fn restart_strategy(&self) -> RestartStrategy {
        let found = match self {
            Self::Told(settings) => takes_checkpoints(settings)
                .and_then(|takes| RestartStrategy::from_configuration(settings, takes)),
            Self::Submitted(settings) => RestartStrategy::from_configuration(settings, true),
        };
        let default = || RestartStrategy::from_configuration(&Configuration::new(), true);
        found
            .or_else(|_| default())
            .unwrap_or(RestartStrategy::None)
    }
}

fn takes_checkpoints(settings: &Configuration) -> Result<bool> {
    let interval = settings.get(&CHECKPOINT_INTERVAL)?;
    Ok(interval.is_some_and(|interval| !interval.is_zero()))
}

/// How a server stands to the process of a job that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// A process was started and has not reported yet.
    Starting,
    /// A process that an earlier server started has not reported yet.
    Adopting,
    /// A process reports this status.
    Reported(JobStatus),
    /// There is none; the next one is to be started.
    Away,
}

/// The status to show. `shown` is the one shown before: a terminal status counts once the outcome is on disk, so
/// until then the one before it stands.
pub fn status(shown: JobStatus, contact: Contact) -> JobStatus {
    match contact {
        Contact::Reported(status) if status.is_terminal() => shown,
        Contact::Reported(status) => status,
        Contact::Adopting => JobStatus::Reconciling,
        Contact::Starting if shown == JobStatus::Initializing => shown,
        Contact::Starting | Contact::Away => JobStatus::Restarting,
    }
}

/// Whether a request can be sent to a process that reports `status`: all but a cancel have a meaning in a running job
/// only, and wait until it runs.
pub fn is_due(request: &Request, status: JobStatus) -> bool {
    matches!(request, Request::Cancel { .. }) || status == JobStatus::Running
}

/// The end of a request that its job's end has left open.
pub fn end_of(request: &Request, ended_as: JobStatus) -> OperationResult {
    match (request, ended_as) {
        (Request::Cancel { .. }, JobStatus::Canceled) => OperationResult::Cancelled,
        (Request::Stop { .. }, _) => {
            OperationResult::failed(codes::STOP_FAILED.id, already(ended_as))
        }
        _ => OperationResult::failed(codes::JOB_STATE.id, already(ended_as)),
    }
}

fn already(ended_as: JobStatus) -> String {
    format!("the job is {ended_as} already")
}

#[cfg(test)]
mod tests;
