//! Ends: of an attempt, of the job, and of patience.

use std::collections::BTreeMap;

use millstream_core::{JobStatus, codes};

use super::snapshots::Failing;
use super::{JobMachine, Next};
use crate::action::{Action, DiscardReason};
use crate::cancellation::Verdict;
use crate::checkpoint::Stage;
use crate::commit::Committed;
use crate::operations::{OperationKind, OperationResult};
use crate::types::{Attempt, Millis, TaskId};

impl JobMachine {
    /// Acts on everything that is overdue.
    pub(super) fn look_at_the_clock(&mut self, now: Millis) {
        for wanted in self.checkpoints.take_overdue(now) {
            if let Some(id) = wanted.operation {
                let reason = "it could not begin in time: tasks do not all run, or an earlier snapshot or commit holds it up";
                let result = OperationResult::failed(wanted.failure_code(), reason);
                self.end_operation(now, id, result);
            }
        }
        if self.checkpoints.is_overdue(now) {
            let reason = self.why_overdue();
            self.fail_snapshot(now, &reason, Failing::Itself);
        }
        self.watch_commit(now);
        self.watch_finish(now);
        self.watch_cancellation(now);
    }

    /// Gives the running snapshot up if its time is over and what holds it up lies outside the job.
    pub(super) fn sinks_wait(
        &mut self,
        now: Millis,
        attempt: Attempt,
        sinks: &BTreeMap<TaskId, String>,
    ) {
        if !self.checkpoints.is_overdue(now) {
            return;
        }
        let running = self.checkpoints.running();
        let held_up = running.and_then(|running| running.held_up_by(attempt, sinks));
        if let Some((task, why)) = held_up {
            let (missing, task) = (self.why_overdue(), self.tasks.name(task));
            let reason = format!("{missing}; the sink in {task} waits: {why}");
            self.fail_snapshot(now, &reason, Failing::HeldUp);
        }
    }

    fn why_overdue(&self) -> String {
        let seconds = self.settings.checkpoints.timeout.as_secs_f64();
        let Some(running) = self.checkpoints.running() else {
            return String::new();
        };
        match running.stage {
            Stage::Writing => format!("it was not written within {seconds} s"),
            Stage::Collecting => {
                let missing = self.tasks.names(running.missing.iter().copied());
                format!("not acknowledged within {seconds} s by {missing}")
            }
        }
    }

    /// Tasks that do not come to their end after everything is committed are cancelled.
    fn watch_finish(&mut self, now: Millis) {
        let overdue = self.last.as_ref().and_then(|last| last.finish_by());
        if self.status != JobStatus::Running || overdue.is_none_or(|at| now < at) {
            return;
        }
        if let Some(last) = self.last.as_mut() {
            last.stop_waiting();
        }
        let names = self.tasks.names(self.tasks.unended());
        self.warn(format!(
            "all is committed but these tasks do not end, they are cancelled: {names}"
        ));
        self.cancel_tasks(now);
    }

    fn watch_cancellation(&mut self, now: Millis) {
        if self.is_over() || (self.status == JobStatus::Running && !self.workers) {
            return;
        }
        match self
            .cancellation
            .as_mut()
            .map(|cancellation| cancellation.check(now))
        {
            None | Some(Verdict::Wait) => {}
            Some(Verdict::Warn { seconds }) => {
                let what = self.what_hangs();
                self.warn(format!(
                    "{what} did not end {seconds} s after the job was told to end"
                ));
                self.cancel_commit();
            }
            Some(Verdict::Kill { seconds }) => self.kill(now, seconds),
        }
    }

    fn what_hangs(&self) -> String {
        let tasks = self.tasks.names(self.tasks.unended());
        if self.workers && !tasks.is_empty() {
            tasks
        } else if self.workers {
            "the writing of state".to_owned()
        } else if self.commits.in_flight() {
            "a commit".to_owned()
        } else {
            "the writing of a snapshot".to_owned()
        }
    }

    fn kill(&mut self, now: Millis, seconds: u64) {
        let what = self.what_hangs();
        let message = format!(
            "{what} did not end {seconds} s after the job was told to end; the process ends now"
        );
        self.cancel_commit();
        let committed = match self.commits.in_flight() {
            true => Committed::Unknown,
            false => Committed::No,
        };
        self.not_committed(now, committed, &message);
        if let Some(mut last) = self.last.take() {
            if self.commits.in_flight() {
                last.not_committed(Committed::Unknown);
            }
            self.fail_stop(now, &last, &message);
        }
        for id in self.operations.pending() {
            let result = OperationResult::failed(codes::TASK_STUCK.id, message.clone());
            self.end_operation(now, id, result);
        }
        self.actions.push(Action::KillProcess { message });
        self.killed = true;
    }

    /// Whether nothing of the present attempt is under way any more.
    fn is_over(&self) -> bool {
        !self.workers && !self.commits.in_flight() && !self.checkpoints.is_writing()
    }

    /// Moves on where the present attempt is over.
    pub(super) fn settle(&mut self, now: Millis) {
        if !self.workers && self.status == JobStatus::Running {
            self.cancellation = None;
        }
        if !self.is_over() {
            return;
        }
        match self.status {
            JobStatus::Cancelling => self.end_job(now, JobStatus::Canceled, None, true),
            JobStatus::Failing => {
                self.cancellation = None;
                match self.next.take() {
                    Some(Next::GiveUp { why }) => {
                        self.end_job(now, JobStatus::Failed, Some(why), true);
                    }
                    restart => {
                        self.next = restart;
                        self.switch(JobStatus::Restarting);
                        self.tell_restart(now);
                    }
                }
            }
            JobStatus::Running if self.last.as_ref().is_some_and(|last| last.is_committed()) => {
                self.end_job(now, JobStatus::Finished, None, true);
            }
            _ => {}
        }
    }

    /// Says when the next attempt begins, and why there is one.
    fn tell_restart(&mut self, now: Millis) {
        let (Some(Next::Restart { at, restart }), Some(failure)) = (&self.next, &self.root_cause)
        else {
            return;
        };
        self.actions.push(Action::RestartsLater {
            after: at.since(now),
            attempt: self.attempt.saturating_add(1),
            restart: *restart,
            cause: failure.message.clone(),
        });
    }

    /// Ends the job. `tidy`: whether retention decides on its snapshots; a job that could not start
    /// leaves all of them alone.
    pub(super) fn end_job(
        &mut self,
        now: Millis,
        status: JobStatus,
        gave_up: Option<String>,
        tidy: bool,
    ) {
        self.cancellation = None;
        self.next = None;
        self.waits = None;
        self.not_committed(now, Committed::No, &format!("the job is {status}"));
        self.switch(status);
        if tidy {
            self.discard_at_end(status);
        }
        self.end_operations(now, status);
        let cause = self
            .root_cause
            .clone()
            .filter(|_| status == JobStatus::Failed);
        self.actions.push(Action::JobEnded {
            status,
            cause,
            gave_up,
        });
    }

    fn discard_at_end(&mut self, status: JobStatus) {
        let at_end = self.snapshots.at_end(status);
        for snapshot in at_end.discard {
            let reason = DiscardReason::JobEnded;
            self.actions
                .push(Action::DiscardSnapshot { snapshot, reason });
        }
        if let Some(snapshot) = at_end.uncommitted {
            self.warn(format!(
                "{snapshot} is kept although checkpoints of this job are not: output that it covers may not be committed; start from it to commit that, or delete it"
            ));
        }
    }

    fn end_operations(&mut self, now: Millis, status: JobStatus) {
        if let Some(last) = self.last.take()
            && let Some(id) = last.operation()
        {
            let result = if status == JobStatus::Finished {
                last.stopped()
            } else {
                last.failed(&format!("the job is {status}"))
            };
            self.end_operation(now, id, result);
        }
        for id in self.operations.pending() {
            let kind = self.operations.get(id).map(|operation| operation.kind);
            let cancelled = kind == Some(OperationKind::Cancel) && status == JobStatus::Canceled;
            let result = if cancelled {
                OperationResult::Cancelled
            } else {
                OperationResult::failed(codes::JOB_STATE.id, format!("the job is {status}"))
            };
            self.end_operation(now, id, result);
        }
    }
}
