//! What the driver is told by its attempt, its I/O thread and those who ask.

use millstream_core::options::LiveSettings;
use millstream_core::{CheckpointId, Error, ErrorKind, Numbers, codes};
use millstream_protocol::{
    Attempt as AttemptNumber, CommitResult, DiscardReason, Event, Nature, SnapshotRef,
};

use super::io::{Recovered, WrittenAs, spell};
use super::{Driver, Message, task_id};
use crate::messages::{AttemptEvent, TaskKey};

/// Whether another attempt may help: not where the input, the program's options or a snapshot are wrong.
fn is_recoverable(error: &Error) -> bool {
    let may_pass = matches!(
        error.kind(),
        ErrorKind::Program | ErrorKind::Unavailable | ErrorKind::Internal | ErrorKind::Conflict
    );
    // What was there when the attempt began, and can't be read now, is looked for anew by the next one, which waits for it.
    let is_away = error.code() == codes::SNAPSHOT_MISSING.id;
    let is_final = [codes::STATE_NOT_RESTORED.id, codes::OWNERSHIP_TAKEN.id];
    (may_pass || is_away) && !is_final.contains(&error.code())
}

impl Driver {
    pub(super) fn receive(&mut self, message: Message) {
        match message {
            Message::Attempt(attempt, event) => self.attempt_event(attempt, event),
            Message::Request(request) => self.step(Event::Request(request)),
            Message::Change(settings) => self.change(settings),
            Message::Recovered { attempt, recovered } => {
                let Recovered {
                    run,
                    restored,
                    behind,
                    result,
                } = *recovered;
                self.restored = restored;
                self.behind = behind;
                self.run = Some(run);
                self.observer.commits(held_up(&result).as_deref());
                self.step(Event::RecoveryCommitEnded { attempt, result });
            }
            Message::RecoveryFailed { attempt, error } => self.recovery_failed(attempt, &error),
            Message::Looked(facts) => self.step(Event::Facts(facts)),
            Message::Begun {
                attempt,
                checkpoint,
                then,
                targets,
            } => self.begun(attempt, checkpoint, then, targets),
            Message::Written { checkpoint, result } => match result {
                Ok(written) => self.written(checkpoint, written),
                Err(error) => self.not_written(checkpoint, &error),
            },
            Message::Committed { checkpoint, result } => {
                if matches!(result, CommitResult::Done { .. }) {
                    if let Some(numbers) = self.snapshots.numbers(checkpoint) {
                        self.numbers_close(checkpoint, &numbers);
                    }
                    self.snapshots.settled(checkpoint);
                }
                self.observer.commits(held_up(&result).as_deref());
                self.step(Event::CommitEnded { checkpoint, result });
            }
        }
    }

    /// Settings are changed while the job runs.
    fn change(&mut self, settings: LiveSettings) {
        let LiveSettings {
            checkpoint_interval,
            records,
            bytes,
        } = settings;
        self.rate.set(records, bytes);
        if let Some(interval) = checkpoint_interval {
            self.step(Event::IntervalChanged(interval));
        }
    }

    /// Everything up to a boundary is committed: it is known of every record where it went.
    fn numbers_close(&mut self, checkpoint: CheckpointId, numbers: &Numbers) {
        let difference = numbers.difference();
        if difference != 0 {
            let (count, what) = match difference.try_into() {
                Ok::<u64, _>(missing) => (missing, "are missing"),
                Err(_) => (difference.unsigned_abs() as u64, "are too many"),
            };
            let message = format!(
                "the numbers of checkpoint {checkpoint} do not close: {count} records {what} ({numbers})"
            );
            let error = Error::new(&codes::NUMBERS_OPEN, message)
                .next("keep this checkpoint and the log, and report them");
            tracing::error!("{error}");
        }
        self.observer.numbers(checkpoint, numbers);
    }

    fn attempt_event(&mut self, attempt: AttemptNumber, event: AttemptEvent) {
        match event {
            AttemptEvent::Task { task, status } => {
                self.step(Event::TaskReported {
                    attempt,
                    task: task_id(task),
                    status,
                });
            }
            AttemptEvent::Failed { task, error } => self.failed(attempt, task, &error),
            AttemptEvent::SourceEnded { task } => {
                self.step(Event::SourceEnded {
                    attempt,
                    task: task_id(task),
                });
            }
            AttemptEvent::Acknowledged(acknowledgement) => {
                let (checkpoint, key) = (acknowledgement.checkpoint, acknowledgement.task);
                let task = task_id(key);
                self.observer
                    .checkpoint_acknowledged(checkpoint, key, acknowledgement.part);
                self.snapshots.acknowledged(acknowledgement);
                self.step(Event::Acknowledged {
                    attempt,
                    checkpoint,
                    task,
                });
            }
            AttemptEvent::Declined {
                checkpoint,
                task,
                error,
            } => {
                let (task, reason) = (Some(task_id(task)), error.to_string());
                self.step(Event::Declined {
                    attempt,
                    checkpoint,
                    task,
                    reason,
                });
            }
            AttemptEvent::Ended => {
                if let Some((_, ended)) = self.attempt.take_if(|(number, _)| *number == attempt) {
                    ended.join();
                }
                self.step(Event::AttemptEnded { attempt });
            }
        }
    }

    /// `_metadata` is in place. That a stop has come so far is noted before the machine hears of it and commits.
    fn written(&mut self, checkpoint: CheckpointId, written: WrittenAs) {
        if self.snapshots.is_of_stop(checkpoint) == Some(true)
            && let Some(stop) = self.machine.stopping()
            && let Err(error) = self.observer.savepoint_written(stop, checkpoint)
        {
            let WrittenAs { path, savepoint } = written;
            let savepoint = savepoint.and_then(Result::ok);
            for (path, savepoint) in [(Some(path), false), (savepoint, true)] {
                if let Some(path) = path {
                    let snapshot = SnapshotRef {
                        checkpoint,
                        path,
                        savepoint,
                    };
                    self.dispose(snapshot, DiscardReason::Aborted);
                }
            }
            return self.not_written(checkpoint, &error);
        }
        let now = self.started.elapsed();
        self.snapshots
            .written(checkpoint, &written, &mut *self.observer, now);
        let WrittenAs { path, savepoint } = written;
        self.step(Event::SnapshotWritten {
            checkpoint,
            path,
            savepoint,
        });
    }

    fn not_written(&mut self, checkpoint: CheckpointId, error: &Error) {
        self.step(Event::SnapshotFailed {
            checkpoint,
            reason: error.to_string(),
        });
        self.end_if_taken(error);
    }

    /// Whose checkpoints somebody else has taken writes none any more, however many may fail.
    pub(super) fn end_if_taken(&mut self, error: &Error) {
        if error.code() == codes::OWNERSHIP_TAKEN.id {
            self.failed(self.machine.attempt(), None, error);
        }
    }

    pub(super) fn recovery_failed(&mut self, attempt: AttemptNumber, error: &Error) {
        self.step(Event::RecoveryFailed {
            attempt,
            code: error.code(),
            cause: spell(error),
            nature: nature_of(error),
        });
    }

    pub(super) fn failed(&mut self, attempt: AttemptNumber, task: Option<TaskKey>, error: &Error) {
        self.step(Event::TaskFailed {
            attempt,
            task: task.map(task_id),
            code: error.code(),
            cause: spell(error),
            recoverable: is_recoverable(error),
        });
    }
}

/// What a commit waits for that is tried again.
fn held_up(result: &CommitResult) -> Option<String> {
    match result {
        CommitResult::Unreachable { output, reason } => {
            Some(format!("output {output} can't be committed yet: {reason}"))
        }
        CommitResult::Done { .. }
        | CommitResult::Taken { .. }
        | CommitResult::Incomplete { .. } => None,
    }
}

/// What an error says that kept an attempt from beginning. What is not there may come back; what is there and does not fit will
/// not.
fn nature_of(error: &Error) -> Nature {
    if error.code() == codes::STATE_NOT_RESTORED.id {
        return Nature::Damaged;
    }
    if error.code() == codes::OWNERSHIP_TAKEN.id {
        return Nature::Taken;
    }
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::NotFound | ErrorKind::Conflict => Nature::Unreachable,
        ErrorKind::Program | ErrorKind::Internal => Nature::Program,
        ErrorKind::Data | ErrorKind::Invalid | ErrorKind::Unsupported => Nature::Damaged,
    }
}
