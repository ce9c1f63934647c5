//! What follows when a process is there no more, or was found: finding out, and following the course that is decided.

use std::time::Duration;

use millstream_core::options::format_duration;
use millstream_core::{Error, JobStatus, Result, codes};
use millstream_protocol::link::{FailureReport, JobReport, NextAttempt, OUTCOME_FILE};
use millstream_protocol::restart::Restarts;
use millstream_protocol::supervision::{self, Contact, Course, Found, Outcome};
use tokio::time::Instant;

use super::Matter;
use super::{LOOK, Phase, Supervisor, process};
use crate::clock;
use crate::files::{self, Trouble};
use crate::outcomes::with_cause;

/// What has failed for a reason that may pass is tried again after so long at most.
pub(super) const LONGEST_SETBACK: Duration = Duration::from_secs(5);

/// That it has failed for the same reason again is told after so long.
const TOLD_AGAIN: Duration = Duration::from_secs(60);

impl Supervisor {
    pub(super) fn after(&mut self, found: Found, stop_begun: bool) -> Course {
        // Not the time of day: a clock that is set must not change how often a job is restarted.
        let now = self.watched.elapsed().as_millis();
        let now = millstream_protocol::Millis(u64::try_from(now).unwrap_or(u64::MAX));
        let random = self.jitter.draw();
        let book = &self.book;
        let restarts = &mut self.restarts;
        supervision::process_ended(found, stop_begun, || {
            let strategy = book.restart_strategy();
            // The one that was known before may not have been the job's.
            let counted = match restarts.take() {
                Some(counted) => counted.by(strategy),
                None => Restarts::new(strategy),
            };
            restarts.insert(counted).on_failure(now, random)
        })
    }

    /// What is there of the job's process. Its lock is looked at only where no process of this server can be about to
    /// take it.
    pub(super) fn found(&mut self) -> Result<Found, Trouble> {
        // The outcome is looked for after the process: one that ends in between has left it.
        let is_alive = process::is_alive(&self.directory)?;
        if !is_alive {
            self.is_cut_off |= process::settle_ending(&self.directory)?;
        }
        let outcome = self.outcome()?.as_ref().map(Outcome::of);
        let cancel_waits = self.cancel_waits();
        let is_over = outcome.is_some_and(Outcome::is_over);
        // A process that runs has read it, and the end of a job needs it no more.
        if !is_alive && !is_over && !cancel_waits {
            self.read_submission()?;
        }
        // A process that this server has killed was refused, whatever it had begun.
        let is_refused = self.brought_down.is_some();
        let has_started = !is_refused && process::has_started(&self.directory)?;
        Ok(Found {
            outcome,
            is_alive,
            was_accepted: self.book.record().accepted || has_started,
            cancel_waits,
        })
    }

    /// Whether a process runs the job, as far as it can be told.
    pub(super) fn is_alive(&self) -> bool {
        !matches!(process::is_alive(&self.directory), Ok(false))
    }

    pub(super) fn outcome(&self) -> Result<Option<JobReport>, Trouble> {
        files::read(&self.directory.join(OUTCOME_FILE))
    }

    pub(super) async fn follow(&mut self, course: Course, how: String) {
        match course {
            Course::Adopt => {
                if !self.book.record().accepted {
                    self.expect_report();
                }
                self.connect_later();
            }
            Course::End => match self.outcome() {
                Ok(Some(outcome)) => self.end(outcome).await,
                Ok(None) => self.lost(self.crash(&how)).await,
                Err(trouble) => self.in_trouble(trouble, Matter::End(how)).await,
            },
            Course::Cancel => {
                self.take_what_lies_there(true).await;
                self.end_without_process(JobStatus::Canceled, None).await;
            }
            Course::Refuse => self.refuse(&how).await,
            Course::Launch { after } => {
                self.take_what_lies_there(false).await;
                self.launch_later(after, &how).await;
            }
            Course::Fail { why } => {
                self.take_what_lies_there(true).await;
                let failure = self.failure(&how);
                self.book.add_failure(failure);
                self.end_without_process(JobStatus::Failed, Some(why)).await;
            }
        }
    }

    pub(super) async fn launch_later(&mut self, after: Duration, how: &str) {
        let id = self.book.id();
        let name = self.book.record().name.clone();
        let failure = self.failure(how);
        tracing::warn!(
            "Job {name} ({id}): {}; it is started again in {}.",
            failure.message,
            format_duration(after)
        );
        let now = clock::now();
        self.book.contact(now, Contact::Away);
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.book.waits_for(NextAttempt {
            at: now.saturating_add(after_ms),
            why: failure.message.clone(),
        });
        self.book.add_failure(failure);
        self.save(Vec::new()).await;
        self.show();
        self.phase = Phase::Waiting {
            at: Instant::now() + after,
        };
    }

    /// The error of a process that went away.
    pub(super) fn crash(&self, how: &str) -> Error {
        if let Some(error) = &self.brought_down {
            return error.clone();
        }
        let process = self
            .pid
            .map_or_else(|| "the process".to_owned(), |pid| format!("process {pid}"));
        // What a process says that ends by itself is mostly why; one that was killed had no time to.
        let words = if how.starts_with(process::BY_ITSELF) {
            process::last_words(&self.directory)
        } else {
            String::new()
        };
        Error::new(
            &codes::JOB_PROCESS,
            format!("{process} of the job {how}{words}"),
        )
        .next(LOOK)
    }

    pub(super) fn failure(&self, how: &str) -> FailureReport {
        let error = self.crash(how);
        FailureReport {
            at: clock::now(),
            code: error.code().to_owned(),
            message: with_cause(&error),
            task: None,
            attempt: self.book.attempt(),
            process: self.pid,
        }
    }

    /// The job's directory can't be looked into. Where nothing is wrong with it, it is tried again for as long as it takes:
    /// a job does not end because its server has too many files open.
    pub(super) async fn in_trouble(&mut self, trouble: Trouble, matter: Matter) {
        if !trouble.may_pass {
            return self.lost(trouble.error).await;
        }
        if self.cancel_waits() {
            return self.cancel_unseen().await;
        }
        let at = match matter {
            // A process may run.
            Matter::TakeOver => self.set_back(&trouble.error),
            Matter::End(_) => self.wait_without_process(&trouble.error),
        };
        self.phase = Phase::Unclear { at, matter };
    }

    /// The job is cancelled, and it can't be told whether a process runs it, which may take for ever: one that does is killed.
    pub(super) async fn cancel_unseen(&mut self) {
        self.kill_process().await;
        self.end_without_process(JobStatus::Canceled, None).await;
    }

    /// What kept a process from beginning the job, where that is a fault of the job's directory: it says nothing of the job, so the
    /// restart strategy is not asked.
    pub(super) fn fault_of_directory(&self, found: Found) -> Option<Error> {
        let is_over = found.outcome.is_none_or(Outcome::is_over);
        if is_over || !found.was_accepted || found.cancel_waits || self.brought_down.is_some() {
            return None;
        }
        let failure = self.outcome().ok()??.failures.into_iter().next()?;
        // What can't be understood stays so, however long it is waited for.
        let is_it =
            failure.code == codes::JOB_DIRECTORY.id && !process::is_damaged(&self.directory);
        is_it.then(|| Error::new(&codes::JOB_DIRECTORY, failure.message))
    }

    /// No process has begun the job, for a reason that says nothing of it: that is told, and another one is started after `at_least` so
    /// long.
    pub(super) fn hold_up(&mut self, error: &Error, at_least: Duration) {
        self.setback = self.setback.max(at_least);
        let at = self.wait_without_process(error);
        self.phase = Phase::Waiting { at };
    }

    /// There is no process, and what keeps the next one from being started may pass: that is shown. Answers when it is tried again.
    fn wait_without_process(&mut self, error: &Error) -> Instant {
        let at = self.set_back(error);
        let now = clock::now();
        self.book.contact(now, Contact::Away);
        let setback = u64::try_from(self.setback.as_millis()).unwrap_or(u64::MAX);
        self.book.waits_for(NextAttempt {
            at: now.saturating_add(setback),
            why: error.to_string(),
        });
        self.show();
        at
    }

    /// When to try again what has failed for a reason that may pass: later with every time.
    pub(super) fn set_back(&mut self, error: &Error) -> Instant {
        const SHORTEST: Duration = Duration::from_millis(100);
        let (why, now) = (error.to_string(), Instant::now());
        let told = self.setback_told.as_ref();
        if told.is_none_or(|(told, at)| *told != why || now.duration_since(*at) >= TOLD_AGAIN) {
            tracing::error!("Job {}: {why}; it is tried again", self.book.id());
            self.setback_told = Some((why, now));
        }
        self.setback = (self.setback * 2).clamp(SHORTEST, LONGEST_SETBACK);
        now + self.setback
    }

    /// The job's directory can't be used: nothing more can be done for the job. A process that runs it would go on
    /// unwatched, so it is killed.
    pub(super) async fn lost(&mut self, error: Error) {
        tracing::error!("Job {}: {error}", self.book.id());
        self.kill_process().await;
        let failure = FailureReport {
            at: clock::now(),
            code: error.code().to_owned(),
            message: with_cause(&error),
            task: None,
            attempt: self.book.attempt(),
            process: self.pid,
        };
        self.book.add_failure(failure);
        let why = "its directory can't be used".to_owned();
        self.end_without_process(JobStatus::Failed, Some(why)).await;
    }
}
