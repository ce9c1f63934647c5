//! What the driver of the job tells, turned into the job's report.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_core::{
    CheckpointId, JobStatus, Numbers, Result, TaskStatus, TriggerId, codes, counted,
};
use millstream_engine::TaskKey;
use millstream_engine::job::{
    CheckpointStart, CheckpointStatistics, Observer, TaskSnapshot, TaskView,
};
use millstream_protocol::link::{
    CheckpointReport, CheckpointState, ClosedNumbers, EndedOperation, FailureReport, JobReport,
    NextAttempt, StopBegun, SubtaskReport, TaskCheckpoint, TaskNumbers, VertexReport,
};
use millstream_protocol::{Failure, OperationResult, SavepointFormat, SnapshotKind, Uncommitted};
use millstream_storage::Verified;

use super::directory::JobDirectory;
use super::ending::Ending;
use super::state::SharedState;
use crate::clock::time_of_day;

/// So many snapshots are told of, and the one that runs.
const SNAPSHOTS: usize = 10;
/// So many failures are told of.
const FAILURES: usize = 20;

/// Keeps the report of a job.
pub(super) struct Reporter {
    state: SharedState,
    directory: JobDirectory,
    ending: Ending,
}

impl Reporter {
    pub(super) fn new(state: SharedState, directory: JobDirectory, ending: Ending) -> Self {
        Self {
            ending,
            state,
            directory,
        }
    }

    fn report(&self, change: impl FnOnce(&mut JobReport, u64)) {
        let now = time_of_day();
        self.state.change(|state| change(&mut state.report, now));
    }
}

fn new_checkpoint(
    start: &CheckpointStart,
    vertices: &[VertexReport],
    now: u64,
) -> CheckpointReport {
    CheckpointReport {
        id: start.checkpoint,
        state: CheckpointState::InProgress,
        savepoint: match &start.kind {
            SnapshotKind::Savepoint { format, .. } => Some(*format),
            SnapshotKind::Checkpoint | SnapshotKind::FinalCommit => None,
        },
        last: start.last,
        triggered: now,
        acknowledged: None,
        ended: None,
        bytes: 0,
        longest_pause_ms: 0,
        path: None,
        discarded: false,
        failure: None,
        numbers: None,
        tasks: vertices
            .iter()
            .map(|vertex| vec![None; vertex.subtasks.len()])
            .collect(),
    }
}

fn forget_old_failures(report: &mut JobReport) {
    let surplus = report.failures.len().saturating_sub(FAILURES);
    report.failures.drain(..surplus);
}

fn find(report: &mut JobReport, id: CheckpointId) -> Option<&mut CheckpointReport> {
    report.checkpoints.iter_mut().find(|known| known.id == id)
}

fn subtask(report: &mut JobReport, task: TaskKey) -> Option<&mut SubtaskReport> {
    report
        .vertices
        .get_mut(task.vertex)?
        .subtasks
        .get_mut(task.subtask)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Which tasks a running snapshot waits for, in one line.
fn waits_for(report: &JobReport) -> Option<String> {
    let running = report
        .checkpoints
        .iter()
        .find(|known| known.state == CheckpointState::InProgress)?;
    let missing: Vec<String> = running
        .tasks
        .iter()
        .zip(&report.vertices)
        .flat_map(|(tasks, vertex)| {
            let missing = tasks.iter().enumerate().filter(|(_, task)| task.is_none());
            missing.map(|(subtask, _)| format!("{} ({}/{})", vertex.name, subtask + 1, tasks.len()))
        })
        .collect();
    let noun = running.savepoint.map_or("checkpoint", |_| "savepoint");
    let id = running.id;
    Some(if missing.is_empty() {
        format!("{noun} {id} is being written")
    } else {
        format!("{noun} {id} waits for {}", missing.join(", "))
    })
}

impl Observer for Reporter {
    fn job_switched(&mut self, _: JobStatus, to: JobStatus) {
        // The end is told once everything is on disk.
        if to.is_terminal() {
            return self.ending.begins(to);
        }
        self.report(|report, now| {
            report.status = to;
            report.switched.insert(to, now);
            report.held_up = None;
            report.next_attempt = None;
        });
    }

    fn restarts_later(&mut self, after: Duration, why: &str) {
        self.report(|report, now| {
            report.next_attempt = Some(NextAttempt {
                at: now.saturating_add(millis(after)),
                why: why.to_owned(),
            });
        });
    }

    fn commits(&mut self, what: Option<&str>) {
        self.report(|report, _| report.held_up = what.map(str::to_owned));
    }

    fn task_switched(&mut self, task: TaskKey, _: TaskStatus, to: TaskStatus) {
        self.report(|report, now| {
            if let Some(subtask) = subtask(report, task) {
                subtask.status = to;
                subtask.switched.insert(to, now);
            }
        });
    }

    fn attempt_started(&mut self, tasks: &[TaskView]) {
        let now = time_of_day();
        self.state.change(|state| {
            state.begin_attempt(tasks);
            state.report.attempt += 1;
            for task in tasks {
                if let Some(subtask) = subtask(&mut state.report, task.key) {
                    subtask.id = Some(task.attempt);
                    subtask.numbers = TaskNumbers::default();
                    // Nothing of the attempt before is this one's.
                    subtask.status = TaskStatus::Created;
                    subtask.switched = BTreeMap::from([(TaskStatus::Created, now)]);
                }
            }
        });
    }

    fn checkpoint_starts(&mut self, start: &CheckpointStart) -> Result<()> {
        if let (Some(id), Some(location)) = (start.stop, &start.location) {
            self.directory.begin_stop(StopBegun {
                id,
                checkpoint: start.checkpoint,
                path: location.to_string(),
                written: false,
                ended: false,
                earlier: None,
            })?;
        }
        if start.kind == SnapshotKind::FinalCommit {
            return self.ending.commit_begins(start.checkpoint);
        }
        self.report(|report, now| {
            let checkpoint = new_checkpoint(start, &report.vertices, now);
            report.checkpoints.push(checkpoint);
            let surplus = report.checkpoints.len().saturating_sub(SNAPSHOTS + 1);
            report.checkpoints.drain(..surplus);
            report.counts.total += 1;
            report.counts.in_progress += 1;
            report.next_checkpoint = start.checkpoint + 1;
            report.held_up = waits_for(report);
        });
        Ok(())
    }

    fn savepoint_written(&mut self, stop: TriggerId, _: CheckpointId) -> Result<()> {
        self.directory.stop_written(stop)
    }

    fn recovery_starts(&mut self, stop: Option<TriggerId>) -> Result<()> {
        match (stop, self.directory.stop_begun()?) {
            (Some(stop), _) => self.directory.stop_written(stop),
            (None, Some(begun)) => self.directory.end_stop(begun.id),
            (None, None) => Ok(()),
        }
    }

    fn held_up(&mut self, why: &str) {
        self.report(|report, _| report.held_up = Some(why.to_owned()));
    }

    fn checkpoint_acknowledged(
        &mut self,
        checkpoint: CheckpointId,
        task: TaskKey,
        taken: TaskSnapshot,
    ) {
        self.report(|report, now| {
            if let Some(known) = find(report, checkpoint) {
                known.acknowledged = Some(now);
                known.bytes += taken.bytes;
                let part = known.tasks.get_mut(task.vertex);
                if let Some(part) = part.and_then(|parts| parts.get_mut(task.subtask)) {
                    *part = Some(TaskCheckpoint {
                        acknowledged: now,
                        bytes: taken.bytes,
                        start_delay_ms: millis(taken.start_delay),
                        freeze_ms: millis(taken.freeze),
                        write_ms: millis(taken.write),
                        longest_pause_ms: millis(taken.longest_pause),
                    });
                }
            }
            report.held_up = waits_for(report);
        });
    }

    fn checkpoint_completed(&mut self, statistics: &CheckpointStatistics) {
        tracing::info!(
            "Completed {} {} ({}, checkpointDuration={} ms, longest pause {:.1} ms).",
            if statistics.savepoint {
                "savepoint"
            } else {
                "checkpoint"
            },
            statistics.checkpoint,
            counted(statistics.bytes, "byte"),
            statistics.duration.as_millis(),
            statistics.longest_pause.as_secs_f64() * 1e3,
        );
        self.report(|report, now| {
            let Some(known) = find(report, statistics.checkpoint) else {
                return;
            };
            known.state = CheckpointState::Completed;
            known.ended = Some(now);
            known.savepoint = known.savepoint.filter(|_| statistics.savepoint);
            known.path = Some(statistics.path.clone());
            known.bytes = statistics.bytes;
            known.longest_pause_ms = millis(statistics.longest_pause);
            let known = known.clone();
            report.counts.in_progress = report.counts.in_progress.saturating_sub(1);
            report.counts.completed += 1;
            report.summary.add(&known);
            let newest = match known.savepoint {
                Some(_) => &mut report.savepoint,
                None => &mut report.completed,
            };
            *newest = Some(known);
            report.held_up = None;
        });
    }

    fn checkpoint_failed(&mut self, checkpoint: CheckpointId, reason: &str) {
        self.ending.commit_given_up(checkpoint);
        self.report(|report, now| {
            let Some(known) = find(report, checkpoint) else {
                return;
            };
            known.state = CheckpointState::Failed;
            known.ended = Some(now);
            known.failure = Some(reason.to_owned());
            report.failed = Some(known.clone());
            report.counts.in_progress = report.counts.in_progress.saturating_sub(1);
            report.counts.failed += 1;
            report.held_up = None;
        });
    }

    fn numbers(&mut self, checkpoint: CheckpointId, numbers: &Numbers) {
        let numbers = *numbers;
        self.report(|report, _| {
            let named = report.completed.iter_mut().chain(&mut report.savepoint);
            let known = report.checkpoints.iter_mut().chain(named);
            for found in known.filter(|known| known.id == checkpoint) {
                found.numbers = Some(numbers);
            }
            report.numbers = Some(ClosedNumbers {
                checkpoint,
                numbers,
            });
        });
    }

    fn checkpoint_discarded(&mut self, checkpoint: CheckpointId) {
        self.report(|report, _| {
            let named = report.completed.iter_mut().chain(&mut report.savepoint);
            let known = report.checkpoints.iter_mut().chain(named);
            // A savepoint stays when its checkpoint goes.
            let is_it =
                |known: &&mut CheckpointReport| known.id == checkpoint && known.savepoint.is_none();
            for discarded in known.filter(is_it) {
                discarded.discarded = true;
            }
        });
    }

    fn restored(&mut self, checkpoint: CheckpointId, path: &str, savepoint: bool) {
        self.report(|report, now| {
            report.counts.restored += 1;
            let known = find(report, checkpoint).cloned();
            let mut restored = known.unwrap_or_else(|| CheckpointReport {
                id: checkpoint,
                state: CheckpointState::Completed,
                savepoint: savepoint.then(SavepointFormat::default),
                last: false,
                triggered: now,
                acknowledged: None,
                ended: None,
                bytes: 0,
                longest_pause_ms: 0,
                path: Some(path.to_owned()),
                discarded: false,
                failure: None,
                numbers: None,
                tasks: Vec::new(),
            });
            restored.triggered = now;
            report.restored = Some(restored);
        });
    }

    fn reads_state(&mut self, progress: Box<dyn Fn() -> Verified + Send>) {
        self.state.change(|state| state.progress = Some(progress));
    }

    fn output_accepted(&mut self, outputs: &[Uncommitted]) {
        self.report(|report, now| {
            for Uncommitted { output, reason } in outputs {
                report.failures.push(FailureReport {
                    at: now,
                    code: codes::COMMIT_LOST.id.to_owned(),
                    message: format!(
                        "output {output} is taken for committed, as --on-lost-output asks: {reason}"
                    ),
                    task: None,
                    attempt: report.attempt,
                    process: None,
                });
            }
            forget_old_failures(report);
        });
    }

    fn failed(&mut self, failure: &Failure) {
        // That of a task stands in the line of its switch.
        if failure.task.is_none() {
            tracing::warn!("{}: {}", failure.code, failure.message);
        }
        self.report(|report, now| {
            let task = failure.task.and_then(|task| {
                let vertex = report.vertices.get(task.vertex as usize)?;
                let (number, of) = (task.subtask + 1, vertex.subtasks.len());
                Some(format!("{} ({number}/{of})", vertex.name))
            });
            report.failures.push(FailureReport {
                at: now,
                code: failure.code.to_owned(),
                message: failure.message.clone(),
                task,
                attempt: failure.attempt,
                process: None,
            });
            forget_old_failures(report);
        });
    }

    fn operation_ended(&mut self, id: TriggerId, result: &OperationResult) {
        match result {
            OperationResult::Failed { code, reason, .. } => {
                tracing::warn!("Operation {id} failed: {code}: {reason}");
            }
            done => tracing::info!("Operation {id} ended: {done:?}"),
        }
        if matches!(result, OperationResult::Failed { .. })
            && let Err(error) = self.directory.end_stop(id)
        {
            tracing::warn!("{error}");
        }
        let ended = EndedOperation {
            id,
            at: time_of_day(),
            result: result.clone(),
        };
        if !self.ending.takes(&ended) {
            self.report(|report, _| report.operations.push(ended));
        }
    }
}
