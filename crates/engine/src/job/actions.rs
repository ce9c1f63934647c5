//! Doing what the state machine decides.

use std::time::Duration;

use millstream_core::options::format_duration;
use millstream_core::{AttemptId, CheckpointId, Error, JobStatus, Result, TaskStatus, codes};
use millstream_protocol::{
    Action, Attempt as AttemptNumber, DiscardReason, Event, Failure, SnapshotKind, SnapshotRef,
    TaskId, Then, Uncommitted,
};
use millstream_storage::Location;

use super::io::{Begin, IoTask, MarkEnded};
use super::observer::{CheckpointStart, TaskView};
use super::snapshot::Place;
use super::{Driver, JobOutcome, Message};
use crate::attempt::{Attempt, AttemptSpec};
use crate::connector::Cancelled;
use crate::messages::{
    AttemptEvent, Command, EnumeratorParts, EventSender, Targets, TaskKey, Trigger,
};
use crate::metrics::TaskMetrics;
use crate::task::core::now;

/// How a process ends that could not bring a task to its end: as Flink's task managers do.
const EXIT_STUCK: i32 = 239;

/// The same is not warned of again before: what waits for its sink says so with each try.
const WARNINGS: Duration = Duration::from_secs(60);

impl Driver {
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::JobSwitched { from, to } => self.job_switched(from, to),
            Action::TaskSwitched {
                attempt,
                task,
                from,
                to,
                cause,
            } => {
                self.give_ids(attempt);
                self.task_switched(task, from, to, cause.as_deref());
            }
            Action::RecoverCommits { attempt, restore } => self.recover(attempt, restore),
            Action::HeldUp { why } => {
                tracing::warn!("The job waits: {why}");
                self.observer.held_up(&why);
            }
            Action::RestartsLater {
                after,
                attempt,
                restart,
                cause,
            } => self.restarts_later(after, attempt, restart, &cause),
            Action::LookAgain => self.io.submit(IoTask::Look),
            Action::CancelCommit { .. } => self.cancelled.1.set(),
            Action::OutputAccepted { outputs } => self.accepted(&outputs),
            Action::StartAttempt {
                attempt,
                restore,
                next_checkpoint,
            } => {
                self.start_attempt(attempt, restore.as_ref(), next_checkpoint);
            }
            Action::Trigger {
                attempt,
                checkpoint,
                kind,
                then,
                full,
            } => {
                self.trigger(attempt, checkpoint, &kind, (then, full));
            }
            Action::AbortCheckpoint {
                checkpoint, reason, ..
            } => self.abort(checkpoint, &reason),
            Action::DiscardAcknowledged { checkpoint, .. } => {
                let directories = self.snapshots.given_up(checkpoint);
                self.io.submit(IoTask::Discard(directories));
            }
            Action::WriteSnapshot { checkpoint, .. } => self.write(checkpoint),
            Action::Commit { checkpoint, .. } => self.commit(checkpoint),
            Action::NotifyCompleted { checkpoint, .. } => {
                self.command(Command::Ended {
                    checkpoint,
                    completed: true,
                });
            }
            Action::ResumeSources { checkpoint, .. } => {
                self.command(Command::Resume(checkpoint));
            }
            Action::FinishSources { .. } => self.tell(Attempt::finish),
            Action::CancelTasks { .. } => self.on_attempt(Attempt::cancel),
            Action::DiscardSnapshot { snapshot, reason } => self.dispose(snapshot, reason),
            Action::OperationEnded { id, result } => self.observer.operation_ended(id, &result),
            Action::Warn { message } => self.warn(message),
            Action::KillProcess { message } => kill(message),
            Action::JobEnded {
                status,
                cause,
                gave_up,
            } => self.ended(status, cause, gave_up),
        }
    }

    fn warn(&mut self, message: String) {
        let now = self.now();
        let last = self.warned.as_ref();
        if last.is_some_and(|(said, at)| *said == message && now < at.plus(WARNINGS)) {
            return;
        }
        tracing::warn!("{message}");
        self.warned = Some((message, now));
    }

    /// Has the sinks recover, once it is noted whether a stop is carried on by that.
    fn recover(&mut self, attempt: AttemptNumber, restore: Option<SnapshotRef>) {
        if let Err(error) = self.observer.recovery_starts(self.machine.stopping()) {
            return self.recovery_failed(attempt, &error);
        }
        if self.cancelled.0 != attempt {
            self.cancelled = (attempt, Cancelled::default());
        }
        self.io.submit(IoTask::Recover {
            attempt,
            restore,
            cancelled: self.cancelled.1.clone(),
        });
    }

    fn restarts_later(
        &mut self,
        after: Duration,
        attempt: AttemptNumber,
        restart: Option<(u32, u32)>,
        cause: &str,
    ) {
        let restart = restart.map_or_else(String::new, |(number, of)| {
            format!(", restart {number} of {of}")
        });
        let why = format!("attempt {attempt}{restart}: {cause}");
        // The attempt took a moment to end: whoever has set a minute wants to read a minute.
        let shown = match after > Duration::from_secs(1) {
            true => Duration::from_secs((after + Duration::from_millis(999)).as_secs()),
            false => after,
        };
        tracing::warn!(
            "Job {} ({}) is restarted in {} ({why}).",
            self.graph.name,
            self.id,
            format_duration(shown)
        );
        self.observer.restarts_later(after, &why);
    }

    fn commit(&mut self, checkpoint: CheckpointId) {
        let prepared = self.snapshots.prepared(checkpoint);
        let (directory, savepoint) = self.snapshots.directories(checkpoint);
        if !prepared.is_empty() {
            let noun = if savepoint.is_some() {
                "savepoint"
            } else {
                "checkpoint"
            };
            let what = format!("the output of {noun} {checkpoint} is being committed");
            self.observer.commits(Some(&what));
        }
        self.io.submit(IoTask::Commit {
            checkpoint,
            prepared,
            directory,
            savepoint,
        });
    }

    fn accepted(&mut self, outputs: &[Uncommitted]) {
        for Uncommitted { output, reason } in outputs {
            tracing::warn!(
                "Output {output} is taken for committed, as --on-lost-output asks: {reason}"
            );
        }
        let (are, them) = match outputs.len() {
            1 => ("is", "it"),
            _ => ("are", "them"),
        };
        let lost = millstream_core::counted(outputs.len(), "output");
        tracing::warn!("{lost} {are} lost, or may be; the job goes on without {them}.");
        self.observer.output_accepted(outputs);
    }

    pub(super) fn dispose(&mut self, snapshot: SnapshotRef, reason: DiscardReason) {
        let newest = self.machine.completed_snapshots().last();
        let newest = newest.map(|newest| newest.checkpoint);
        let status = self.machine.status();
        let is_last = reason == DiscardReason::JobEnded && newest == Some(snapshot.checkpoint);
        if is_last && status != JobStatus::Finished && self.machine.stop_savepoint().is_none() {
            self.mark_ended(status, None);
        }
        if !snapshot.savepoint {
            self.observer.checkpoint_discarded(snapshot.checkpoint);
        }
        let given_up = reason == DiscardReason::Aborted;
        self.io.submit(IoTask::Dispose { snapshot, given_up });
    }

    fn on_attempt(&self, act: impl FnOnce(&Attempt)) {
        if let Some((_, attempt)) = &self.attempt {
            act(attempt);
        }
    }

    fn command(&mut self, command: Command) {
        self.tell(|attempt| attempt.command(command));
    }

    /// Tells the attempt something, which fails if it can't be told.
    fn tell(&mut self, told: impl FnOnce(&Attempt) -> Result<()>) {
        let Some((number, attempt)) = &self.attempt else {
            return;
        };
        if let Err(error) = told(attempt) {
            self.failed(*number, None, &error);
        }
    }

    fn job_switched(&mut self, from: JobStatus, to: JobStatus) {
        tracing::info!(
            "Job {} ({}) switched from state {from} to {to}.",
            self.graph.name,
            self.id
        );
        if to.is_terminal() {
            let savepoint = self.machine.stop_savepoint();
            let savepoint = savepoint.filter(|_| !self.final_commit).cloned();
            // Output may be committed up to a stop's savepoint, wherever that lies and however the job ended. Of a
            // job that has finished without checkpoints nothing older counts either.
            if savepoint.is_some() || to == JobStatus::Finished {
                self.mark_ended(to, savepoint);
            }
        }
        self.observer.job_switched(from, to);
    }

    fn task_switched(
        &mut self,
        task: TaskId,
        from: TaskStatus,
        to: TaskStatus,
        cause: Option<&str>,
    ) {
        let key = TaskKey {
            vertex: task.vertex as usize,
            subtask: task.subtask as usize,
        };
        let name = self.task_name(key);
        let id = self
            .attempt_id(key)
            .map_or_else(String::new, |id| id.to_string());
        match (to, cause) {
            (TaskStatus::Failed, Some(cause)) => {
                tracing::warn!("{name} ({id}) switched from {from} to {to}. Cause: {cause}");
            }
            (TaskStatus::Canceling, _) => {
                tracing::info!("Attempting to cancel task {name} ({id}).");
                tracing::info!("{name} ({id}) switched from {from} to {to}.");
            }
            _ => tracing::info!("{name} ({id}) switched from {from} to {to}."),
        }
        self.observer.task_switched(key, from, to);
    }

    fn task_name(&self, key: TaskKey) -> String {
        let vertex = self.plan.vertices.get(key.vertex);
        vertex.map_or_else(String::new, |vertex| vertex.task_name(key.subtask))
    }

    fn attempt_id(&self, key: TaskKey) -> Option<AttemptId> {
        self.attempt_ids.get(key.vertex)?.get(key.subtask).copied()
    }

    /// Gives the tasks of a new attempt their ids.
    fn give_ids(&mut self, attempt: AttemptNumber) {
        if self.ids_of == attempt {
            return;
        }
        self.ids_of = attempt;
        let random = &mut self.random;
        let mut id = || {
            let mut bytes = [0; 16];
            let (high, low) = bytes.split_at_mut(8);
            high.copy_from_slice(&random().to_be_bytes());
            low.copy_from_slice(&random().to_be_bytes());
            AttemptId::from_bytes(bytes)
        };
        let vertices = &self.plan.vertices;
        self.attempt_ids = vertices
            .iter()
            .map(|vertex| (0..vertex.parallelism).map(|_| id()).collect())
            .collect();
    }

    fn start_attempt(
        &mut self,
        number: AttemptNumber,
        restore: Option<&SnapshotRef>,
        next_checkpoint: CheckpointId,
    ) {
        if let Some(snapshot) = restore {
            tracing::info!(
                "Job {} ({}) goes on from {snapshot}.",
                self.graph.name,
                self.id
            );
            self.observer
                .restored(snapshot.checkpoint, &snapshot.path, snapshot.savepoint);
            if let Some(restored) = self.restored.clone() {
                let progress = move || restored.snapshot().progress();
                self.observer.reads_state(Box::new(progress));
            }
        }
        let restored = self.restored.take().filter(|_| restore.is_some());
        let metadata = restored.as_ref().map(|job| job.snapshot().metadata());
        let before = self.snapshots.attempt_begins(metadata);
        if let Some(snapshot) = restore {
            self.observer.numbers(snapshot.checkpoint, &before);
        }
        self.give_ids(number);
        let metrics: Vec<Vec<TaskMetrics>> = self
            .plan
            .vertices
            .iter()
            .map(|vertex| {
                vec![(); vertex.parallelism]
                    .iter()
                    .map(|()| TaskMetrics::default())
                    .collect()
            })
            .collect();
        self.observer.attempt_started(&self.views(&metrics));
        // A recovery has ended before, which has told it.
        let run = self.run.clone().unwrap_or_default();
        let spec = AttemptSpec {
            job: self.id,
            graph: self.graph.clone(),
            plan: self.plan.clone(),
            workers: self.workers,
            lineage: run.lineage,
            run: run.number,
            next_checkpoint,
            first_tick: 0,
            restored,
            directory: Some(self.snapshots.job_directory()),
            behind: std::mem::take(&mut self.behind),
            rate: self.rate.clone(),
            metrics,
        };
        let sender = self.sender.clone();
        let events = EventSender::new(move |event| {
            // A driver that has ended listens no more.
            drop(sender.send(Box::new(Message::Attempt(number, event))));
        });
        match Attempt::start(spec, events.clone()) {
            Ok(attempt) => self.attempt = Some((number, attempt)),
            Err(error) => {
                events.send(AttemptEvent::Failed { task: None, error });
                events.send(AttemptEvent::Ended);
            }
        }
    }

    fn views(&self, metrics: &[Vec<TaskMetrics>]) -> Vec<TaskView> {
        let mut views = Vec::new();
        for (number, (vertex, metrics)) in self.plan.vertices.iter().zip(metrics).enumerate() {
            for (subtask, metrics) in metrics.iter().enumerate() {
                let key = TaskKey {
                    vertex: number,
                    subtask,
                };
                views.extend(self.attempt_id(key).map(|attempt| TaskView {
                    key,
                    name: vertex.task_name(subtask),
                    attempt,
                    is_source: vertex.is_source,
                    metrics: metrics.clone(),
                }));
            }
        }
        views
    }

    fn trigger(
        &mut self,
        attempt: AttemptNumber,
        checkpoint: CheckpointId,
        kind: &SnapshotKind,
        (then, full): (Then, bool),
    ) {
        self.final_commit = *kind == SnapshotKind::FinalCommit;
        let times = ((self.time_of_day)(), self.started.elapsed());
        let random = (self.random)();
        let place = self.snapshots.place(checkpoint, kind, random);
        let begun = place.and_then(|place| {
            let location = place.as_ref().map(Place::shown);
            // Told before anything is made there, so that what can't be made is seen to fail.
            self.observer.checkpoint_starts(&CheckpointStart {
                checkpoint,
                kind: kind.clone(),
                location: location.map(Location::from_path).transpose()?,
                last: then.is_last(),
                stop: self.machine.stopping(),
            })?;
            Ok(place)
        });
        match begun {
            Ok(place) => {
                let run = self.run.clone().unwrap_or_default();
                self.snapshots
                    .begin(checkpoint, (then, full), times, place.clone(), run);
                match place {
                    Some(place) => self.io.submit(IoTask::Begin(Begin {
                        attempt,
                        checkpoint,
                        then,
                        directory: place.checkpoint,
                        savepoint: place.savepoint,
                    })),
                    None => self.tell_boundary(checkpoint, then, None),
                }
            }
            Err(error) => self.can_not_begin(attempt, checkpoint, &error),
        }
    }

    /// The directories of a snapshot were made, or could not be.
    pub(super) fn begun(
        &mut self,
        attempt: AttemptNumber,
        checkpoint: CheckpointId,
        then: Then,
        targets: Result<Targets>,
    ) {
        match targets {
            Ok(targets) => {
                if self.snapshots.made(checkpoint, &targets) {
                    self.tell_boundary(checkpoint, then, Some(targets));
                }
            }
            Err(error) => self.can_not_begin(attempt, checkpoint, &error),
        }
    }

    fn tell_boundary(&mut self, checkpoint: CheckpointId, then: Then, targets: Option<Targets>) {
        let request = self.snapshots.request(checkpoint, targets.as_ref());
        self.command(Command::Trigger(Box::new(Trigger {
            request,
            then,
            targets,
            asked: now(),
            enumerated: EnumeratorParts::default(),
        })));
    }

    fn can_not_begin(&mut self, attempt: AttemptNumber, checkpoint: CheckpointId, error: &Error) {
        self.step(Event::Declined {
            attempt,
            checkpoint,
            task: None,
            reason: error.to_string(),
        });
        self.end_if_taken(error);
    }

    fn abort(&mut self, checkpoint: CheckpointId, reason: &str) {
        tracing::warn!("Checkpoint {checkpoint} was given up: {reason}");
        self.observer.checkpoint_failed(checkpoint, reason);
        self.command(Command::Ended {
            checkpoint,
            completed: false,
        });
        if let Some(directories) = self.snapshots.forget(checkpoint) {
            self.io.submit(IoTask::Discard(directories));
        }
    }

    fn write(&mut self, checkpoint: CheckpointId) {
        match self.snapshots.complete(checkpoint) {
            Some(write) => self.io.submit(IoTask::Write(Box::new(write))),
            None => self.step(Event::SnapshotFailed {
                checkpoint,
                reason: "its directory is not known any more".to_owned(),
            }),
        }
    }

    /// The snapshot up to which output is committed is a savepoint, is deleted, or never was. Noted before checkpoints
    /// are deleted, so that there is no moment in which an older snapshot looks like the newest.
    fn mark_ended(&mut self, status: JobStatus, savepoint: Option<SnapshotRef>) {
        let highest = self.machine.next_checkpoint().saturating_sub(1);
        self.io.submit(IoTask::MarkEnded(MarkEnded {
            status,
            at: (self.time_of_day)(),
            number: savepoint
                .as_ref()
                .map_or(highest, |savepoint| savepoint.checkpoint),
            savepoint: savepoint.map(|savepoint| savepoint.path),
        }));
    }

    fn ended(&mut self, status: JobStatus, cause: Option<Failure>, gave_up: Option<String>) {
        self.outcome = Some(JobOutcome {
            status,
            cause,
            gave_up,
        });
    }
}

fn kill(message: String) {
    let error = Error::new(&codes::TASK_STUCK, message)
        .next("mend what waits; the job can be started again from its newest checkpoint");
    tracing::error!("{error}");
    std::process::exit(EXIT_STUCK);
}
