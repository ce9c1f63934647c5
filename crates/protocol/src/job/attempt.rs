//! Attempts: how they start, and how they fail.

use millstream_core::{JobStatus, TaskStatus, codes};

use super::{FAILURES_REMEMBERED, JobMachine, Next};
use crate::action::Action;
use crate::cancellation::Cancellation;
use crate::commit::{Committed, Target};
use crate::operations::OperationResult;
use crate::recovery;
use crate::restart;
use crate::stop::{Last, Stage};
use crate::types::{Attempt, Failure, Millis, TaskId};

impl JobMachine {
    pub(super) fn begin_due_attempt(&mut self, now: Millis) {
        let due = matches!(self.next, Some(Next::Restart { at, .. }) if now >= at);
        if self.status == JobStatus::Restarting && due {
            self.begin_attempt(now);
        }
    }

    /// Begins with the commit of what the snapshot holds that the attempt goes on from.
    pub(super) fn begin_attempt(&mut self, now: Millis) {
        self.next = None;
        self.restore = match self.snapshots.decide() {
            recovery::Decision::Fresh => None,
            recovery::Decision::GoOn(snapshot) => Some(snapshot),
            recovery::Decision::Wait { why } => return self.wait(now, why),
            recovery::Decision::Refused { code, why } => return self.refuse_start(now, code, why),
        };
        self.snapshots.begun();
        if let Some(last) = self.last.as_mut() {
            last.again();
        }
        self.attempt = self.attempt.saturating_add(1);
        self.tasks.reset();
        self.switch(JobStatus::Running);
        self.commits.begin(now, Target::Recovery);
        let (attempt, restore) = (self.attempt, self.restore.clone());
        self.actions
            .push(Action::RecoverCommits { attempt, restore });
    }

    fn refuse_start(&mut self, now: Millis, code: &'static str, why: String) {
        let attempt = self.attempt;
        let failure = Failure {
            at: now,
            attempt,
            task: None,
            code,
            message: why,
            recoverable: false,
        };
        self.root_cause = Some(failure.clone());
        self.remember_failure(failure);
        let why = "no restart would find another snapshot".to_owned();
        self.end_job(now, JobStatus::Failed, Some(why), false);
    }

    /// What the restored snapshot held is committed.
    pub(super) fn start_workers(&mut self) {
        self.workers = true;
        self.actions.push(Action::StartAttempt {
            attempt: self.attempt,
            restore: self.restore.clone(),
            next_checkpoint: self.checkpoints.next_number(),
        });
    }

    pub(super) fn task_reported(
        &mut self,
        now: Millis,
        attempt: Attempt,
        task: TaskId,
        status: TaskStatus,
    ) {
        if !self.is_present(attempt) || !self.workers {
            return;
        }
        if status == TaskStatus::Failed {
            let message = format!("{} failed without a cause", self.tasks.name(task));
            let code = codes::PROGRAM_FAILED.id;
            let task = Some(task);
            let failure = Failure {
                at: now,
                attempt,
                task,
                code,
                message,
                recoverable: true,
            };
            return self.task_failed(now, failure);
        }
        let Some(switch) = self.tasks.report(task, status) else {
            return;
        };
        self.tell_switch(switch, None);
        if switch.to == TaskStatus::Running && self.tasks.all_running() {
            self.checkpoints.arm(now);
        }
        if switch.to.is_terminal() && self.needs_tasks() {
            let message = format!("{} ended before the job did", self.tasks.name(task));
            self.attempt_failed(now, self.internal_failure(now, Some(task), message));
        }
    }

    /// Whether tasks are still to run: a task that ends now is missed.
    fn needs_tasks(&self) -> bool {
        let finishing = self
            .last
            .as_ref()
            .is_some_and(|last| last.stage() == Stage::Finishing);
        self.status == JobStatus::Running && self.cancellation.is_none() && !finishing
    }

    fn internal_failure(&self, now: Millis, task: Option<TaskId>, message: String) -> Failure {
        let (attempt, code) = (self.attempt, codes::INTERNAL.id);
        Failure {
            at: now,
            attempt,
            task,
            code,
            message,
            recoverable: true,
        }
    }

    pub(super) fn task_failed(&mut self, now: Millis, failure: Failure) {
        if !self.is_present(failure.attempt) || self.status.is_terminal() {
            return;
        }
        if let Some(task) = failure.task
            && let Some(switch) = self.tasks.report(task, TaskStatus::Failed)
        {
            self.tell_switch(switch, Some(failure.message.clone()));
        }
        self.attempt_failed(now, failure);
    }

    pub(super) fn attempt_ended(&mut self, now: Millis, attempt: Attempt) {
        if !self.is_present(attempt) || !self.workers {
            return;
        }
        self.workers = false;
        let missed = self.needs_tasks();
        let to = if missed {
            TaskStatus::Failed
        } else if self.status == JobStatus::Running && self.cancellation.is_none() {
            TaskStatus::Finished
        } else {
            TaskStatus::Canceled
        };
        for switch in self.tasks.switch_rest(to) {
            let cause = missed.then(|| "its worker ended".to_owned());
            self.tell_switch(switch, cause);
        }
        if missed {
            let message = "the workers ended before the job did".to_owned();
            self.attempt_failed(now, self.internal_failure(now, None, message));
        }
    }

    /// A failure of the present attempt. The first one decides; tasks that are not needed any more may fail.
    pub(super) fn attempt_failed(&mut self, now: Millis, failure: Failure) {
        match self.status {
            JobStatus::Running => {}
            JobStatus::Failing => return self.failed_further(failure),
            _ => return,
        }
        let message = failure.message.clone();
        let held_back = match self.last.as_mut() {
            Some(last) => last.hold_back(failure),
            None => Err(failure),
        };
        match held_back {
            Ok(()) => {
                self.warn(format!(
                    "a failure does not matter any more, all tasks have done their part: {message}"
                ));
                self.cancel_tasks(now);
            }
            Err(failure) => self.fail_attempt(now, failure),
        }
    }

    /// Something more failed while the attempt ends. It can only make things worse.
    pub(super) fn failed_further(&mut self, failure: Failure) {
        if !failure.recoverable {
            self.next = Some(Next::GiveUp {
                why: no_restart(&failure),
            });
        }
        self.remember_failure(failure);
    }

    /// Ends the attempt and asks the restart strategy what comes next.
    pub(super) fn fail_attempt(&mut self, now: Millis, failure: Failure) {
        let next = if failure.recoverable {
            match self.restarts.on_failure(now, self.jitter.draw()) {
                restart::Decision::Restart { after } => Next::Restart {
                    at: now.plus(after),
                    restart: self.restarts.used(),
                },
                restart::Decision::GiveUp { why } => Next::GiveUp { why },
            }
        } else {
            Next::GiveUp {
                why: no_restart(&failure),
            }
        };
        self.end_attempt(now, failure, next);
    }

    /// Ends the attempt; `next` comes once it is over.
    pub(super) fn end_attempt(&mut self, now: Millis, failure: Failure, next: Next) {
        let reason = format!("the job failed: {}", failure.message);
        self.root_cause = Some(failure.clone());
        self.remember_failure(failure);
        let restarts = matches!(next, Next::Restart { .. });
        self.next = Some(next);
        // A snapshot that is being written is complete but for its `_metadata`: it is worth waiting for.
        if !self.checkpoints.is_writing_running() {
            self.abort_running(now, &reason);
        }
        self.fail_waiting(now, &reason);
        // One that is under way has an answer yet.
        if !self.commits.in_flight() {
            self.not_committed(now, Committed::No, &reason);
        }
        // A stop that an earlier process has written is carried on by the next attempt.
        let goes_on = |last: &mut Last| !(last.is_resumed() && restarts);
        if let Some(last) = self.last.take_if(goes_on) {
            self.fail_stop(now, &last, &reason);
        }
        self.checkpoints.disarm();
        self.switch(JobStatus::Failing);
        self.cancel_tasks(now);
    }

    /// Tells every task to end, once.
    pub(super) fn cancel_tasks(&mut self, now: Millis) {
        if self.cancellation.is_some() {
            return;
        }
        self.cancellation = Some(Cancellation::new(now, self.settings.cancellation));
        if self.workers {
            self.actions.push(Action::CancelTasks {
                attempt: self.attempt,
            });
            for switch in self.tasks.switch_rest(TaskStatus::Canceling) {
                self.tell_switch(switch, None);
            }
        }
    }

    /// Ends the operation of a stop that did not come about; the end of the input has none.
    pub(super) fn fail_stop(&mut self, now: Millis, last: &Last, reason: &str) {
        if let Some(id) = last.operation() {
            self.end_operation(now, id, last.failed(reason));
        }
    }

    /// Ends the operations that wait for a snapshot to begin.
    pub(super) fn fail_waiting(&mut self, now: Millis, reason: &str) {
        for wanted in self.checkpoints.drain_waiting() {
            if let Some(id) = wanted.operation {
                let code = wanted.failure_code();
                self.end_operation(now, id, OperationResult::failed(code, reason));
            }
        }
    }

    fn remember_failure(&mut self, failure: Failure) {
        self.failure_count += 1;
        self.failures.push_back(failure);
        if self.failures.len() > FAILURES_REMEMBERED {
            self.failures.pop_front();
        }
    }
}

fn no_restart(failure: &Failure) -> String {
    format!("a restart would not help: {}", failure.message)
}
