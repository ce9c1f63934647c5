//! The machine as its driver sees it: events in, actions out.

mod endings;
mod failures;
mod savepoints;
mod starts;
mod stops;

use std::time::Duration;

use millstream_core::{Configuration, JobStatus, TaskStatus, TriggerId};

use super::*;
use crate::commit::{CommitResult, Uncommitted};
use crate::event::{Nature, Request};
use crate::recovery::{Condition, Offer, UnfinishedStop};
use crate::settings::JobSettings;
use crate::types::{SavepointFormat, TaskInfo};

const SOURCE: TaskId = TaskId {
    vertex: 0,
    subtask: 0,
};
const SINK: TaskId = TaskId {
    vertex: 1,
    subtask: 0,
};

/// A machine of two tasks, its clock, and everything it has answered.
struct Driven {
    machine: JobMachine,
    now: Millis,
    all: Vec<Action>,
}

fn settings(options: &[(&str, &str)]) -> JobSettings {
    let mut configuration = Configuration::new();
    configuration.set("execution.checkpointing.interval", "1 s");
    configuration.set("execution.checkpointing.timeout", "10 s");
    configuration.set("restart-strategy.type", "fixed-delay");
    configuration.set("restart-strategy.fixed-delay.attempts", "3");
    configuration.set("restart-strategy.fixed-delay.delay", "10 s");
    options
        .iter()
        .for_each(|(key, value)| configuration.set(*key, *value));
    let task = |task, name: &str, is_source| TaskInfo {
        task,
        name: name.to_owned(),
        is_source,
    };
    let tasks = vec![
        task(SOURCE, "Source: in (1/1)", true),
        task(SINK, "Sink: out (1/1)", false),
    ];
    JobSettings::from_configuration(&configuration, tasks).expect("valid options")
}

fn id(number: u8) -> TriggerId {
    TriggerId::from_bytes([number; 16])
}

fn stop(number: u8, drain: bool) -> Event {
    let format = SavepointFormat::Canonical;
    Event::Request(Request::Stop {
        id: id(number),
        drain,
        directory: None,
        format,
    })
}

fn done() -> CommitResult {
    CommitResult::Done {
        committed: 1,
        already: 0,
    }
}

fn lost() -> CommitResult {
    CommitResult::Incomplete {
        lost: vec![uncommitted()],
        unknown: Vec::new(),
    }
}

fn unknown() -> CommitResult {
    CommitResult::Incomplete {
        lost: Vec::new(),
        unknown: vec![uncommitted()],
    }
}

fn uncommitted() -> Uncommitted {
    Uncommitted {
        output: "part-0".to_owned(),
        reason: "gone".to_owned(),
    }
}

impl Driven {
    fn new(options: &[(&str, &str)], facts: Facts) -> Self {
        let machine = JobMachine::new(settings(options), facts, 1);
        Self {
            machine,
            now: Millis(0),
            all: Vec::new(),
        }
    }

    /// A fresh job whose two tasks run.
    fn running(options: &[(&str, &str)]) -> Self {
        let mut driven = Self::new(options, Facts::default());
        driven.tell(Event::Start);
        driven.run_attempt();
        driven
    }

    fn run_attempt(&mut self) {
        let attempt = self.machine.attempt();
        self.tell(Event::RecoveryCommitEnded {
            attempt,
            result: done(),
        });
        for task in [SOURCE, SINK] {
            for status in [TaskStatus::Deploying, TaskStatus::Running] {
                self.tell(Event::TaskReported {
                    attempt,
                    task,
                    status,
                });
            }
        }
    }

    fn tell(&mut self, event: Event) -> Vec<Action> {
        let actions = self.machine.handle(self.now, event);
        self.all.extend(actions.iter().cloned());
        actions
    }

    fn pass(&mut self, seconds: u64) -> Vec<Action> {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.tell(Event::Tick)
    }

    fn acknowledge(&mut self, checkpoint: CheckpointId) {
        let attempt = self.machine.attempt();
        for task in [SOURCE, SINK] {
            self.tell(Event::Acknowledged {
                attempt,
                checkpoint,
                task,
            });
        }
    }

    fn written(&mut self, checkpoint: CheckpointId) -> Vec<Action> {
        let running = self.machine.running_snapshot();
        let savepoint = running.is_some_and(|running| !running.wanted.counts_as_checkpoint());
        let savepoint = savepoint.then(|| Ok(format!("/s{checkpoint}")));
        self.written_as(checkpoint, savepoint)
    }

    fn written_as(
        &mut self,
        checkpoint: CheckpointId,
        savepoint: Option<Result<String, String>>,
    ) -> Vec<Action> {
        self.tell(Event::SnapshotWritten {
            checkpoint,
            path: format!("/{checkpoint}"),
            savepoint,
        })
    }

    /// The present attempt could not even begin.
    fn fail_recovery(&mut self, nature: Nature) -> Vec<Action> {
        let attempt = self.machine.attempt();
        self.tell(Event::RecoveryFailed {
            attempt,
            code: "MS-3001",
            cause: "/c is away".to_owned(),
            nature,
        })
    }

    fn committed(&mut self, checkpoint: CheckpointId) -> Vec<Action> {
        self.tell(Event::CommitEnded {
            checkpoint,
            result: done(),
        })
    }

    /// A whole checkpoint, begun by its interval.
    fn checkpoint(&mut self) -> CheckpointId {
        self.pass(1);
        let checkpoint = self
            .machine
            .running_snapshot()
            .expect("one is due")
            .checkpoint;
        self.acknowledge(checkpoint);
        self.written(checkpoint);
        self.committed(checkpoint);
        checkpoint
    }

    fn decline(&mut self, checkpoint: CheckpointId) -> Vec<Action> {
        let attempt = self.machine.attempt();
        let reason = "disk full".to_owned();
        self.tell(Event::Declined {
            attempt,
            checkpoint,
            task: Some(SINK),
            reason,
        })
    }

    fn fail(&mut self, task: TaskId, recoverable: bool) -> Vec<Action> {
        let attempt = self.machine.attempt();
        let cause = "boom".to_owned();
        let (task, code) = (Some(task), "MS-4001");
        self.tell(Event::TaskFailed {
            attempt,
            task,
            code,
            cause,
            recoverable,
        })
    }

    fn workers_gone(&mut self) -> Vec<Action> {
        let attempt = self.machine.attempt();
        self.tell(Event::AttemptEnded { attempt })
    }

    fn status(&self) -> JobStatus {
        self.machine.status()
    }

    /// The result of an operation; panics unless there is exactly one.
    fn result(&self, number: u8) -> OperationResult {
        let mut results = self.all.iter().filter_map(|action| match action {
            Action::OperationEnded { id: ended, result } if *ended == id(number) => Some(result),
            _ => None,
        });
        let result = results.next().expect("the operation has ended").clone();
        assert_eq!(results.next(), None, "it ended twice");
        result
    }

    fn restored(&self) -> Option<CheckpointId> {
        self.machine.restored().map(|snapshot| snapshot.checkpoint)
    }
}
