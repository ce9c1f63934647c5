//! The composite machine of one job: its statuses, and how the parts work together.
//!
//! Job: CREATED -> RUNNING -> FINISHED, with FAILING -> RESTARTING -> RUNNING or FAILING -> FAILED after a failure and
//! CANCELLING -> CANCELED after a cancel. A start that has to wait for its snapshot is RESTARTING. INITIALIZING, RECONCILING and SUSPENDED are statuses of a job
//! without a machine: before there is one, or while its process is away.
//!
//! Every attempt begins with the commit of what the snapshot holds that it goes on from, and ends when its
//! workers are gone and no write or commit is under way; only then comes the next, or the job's end.

mod attempt;
mod commits;
mod ending;
mod requests;
mod snapshots;
mod waiting;

use std::collections::{BTreeMap, VecDeque};

use millstream_core::{CheckpointId, JobStatus, TaskStatus, TriggerId};

use crate::action::Action;
use crate::cancellation::Cancellation;
use crate::checkpoint::{CheckpointRecord, Checkpoints, Pending};
use crate::commit::Commits;
use crate::event::Event;
use crate::operations::{Operation, OperationResult, Operations};
use crate::recovery::Facts;
use crate::restart::{Jitter, Restarts};
use crate::retention::Snapshots;
use crate::settings::JobSettings;
use crate::stop::{self, Last};
use crate::tasks::{Switch, TaskTable};
use crate::types::{Attempt, Failure, Millis, SnapshotRef, TaskId};
use snapshots::{Untold, Written};
use waiting::Waits;

/// So many failures are remembered.
const FAILURES_REMEMBERED: usize = 20;

/// What comes once a failed attempt is over.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    Restart {
        at: Millis,
        /// Which restart it is, of how many the strategy allows.
        restart: Option<(u32, u32)>,
    },
    GiveUp {
        why: String,
    },
}

/// The machine of one job.
///
/// [`handle`](Self::handle) takes what happened and answers what to do. The driver performs the actions
/// in order, reports what comes of them, and calls again with [`Event::Tick`] at
/// [`next_deadline`](Self::next_deadline).
#[derive(Debug, Clone)]
pub struct JobMachine {
    settings: JobSettings,
    status: JobStatus,
    attempt: Attempt,
    /// What the present attempt goes on from.
    restore: Option<SnapshotRef>,
    /// Whether the present attempt was started and its workers are not gone.
    workers: bool,
    tasks: TaskTable,
    checkpoints: Checkpoints,
    snapshots: Snapshots,
    commits: Commits,
    last: Option<Last>,
    restarts: Restarts,
    jitter: Jitter,
    next: Option<Next>,
    cancellation: Option<Cancellation>,
    operations: Operations,
    root_cause: Option<Failure>,
    failures: VecDeque<Failure>,
    failure_count: u64,
    /// The start waits for what it has to go on from.
    waits: Option<Waits>,
    /// The operation whose snapshot is written and is to be committed.
    written: Option<Untold>,
    /// The process was told to end.
    killed: bool,
    actions: Vec<Action>,
}

impl JobMachine {
    /// The machine of a job that is CREATED. `facts` tell which snapshots there are; `seed` is for the
    /// jitter of restarts.
    pub fn new(settings: JobSettings, facts: Facts, seed: u64) -> Self {
        let checkpoints = &settings.checkpoints;
        let mut machine = Self {
            status: JobStatus::Created,
            attempt: 0,
            restore: None,
            workers: false,
            tasks: TaskTable::new(&settings.tasks),
            checkpoints: Checkpoints::new(checkpoints.clone(), 1),
            snapshots: Snapshots::new(checkpoints, Facts::default()),
            commits: Commits::new(checkpoints.timeout, settings.on_lost_output),
            last: None,
            restarts: Restarts::new(settings.restart.clone()),
            jitter: Jitter::new(seed),
            next: None,
            cancellation: None,
            operations: Operations::default(),
            root_cause: None,
            failures: VecDeque::new(),
            failure_count: 0,
            waits: None,
            written: None,
            killed: false,
            actions: Vec::new(),
            settings,
        };
        machine.take_facts(Millis::default(), facts);
        machine
    }

    /// Takes what happened at `now` and answers what to do, in order. Never panics: what makes no sense
    /// in the present state is answered by nothing, or by a warning.
    pub fn handle(&mut self, now: Millis, event: Event) -> Vec<Action> {
        if self.killed {
            return Vec::new();
        }
        self.take(now, event);
        self.look_at_the_clock(now);
        if !self.killed {
            self.settle(now);
            self.look_again_if_due(now);
            self.begin_due_attempt(now);
            self.begin_due_snapshot(now);
        }
        std::mem::take(&mut self.actions)
    }

    fn take(&mut self, now: Millis, event: Event) {
        match event {
            Event::Start => self.start(now),
            Event::TaskReported {
                attempt,
                task,
                status,
            } => {
                self.task_reported(now, attempt, task, status);
            }
            Event::TaskFailed {
                attempt,
                task,
                code,
                cause,
                recoverable,
            } => {
                let failure = Failure {
                    at: now,
                    attempt,
                    task,
                    code,
                    message: cause,
                    recoverable,
                };
                self.task_failed(now, failure);
            }
            Event::SourceEnded { attempt, task } if self.is_present(attempt) => {
                self.tasks.source_ended(task);
            }
            Event::AttemptEnded { attempt } => self.attempt_ended(now, attempt),
            Event::Acknowledged {
                attempt,
                checkpoint,
                task,
            } => {
                self.acknowledged(now, attempt, checkpoint, task);
            }
            Event::Declined {
                attempt,
                checkpoint,
                task,
                reason,
            } => {
                self.declined(now, attempt, checkpoint, task, &reason);
            }
            Event::SinksWait { attempt, sinks } => self.sinks_wait(now, attempt, &sinks),
            Event::SnapshotWritten {
                checkpoint,
                path,
                savepoint,
            } => {
                self.snapshot_written(now, checkpoint, Written { path, savepoint });
            }
            Event::SnapshotFailed { checkpoint, reason } => {
                self.snapshot_failed(now, checkpoint, &reason);
            }
            Event::CommitEnded { checkpoint, result } => {
                self.commit_ended(now, checkpoint, result);
            }
            Event::RecoveryCommitEnded { attempt, result } => {
                self.recovery_commit_ended(now, attempt, result);
            }
            Event::RecoveryFailed {
                attempt,
                code,
                cause,
                nature,
            } => {
                self.recovery_failed(now, attempt, (code, cause), nature);
            }
            Event::Facts(facts) => self.looked_again(now, *facts),
            Event::Request(request) => self.requested(now, request),
            Event::IntervalChanged(interval) => {
                if self.checkpoints.set_interval(now, interval) {
                    self.tell_pause();
                }
            }
            Event::SourceEnded { .. } | Event::Tick => {}
        }
    }

    /// When to call again with [`Event::Tick`] if nothing happens before; `None`: no need.
    pub fn next_deadline(&self) -> Option<Millis> {
        if self.killed || self.status.is_terminal() {
            return None;
        }
        let running = self.status == JobStatus::Running;
        let restart = match (&self.next, self.status) {
            (Some(Next::Restart { at, .. }), JobStatus::Restarting) => Some(*at),
            _ => None,
        };
        [
            restart,
            self.waits.as_ref().and_then(|waits| waits.look_at),
            self.checkpoints
                .deadline(self.may_begin_snapshot(), self.tasks.input_ended()),
            self.commits.deadline().filter(|_| running),
            self.last
                .as_ref()
                .and_then(Last::finish_by)
                .filter(|_| running),
            self.cancellation.as_ref().and_then(Cancellation::deadline),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether a snapshot is to be given up at `now`, because tasks take too long. Whoever asks tells [`Event::SinksWait`] first, but not
    /// where it is being written: that needs no sink, and the answer may be what is told next.
    pub fn is_snapshot_overdue(&self, now: Millis) -> bool {
        self.checkpoints.is_overdue(now) && !self.checkpoints.is_writing_running()
    }

    /// The job's status.
    pub fn status(&self) -> JobStatus {
        self.status
    }

    /// The number of the present attempt; 0 before the first.
    pub fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// Every task and its status in the present attempt.
    pub fn tasks(&self) -> &BTreeMap<TaskId, TaskStatus> {
        self.tasks.statuses()
    }

    /// The first failure of the attempt that failed last.
    pub fn root_cause(&self) -> Option<&Failure> {
        self.root_cause.as_ref()
    }

    /// How many failures there were, forgotten ones included.
    pub fn failure_count(&self) -> u64 {
        self.failure_count
    }

    /// The stop that is under way, once its savepoint is triggered.
    pub fn stopping(&self) -> Option<TriggerId> {
        self.last.as_ref().and_then(Last::operation)
    }

    /// The newest failures, oldest first, also those that followed from others.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.failures.iter()
    }

    /// The snapshot that runs, with the tasks that hold it up.
    pub fn running_snapshot(&self) -> Option<&Pending> {
        self.checkpoints.running()
    }

    /// The newest snapshots that have ended, oldest first.
    pub fn snapshot_history(&self) -> impl Iterator<Item = &CheckpointRecord> {
        self.checkpoints.history()
    }

    /// The completed snapshots that the job holds, oldest first.
    pub fn completed_snapshots(&self) -> impl Iterator<Item = &SnapshotRef> {
        self.snapshots.iter()
    }

    /// The savepoint of a stop that is the job's newest snapshot: the job must not go on from anything older, however it ends.
    pub fn stop_savepoint(&self) -> Option<&SnapshotRef> {
        self.snapshots.stop_savepoint()
    }

    /// What the start waits for; `None`: nothing.
    pub fn waits_for(&self) -> Option<&str> {
        self.waits.as_ref().map(|waits| waits.why.as_str())
    }

    /// What the present attempt goes on from; `None`: the beginning.
    pub fn restored(&self) -> Option<&SnapshotRef> {
        self.restore.as_ref()
    }

    /// The number that the next snapshot will have.
    pub fn next_checkpoint(&self) -> CheckpointId {
        self.checkpoints.next_number()
    }

    /// How far the last snapshot is, if the job is stopping or at the end of its input.
    pub fn last_stage(&self) -> Option<stop::Stage> {
        self.last.as_ref().map(Last::stage)
    }

    /// The operation of that id; the newest 1,000 ended ones are remembered.
    pub fn operation(&self, id: TriggerId) -> Option<&Operation> {
        self.operations.get(id)
    }

    /// Every operation that is remembered.
    pub fn operations(&self) -> impl Iterator<Item = (TriggerId, &Operation)> {
        self.operations.iter()
    }

    fn is_present(&self, attempt: Attempt) -> bool {
        attempt == self.attempt
    }

    fn switch(&mut self, to: JobStatus) {
        if self.status != to {
            self.actions.push(Action::JobSwitched {
                from: self.status,
                to,
            });
            self.status = to;
        }
    }

    fn tell_switch(&mut self, switch: Switch, cause: Option<String>) {
        let Switch { task, from, to } = switch;
        let attempt = self.attempt;
        self.actions.push(Action::TaskSwitched {
            attempt,
            task,
            from,
            to,
            cause,
        });
    }

    fn warn(&mut self, message: impl Into<String>) {
        self.actions.push(Action::Warn {
            message: message.into(),
        });
    }

    fn end_operation(&mut self, now: Millis, id: TriggerId, result: OperationResult) {
        if self.operations.end(now, id, &result) {
            self.actions.push(Action::OperationEnded { id, result });
        }
    }
}

#[cfg(test)]
mod tests;
