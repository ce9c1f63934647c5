//! The beginnings and the ends: of processes, and of the job.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::{Error, JobStatus, codes};
use millstream_log::AUDIT;
use millstream_protocol::OperationResult;
use millstream_protocol::link::{EndedOperation, JobReport};
use millstream_protocol::supervision::{Contact, end_of};
use millstream_storage::say_ended;
use tokio::time::Instant;

use super::left::PATIENCE;
use super::{LOOK, Phase, Supervisor, process};
use crate::background::blocking;
use crate::clock;
use crate::files::Trouble;
use crate::registry::forget;
use crate::store::{end_operation, process_ended, process_started, save_checkpoint, save_job};
use crate::views::OperationVerb;

impl Supervisor {
    /// Starts a process for the job.
    pub(super) async fn launch(&mut self) {
        self.brought_down = None;
        self.held = None;
        let launch = self.book.begin_process();
        let directory: PathBuf = self.directory.clone();
        let launched = blocking(move || Ok(process::launch(&directory, &launch))).await;
        let child = match launched {
            Ok(Ok(child)) => child,
            Ok(Err(trouble)) => return self.not_launched(trouble).await,
            Err(error) => return self.lost(error).await,
        };
        self.pid = child.id();
        self.child = Some(child);
        let wait = Duration::from_millis(1);
        let at = Instant::now() + wait;
        self.phase = Phase::Connecting { at, wait };
        self.expect_report();
        self.await_report(Contact::Starting);
        self.note_start_of_process().await;
    }

    async fn not_launched(&mut self, trouble: Trouble) {
        let Trouble { error, may_pass } = trouble;
        if !self.book.record().accepted {
            return self.answer_refused(error).await;
        }
        if may_pass {
            self.book.no_process_began();
            return self.hold_up(&error, Duration::ZERO);
        }
        let how = format!("could not be started: {error}");
        self.process_over(how).await;
    }

    async fn note_start_of_process(&mut self) {
        let record = self.book.record().clone();
        let pid = self.pid.unwrap_or_default();
        let now = clock::now();
        let write = move |transaction: &rusqlite::Transaction<'_>| {
            save_job(transaction, &record)?;
            process_started(transaction, record.id, record.launches, pid, now)
        };
        self.registry.shared.store.soon(write).await;
    }

    pub(super) async fn note_end_of_process(&mut self, how: &str) {
        let record = self.book.record();
        let (job, number, how) = (record.id, record.launches, how.to_owned());
        let now = clock::now();
        let write = move |transaction: &rusqlite::Transaction<'_>| {
            process_ended(transaction, job, number, now, &how)
        };
        self.registry.shared.store.soon(write).await;
    }

    /// The job could not be started, and nobody was told that it was.
    pub(super) async fn refuse(&mut self, how: &str) {
        if let Some(error) = self.brought_down.take() {
            return self.refuse_unexplained(error).await;
        }
        let failure = match self.outcome() {
            Ok(outcome) => outcome.and_then(|outcome| outcome.failures.into_iter().next()),
            Err(trouble) => return self.refuse_unexplained(trouble.error).await,
        };
        match failure {
            Some(failure) => {
                let code = codes::ALL.iter().find(|code| code.id == failure.code);
                let error = Error::new(code.unwrap_or(&&codes::PROGRAM_FAILED), failure.message);
                self.answer_refused(error).await;
            }
            None => self.refuse_unexplained(self.crash(how)).await,
        }
    }

    /// The process has not said why. What it has logged and printed goes with the job's directory, so the end of that is put into the
    /// server's log, which the error then names if that takes errors.
    async fn refuse_unexplained(&mut self, error: Error) {
        let (id, directory) = (self.book.id(), self.directory.clone());
        let said = blocking(move || Ok(process::last_lines(&directory))).await;
        let said = said.unwrap_or_default();
        for line in &said {
            tracing::error!("Job {id}, {line}");
        }
        let step = if said.is_empty() {
            "it has logged and printed nothing, and is not kept".to_owned()
        } else if tracing::enabled!(tracing::Level::ERROR) {
            format!(
                "the job is not kept: look at the last lines of its log and output in the server's log, behind `Job {id}`"
            )
        } else {
            "the job is not kept, and the server logs no errors: have it log them (millstream.log.level or MILLSTREAM_LOG) and submit the job \
             again, then the last lines of its log and output stand there"
                .to_owned()
        };
        let step = match error.next_step() {
            LOOK | "" => step,
            own => format!("{own}; {step}"),
        };
        self.answer_refused(error.next(step)).await;
    }

    async fn answer_refused(&mut self, error: Error) {
        self.phase = Phase::Ended;
        let id = self.book.id();
        // The line about the request does not know the job, of which nothing else is left.
        tracing::error!(target: AUDIT, "Job {id} could not be started: {error}");
        if self.is_alive() {
            self.kill_process().await;
        }
        forget(&self.registry, id, &self.directory).await;
        drop(self.reservation.take());
        let Some(answer) = self.submitted.take() else {
            return;
        };
        if answer.send(Err(error)).is_err() {
            tracing::debug!("Whoever submitted job {id} has gone away.");
        }
    }

    /// The job has ended, as its process has left on disk.
    pub(super) async fn end(&mut self, outcome: JobReport) {
        let ended = outcome.operations.clone();
        let is_cancel = |operation: &EndedOperation| {
            let verb = self.pending.get(&operation.id).map(|pending| pending.verb);
            verb == Some(OperationVerb::CancelWithSavepoint)
                && matches!(operation.result, OperationResult::Stopped { .. })
        };
        let was_cancelled = self.stopped_to_cancel || ended.iter().any(is_cancel);
        let status = match outcome.status {
            JobStatus::Finished if was_cancelled => JobStatus::Canceled,
            status => status,
        };
        self.book.end(clock::now(), status, Some(outcome));
        if self.is_cut_off {
            self.take_what_lies_there(true).await;
        }
        self.record_end(ended).await;
    }

    /// The job has ended while it had no process.
    pub(super) async fn end_without_process(&mut self, status: JobStatus, why: Option<String>) {
        if let Some(why) = &why {
            let record = self.book.record();
            tracing::error!(
                "Job {} ({}) is not restarted: {why}.",
                record.name,
                record.id
            );
        }
        let outcome = self.book.decide(clock::now(), status, why);
        self.leave_outcome(outcome).await;
        self.record_end(Vec::new()).await;
    }

    /// Leaves how the job has ended in its directory, as its process would have: whoever finds it there without a record knows it then.
    /// The end itself does not depend on it.
    async fn leave_outcome(&self, outcome: Arc<JobReport>) {
        let (id, directory) = (self.book.id(), self.directory.clone());
        let left =
            blocking(move || process::leave_outcome(&directory, &outcome).map_err(Error::from));
        let why = match tokio::time::timeout(PATIENCE, left).await {
            Ok(Ok(true)) => return,
            Ok(Ok(false)) => "its process has not quite gone".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the disk does not answer".to_owned(),
        };
        tracing::warn!("How job {id} has ended is not noted in its directory: {why}");
    }

    /// Notes among the job's checkpoints that it has ended, where its process could not: what it would have gone back to is nobody's
    /// then.
    fn say_ended(&self) {
        let id = self.book.id();
        let Some(layout) = self.layout() else {
            return;
        };
        // Nobody waits for it: their disk may be away.
        tokio::spawn(async move {
            if let Err(error) = blocking(move || say_ended(layout.checkpoints(), id)).await {
                tracing::warn!(
                    "That job {id} has ended is not noted among its checkpoints: {error}"
                );
            }
        });
    }

    /// Takes the job's end and that of everything that was asked of it on record, in one.
    async fn record_end(&mut self, told: Vec<EndedOperation>) {
        self.phase = Phase::Ended;
        // It may be over before it could be connected to; there may be output, so it is not refused.
        let is_new = !self.book.record().accepted;
        self.book.set_accepted(true);
        let ended = self.ends(told);
        self.write_end(&ended).await;
        self.log_end();
        // Who sees an operation complete sees the job ended.
        self.show();
        for operation in ended {
            self.show_end(operation);
        }
        if is_new {
            self.list();
        }
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            command.refuse(self.too_late());
        }
        self.registry.shared.job_ended.notify_one();
        self.say_ended();
        // A process of this server that is still there is waited for by the runtime.
        self.child = None;
    }

    /// Says how the job has ended, and of a failure why.
    fn log_end(&self) {
        let record = self.book.record();
        let (name, id, status) = (&record.name, record.id, record.status);
        if status != JobStatus::Failed {
            tracing::info!("Job {name} ({id}) has ended as {status}.");
            return;
        }
        match record.failures.last() {
            Some(failure) => {
                let task = failure
                    .task
                    .as_deref()
                    .map_or(String::new(), |task| format!(" in {task}"));
                tracing::error!(
                    "Job {name} ({id}) has FAILED{task}: {}: {}",
                    failure.code,
                    failure.message
                );
            }
            None => tracing::error!(
                "Job {name} ({id}) has FAILED, and its process has left no reason: see its job.log."
            ),
        }
    }

    /// Writes the end, again and again until it is written: nobody is told before.
    async fn write_end(&mut self, ended: &[EndedOperation]) {
        const LONGEST: Duration = Duration::from_secs(5);
        let mut wait = Duration::from_millis(100);
        loop {
            let (record, rows) = (self.book.record().clone(), ended.to_vec());
            let write = move |transaction: &rusqlite::Transaction<'_>| {
                save_job(transaction, &record)?;
                for checkpoint in &record.checkpoints {
                    save_checkpoint(transaction, record.id, checkpoint)?;
                }
                rows.iter()
                    .try_for_each(|o| end_operation(transaction, o.id, o.at, &o.result))
            };
            let Err(error) = self.registry.shared.store.durable_if_full(write).await else {
                return;
            };
            let id = self.book.id();
            tracing::error!("The end of job {id} is not on record, it is tried again: {error}");
            self.refuse_requests(Instant::now() + wait).await;
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// Answers what is asked of a job that has ended, until `at`.
    async fn refuse_requests(&mut self, at: Instant) {
        loop {
            tokio::select! {
                Some(command) = self.commands.recv() => {
                    command.refuse(self.too_late());
                }
                () = tokio::time::sleep_until(at) => return,
            }
        }
    }

    fn too_late(&self) -> Error {
        let record = self.book.record();
        Error::new(
            &codes::JOB_STATE,
            format!("job {} is {} already", record.id, record.status),
        )
        .next("submit it again to have it run")
    }

    /// What the process has told, and the end of everything else that was asked.
    fn ends(&self, told: Vec<EndedOperation>) -> Vec<EndedOperation> {
        let status = self.book.record().status;
        let at = clock::now();
        let open = self
            .pending
            .iter()
            .filter(|(id, _)| !told.iter().any(|t| t.id == **id));
        let open: Vec<EndedOperation> = open
            .map(|(id, pending)| EndedOperation {
                id: *id,
                at,
                result: end_of(&pending.request, status),
            })
            .collect();
        let known = told
            .into_iter()
            .filter(|operation| self.pending.contains_key(&operation.id));
        known.chain(open).collect()
    }
}
