//! What the driver is told by its attempt, its I/O thread and those who ask.

use millstream_core::{Error, ErrorKind, codes};
use millstream_protocol::{Attempt as AttemptNumber, CommitResult, Event};

use super::{Driver, Message, task_id};
use crate::messages::{AttemptEvent, TaskKey};

/// Whether another attempt may help: not where the input, the program's options or a snapshot are wrong.
fn is_recoverable(error: &Error) -> bool {
    let may_pass = matches!(
        error.kind(),
        ErrorKind::Program | ErrorKind::Unavailable | ErrorKind::Internal | ErrorKind::Conflict
    );
    may_pass && error.code() != codes::STATE_NOT_RESTORED.id
}

impl Driver {
    pub(super) fn receive(&mut self, message: Message) {
        match message {
            Message::Attempt(attempt, event) => self.attempt_event(attempt, event),
            Message::Request(request) => self.step(Event::Request(request)),
            Message::Recovered {
                attempt,
                restored,
                result,
            } => {
                self.restored = restored;
                self.step(Event::RecoveryCommitEnded { attempt, result });
            }
            Message::RecoveryFailed { attempt, error } => self.failed(attempt, None, &error),
            Message::Begun {
                attempt,
                checkpoint,
                then,
                target,
            } => self.begun(attempt, checkpoint, then, target),
            Message::Written { checkpoint, result } => match result {
                Ok(path) => {
                    let now = self.started.elapsed();
                    self.snapshots
                        .written(checkpoint, &path, &mut *self.observer, now);
                    self.step(Event::SnapshotWritten { checkpoint, path });
                }
                Err(error) => {
                    self.step(Event::SnapshotFailed {
                        checkpoint,
                        reason: error.to_string(),
                    });
                }
            },
            Message::Committed { checkpoint, result } => {
                if matches!(result, CommitResult::Done { .. }) {
                    self.snapshots.settled(checkpoint);
                }
                self.step(Event::CommitEnded { checkpoint, result });
            }
        }
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

    pub(super) fn failed(&mut self, attempt: AttemptNumber, task: Option<TaskKey>, error: &Error) {
        let cause = match error.next_step() {
            "" => error.message().to_owned(),
            step => format!("{}; {step}", error.message()),
        };
        let cause = match error.cause_text() {
            Some(text) => format!("{cause} ({text})"),
            None => cause,
        };
        self.step(Event::TaskFailed {
            attempt,
            task: task.map(task_id),
            code: error.code(),
            cause,
            recoverable: is_recoverable(error),
        });
    }
}
