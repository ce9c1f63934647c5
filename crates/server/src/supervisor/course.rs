//! What follows when a process is there no more, or was found: finding out, and following the course that is decided.

use std::time::Duration;

use millstream_core::{Error, JobStatus, Result, codes};
use millstream_protocol::link::{FailureReport, JobReport, OUTCOME_FILE};
use millstream_protocol::restart::Restarts;
use millstream_protocol::supervision::{self, Contact, Course, Found, Outcome};
use tokio::time::Instant;

use super::{Phase, Supervisor, process};
use crate::{clock, files};

impl Supervisor {
    pub(super) fn after(&mut self, found: Found, stop_begun: bool) -> Course {
        let now = millstream_protocol::Millis(clock::now());
        let random = self.jitter.draw();
        let book = &self.book;
        let restarts = &mut self.restarts;
        supervision::process_ended(found, stop_begun, || {
            restarts
                .get_or_insert_with(|| Restarts::new(book.restart_strategy()))
                .on_failure(now, random)
        })
    }

    /// What is there of the job's process. Its lock is looked at only where no process of this server can be about to
    /// take it.
    pub(super) fn found(&self) -> Result<Found> {
        let outcome = self.outcome()?;
        Ok(Found {
            outcome: outcome.as_ref().map(Outcome::of),
            is_alive: files::is_locked(&self.directory.join(process::LOCK))?,
            was_accepted: self.book.record().accepted,
            cancel_waits: self.cancel_waits(),
        })
    }

    pub(super) fn outcome(&self) -> Result<Option<JobReport>> {
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
                Err(error) => self.lost(error).await,
            },
            Course::Cancel => self.end_without_process(JobStatus::Canceled, None).await,
            Course::Refuse => self.refuse(&how).await,
            Course::Launch { after } => self.launch_later(after, &how).await,
            Course::Fail { why } => {
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
        tracing::warn!("Job {name} ({id}): {}", failure.message);
        self.book.add_failure(failure);
        let now = clock::now();
        self.book.contact(now, Contact::Away);
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
        .next("look at its log and output with `millstream logs`")
    }

    pub(super) fn failure(&self, how: &str) -> FailureReport {
        let error = self.crash(how);
        FailureReport {
            at: clock::now(),
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            task: None,
            attempt: self.book.attempt(),
            process: self.pid,
        }
    }

    /// The job's directory can't be used: nothing more can be done for the job.
    pub(super) async fn lost(&mut self, error: Error) {
        tracing::error!("Job {}: {error}", self.book.id());
        let failure = FailureReport {
            at: clock::now(),
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            task: None,
            attempt: self.book.attempt(),
            process: self.pid,
        };
        self.book.add_failure(failure);
        let why = "its directory can't be used".to_owned();
        self.end_without_process(JobStatus::Failed, Some(why)).await;
    }
}
