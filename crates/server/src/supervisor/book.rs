//! What is known of one job: kept from its reports and from what becomes of its processes. Knows no disk and no clock.

mod decided;
mod followed;
mod snapshots;

use std::path::PathBuf;
use std::sync::Arc;

use millstream_core::{Configuration, JobId, JobStatus};
use millstream_protocol::link::{
    CheckpointReport, CheckpointState, FailureReport, JobReport, Launch, NextAttempt, Submission,
};
use millstream_protocol::supervision::{self, Contact, Outcome};

use crate::store::{JobRecord, ProcessCounts, Tally};
use crate::views::JobView;
pub(super) use snapshots::Lying;

/// So many failures of a job are remembered.
const FAILURES: usize = 20;

/// What a report has changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Something that a server must know which finds no process.
    pub(super) is_worth_saving: bool,
    /// Snapshots that have ended, or were discarded, since the report before.
    pub(super) ended: Vec<CheckpointReport>,
}

/// One job.
pub(super) struct Book {
    record: JobRecord,
    submission: Arc<Submission>,
    directory: PathBuf,
    report: Option<Arc<JobReport>>,
    /// When a process last reported to this server.
    heard: Option<u64>,
    /// The process that is started next, where that waits for its time.
    next_attempt: Option<NextAttempt>,
    /// The process that reports, unless it is gone.
    process: Option<u32>,
    /// A cancel of the job is on record.
    is_cancelled: bool,
    /// So many ended snapshots are remembered.
    history: usize,
    /// Looks up what references in settings stand for.
    resolve: fn(&Configuration) -> Configuration,
}

impl Book {
    pub(super) fn new(
        record: JobRecord,
        submission: Arc<Submission>,
        directory: PathBuf,
        history: usize,
    ) -> Self {
        Self {
            record,
            submission,
            directory,
            report: None,
            heard: None,
            next_attempt: None,
            process: None,
            is_cancelled: false,
            history,
            resolve: Configuration::clone,
        }
    }

    /// The same book, with what `resolve` finds in the place of references in settings.
    pub(super) fn resolving(mut self, resolve: fn(&Configuration) -> Configuration) -> Self {
        self.resolve = resolve;
        self
    }

    /// The same book, of a job whose cancel is on record if `is_cancelled`.
    pub(super) fn cancelled(mut self, is_cancelled: bool) -> Self {
        self.is_cancelled = is_cancelled;
        self
    }

    /// The last report of a job that has ended.
    pub(super) fn with_report(mut self, report: Option<Arc<JobReport>>) -> Self {
        self.report = report.filter(|report| !report.vertices.is_empty());
        self
    }

    pub(super) fn id(&self) -> JobId {
        self.record.id
    }

    pub(super) fn record(&self) -> &JobRecord {
        &self.record
    }

    pub(super) fn submission(&self) -> &Submission {
        &self.submission
    }

    /// The job is run with other settings from now on.
    pub(super) fn set_submission(&mut self, submission: Arc<Submission>) {
        self.submission = submission;
    }

    pub(super) fn report_status(&self) -> Option<JobStatus> {
        self.report.as_ref().map(|report| report.status)
    }

    pub(super) fn last_report(&self) -> Option<&JobReport> {
        self.report.as_deref()
    }

    /// The number of the attempt that ran last, within its process.
    pub(super) fn attempt(&self) -> u32 {
        self.report.as_ref().map_or(0, |report| report.attempt)
    }

    pub(super) fn set_accepted(&mut self, accepted: bool) {
        self.record.accepted = accepted;
    }

    /// The server stands otherwise to the job's process, which has not reported (again) yet.
    pub(super) fn contact(&mut self, now: u64, contact: Contact) {
        self.process = None;
        self.next_attempt = None;
        let status = supervision::status(self.record.status, contact);
        match contact {
            // The server before this one had it otherwise. With this one it begins so: nothing has switched.
            Contact::Adopting => self.set_status(now, status),
            _ => self.switch(now, status),
        }
    }

    /// A cancel of the job is on record. That ends a job in every state, so it is CANCELLING from now on, whatever its process reports
    /// that has not heard of it yet.
    pub(super) fn cancel(&mut self, now: u64) {
        self.is_cancelled = true;
        if !self.record.status.is_terminal() {
            self.switch(now, JobStatus::Cancelling);
        }
    }

    /// There is no process, and the next one is started then.
    pub(super) fn waits_for(&mut self, next: NextAttempt) {
        self.next_attempt = Some(next);
    }

    fn switch(&mut self, at: u64, status: JobStatus) {
        if self.record.status == status {
            return;
        }
        tracing::info!(
            "Job {} ({}) switched from state {} to {status}.",
            self.record.name,
            self.record.id,
            self.record.status
        );
        self.set_status(at, status);
    }

    fn set_status(&mut self, at: u64, status: JobStatus) {
        self.record.status = status;
        self.record.modified = at;
        self.record.timestamps.insert(status, at);
    }

    /// A process is about to be started: what it is told of the job's past.
    pub(super) fn begin_process(&mut self) -> Launch {
        let earlier = self.record.launches;
        self.record.launches = earlier.saturating_add(1);
        Launch {
            earlier,
            completed_up_to: self.record.completed_up_to,
            next_checkpoint: self.record.next_checkpoint,
        }
    }

    /// The process that was about to be started was not.
    pub(super) fn no_process_began(&mut self) {
        self.record.launches = self.record.launches.saturating_sub(1);
    }

    /// The job's process has reported.
    pub(super) fn report(&mut self, now: u64, report: JobReport) -> Changes {
        let before = (self.record.status, self.record.failures.len());
        self.record.name.clone_from(&report.name);
        self.heard = Some(now);
        self.next_attempt = None;
        self.process = Some(report.process);
        self.count(ProcessCounts {
            started: report.started,
            counts: Tally {
                snapshots: report.counts,
                attempts: report.attempt,
                summary: report.summary,
            },
        });
        self.add_failures(&report);
        let ended = self.note_checkpoints(&report);
        let is_told_anew = self.note_followed(&report);
        let reported = match report.status {
            status if status.is_terminal() || !self.is_cancelled => status,
            _ => JobStatus::Cancelling,
        };
        let status = supervision::status(self.record.status, Contact::Reported(reported));
        self.take_times(&report);
        let at = report.switched.get(&status).copied().unwrap_or(now);
        self.switch(at, status);
        self.report = Some(Arc::new(report));
        let after = (self.record.status, self.record.failures.len());
        Changes {
            is_worth_saving: before != after || is_told_anew || !ended.is_empty(),
            ended,
        }
    }

    /// Statuses that came and went between two reports have been, too.
    fn take_times(&mut self, report: &JobReport) {
        let times = report
            .switched
            .iter()
            .filter(|(status, _)| !status.is_terminal());
        for (status, at) in times {
            self.record.timestamps.insert(*status, *at);
        }
    }

    /// Counts of an earlier process are added up when the next one reports.
    fn count(&mut self, present: ProcessCounts) {
        let before = self.record.present;
        if before.started != present.started {
            self.record.totals = self.record.totals.with(before.counts.ended());
        }
        self.record.present = present;
    }

    fn note_checkpoints(&mut self, report: &JobReport) -> Vec<CheckpointReport> {
        let next = report.next_checkpoint;
        self.record.next_checkpoint = self.record.next_checkpoint.max(next);
        let changed = snapshots::note(&mut self.record.checkpoints, report, self.history);
        let completed = snapshots::ended(report).filter(|c| c.state == CheckpointState::Completed);
        // A savepoint is a checkpoint, too.
        let newest = completed.map(|c| c.id);
        self.record.completed_up_to = self.record.completed_up_to.max(newest.max());
        changed
    }

    /// The process is gone, and this lies there of the job's checkpoints. Answers what that changes.
    pub(super) fn lies_there(&mut self, lying: Lying, has_ended: bool) -> Vec<CheckpointReport> {
        let record = &mut self.record;
        record.next_checkpoint = record.next_checkpoint.max(lying.unused);
        record.completed_up_to = record.completed_up_to.max(lying.numbers.last().copied());
        snapshots::reconcile(&mut record.checkpoints, &lying, has_ended, self.history)
    }

    fn add_failures(&mut self, report: &JobReport) {
        for failure in &report.failures {
            let mut failure = failure.clone();
            failure.process.get_or_insert(report.process);
            self.add_failure(failure);
        }
    }

    /// Remembers a failure, unless it is known.
    pub(super) fn add_failure(&mut self, failure: FailureReport) {
        let failures = &mut self.record.failures;
        // A former version has noted no process.
        let same = |known: &FailureReport| {
            let process = failure.process;
            let known = known.clone();
            FailureReport { process, ..known } == failure
        };
        if failures.iter().any(same) {
            return;
        }
        failures.push(failure);
        failures.sort_by_key(|failure| failure.at);
        let surplus = failures.len().saturating_sub(FAILURES);
        failures.drain(..surplus);
    }

    /// The job has ended; `outcome` is its last report, where a process has left one.
    pub(super) fn end(&mut self, now: u64, status: JobStatus, outcome: Option<JobReport>) {
        let mut at = now;
        if let Some(outcome) = outcome {
            at = outcome
                .switched
                .get(&outcome.status)
                .copied()
                .unwrap_or(now);
            if outcome.vertices.is_empty() {
                self.take_unbuilt(&outcome);
            } else {
                drop(self.report(now, outcome));
            }
        }
        self.record.present.counts = self.record.present.counts.ended();
        self.process = None;
        self.switch(at, status);
        self.record.ended = Some(at);
    }

    /// What never was built knows less of the job than the process before it. What a server has decided that had heard of no process
    /// knows what was on record.
    fn take_unbuilt(&mut self, outcome: &JobReport) {
        if !Outcome::of(outcome).was_built {
            return self.add_failures(outcome);
        }
        self.record.name.clone_from(&outcome.name);
        self.take_times(outcome);
        drop(self.note_checkpoints(outcome));
        for failure in &outcome.failures {
            self.add_failure(failure.clone());
        }
    }

    /// The settings of the job as they are written.
    pub(super) fn settings(&self) -> &Configuration {
        match &self.report {
            Some(report) => &report.configuration,
            None => &self.submission.configuration,
        }
    }

    fn next_attempt(&self) -> Option<NextAttempt> {
        // What a process has told that is gone does not count any more.
        let told = self.report.iter().filter(|_| self.process.is_some());
        let told = told.filter_map(|report| report.next_attempt.clone()).next();
        let next = self.next_attempt.clone().or(told);
        next.filter(|_| self.record.status == JobStatus::Restarting)
    }

    /// What is to be seen of the job.
    pub(super) fn view(&self) -> JobView {
        let record = &self.record;
        let counted = record.totals.with(record.present.counts);
        JobView {
            id: record.id,
            name: record.name.clone(),
            status: record.status,
            start_time: record.submitted,
            end_time: record.ended,
            last_modification: record.modified,
            timestamps: record.timestamps.clone(),
            directory: self.directory.clone(),
            launches: record.launches,
            submission: Arc::clone(&self.submission),
            package: record.package.clone(),
            report: self.report.clone(),
            heard: self.heard,
            next_attempt: self.next_attempt(),
            process: self.process,
            attempts: counted.attempts,
            failures: record.failures.clone(),
            checkpoint_totals: counted.snapshots,
            checkpoint_summary: counted.summary,
            checkpoints: record.checkpoints.clone(),
            checkpoint_history: self.history,
        }
    }
}

#[cfg(test)]
mod tests;
