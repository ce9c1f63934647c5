//! The states of a job, the verbs, and the way to each state.

use millstream_core::{Configuration, TaskStatus, TriggerId};
use millstream_protocol::{
    CommitResult, Condition, Event, Facts, JobMachine, JobSettings, Millis, Nature, Offer, Request,
    SavepointFormat, SnapshotRef, TaskId, TaskInfo, UnfinishedStop,
};

pub(crate) const TASK: TaskId = TaskId {
    vertex: 0,
    subtask: 0,
};

/// Every state that answers differently, with the way to it.
pub(crate) const STATES: &[(&str, &[Step])] = {
    use Step::*;
    &[
        ("not started", &[]),
        ("waits for its snapshot", &[SnapshotAway, Start]),
        ("waits for its stop's savepoint", &[StopAway, Start]),
        ("committing what the snapshot holds", &[Start]),
        (
            "what the snapshot holds can't be committed yet",
            &[Start, OutputAway],
        ),
        ("tasks start", &[Start, Recovered]),
        ("tasks run", &[Start, Recovered, Run]),
        (
            "a checkpoint runs",
            &[Start, Recovered, Run, Ask(Verb::Checkpoint)],
        ),
        (
            "a checkpoint is written",
            &[Start, Recovered, Run, Ask(Verb::Checkpoint), Acknowledge],
        ),
        (
            "a checkpoint is committed",
            &[
                Start,
                Recovered,
                Run,
                Ask(Verb::Checkpoint),
                Acknowledge,
                Written,
            ],
        ),
        (
            "a savepoint runs",
            &[Start, Recovered, Run, Ask(Verb::Savepoint)],
        ),
        (
            "a savepoint is committed",
            &[
                Start,
                Recovered,
                Run,
                Ask(Verb::Savepoint),
                Acknowledge,
                SavepointWritten,
            ],
        ),
        (
            "a stop waits behind a checkpoint",
            &[
                Start,
                Recovered,
                Run,
                Ask(Verb::Checkpoint),
                Ask(Verb::Stop),
            ],
        ),
        (
            "a stop takes its savepoint",
            &[Start, Recovered, Run, Ask(Verb::Stop)],
        ),
        (
            "a stop writes its savepoint",
            &[Start, Recovered, Run, Ask(Verb::Stop), Acknowledge],
        ),
        (
            "a stop commits",
            &[
                Start,
                Recovered,
                Run,
                Ask(Verb::Stop),
                Acknowledge,
                SavepointWritten,
            ],
        ),
        (
            "a stop finishes",
            &[
                Start,
                Recovered,
                Run,
                Ask(Verb::Stop),
                Acknowledge,
                SavepointWritten,
                Committed,
            ],
        ),
        ("the input has ended", &[Start, Recovered, Run, InputEnds]),
        (
            "the input has ended, all is committed",
            &[
                Start,
                Recovered,
                Run,
                InputEnds,
                Acknowledge,
                Written,
                Committed,
            ],
        ),
        ("to be restarted", &[Start, Recovered, Run, Fail]),
        ("to fail", &[Start, Recovered, Run, FailForGood]),
        (
            "waits for its restart",
            &[Start, Recovered, Run, Fail, WorkersGone],
        ),
        (
            "waits for its restart after its snapshot could not be opened",
            &[Start, RecoveryFails],
        ),
        ("tasks end", &[Start, Recovered, Run, Ask(Verb::Cancel)]),
        (
            "ended",
            &[
                Start,
                Recovered,
                Run,
                InputEnds,
                Acknowledge,
                Written,
                Committed,
                WorkersGone,
            ],
        ),
        (
            "ended",
            &[Start, Recovered, Run, Ask(Verb::Cancel), WorkersGone],
        ),
        ("ended", &[Start, Recovered, Run, FailForGood, WorkersGone]),
    ]
};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Before the start: the job's newest snapshot can't be reached.
    SnapshotAway,
    /// Before the start: nor can the savepoint of its stop.
    StopAway,
    Start,
    RecoveryFails,
    /// What the snapshot holds can't be committed now.
    OutputAway,
    Recovered,
    Run,
    Ask(Verb),
    Acknowledge,
    Written,
    SavepointWritten,
    Committed,
    InputEnds,
    Fail,
    FailForGood,
    WorkersGone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Start,
    Savepoint,
    Checkpoint,
    Stop,
    Drain,
    Cancel,
    TaskFails,
}

pub(crate) const VERBS: [(Verb, &str); 7] = [
    (Verb::Start, "start"),
    (Verb::Savepoint, "savepoint"),
    (Verb::Checkpoint, "checkpoint"),
    (Verb::Stop, "stop"),
    (Verb::Drain, "stop --drain"),
    (Verb::Cancel, "cancel"),
    (Verb::TaskFails, "(a task fails)"),
];

/// The operation of the verb that is looked at.
pub(crate) fn asked() -> TriggerId {
    TriggerId::from_bytes([0xAA; 16])
}

/// The operation that brought the job into its state.
pub(crate) fn earlier() -> TriggerId {
    TriggerId::from_bytes([0xBB; 16])
}

pub(crate) fn machine(facts: Facts) -> JobMachine {
    let mut configuration = Configuration::new();
    configuration.set("execution.checkpointing.interval", "1 h");
    configuration.set("restart-strategy.type", "fixed-delay");
    let name = "Source: in (1/1)".to_owned();
    let tasks = vec![TaskInfo {
        task: TASK,
        name,
        is_source: true,
    }];
    let settings = JobSettings::from_configuration(&configuration, tasks).expect("valid options");
    JobMachine::new(settings, facts, 1)
}

pub(crate) fn request(verb: Verb, id: TriggerId) -> Event {
    let (directory, format) = (None, SavepointFormat::Canonical);
    match verb {
        Verb::Start => Event::Start,
        Verb::Savepoint => Event::Request(Request::Savepoint {
            id,
            directory,
            format,
        }),
        Verb::Checkpoint => Event::Request(Request::Checkpoint { id }),
        Verb::Stop => Event::Request(Request::Stop {
            id,
            drain: false,
            directory,
            format,
        }),
        Verb::Drain => Event::Request(Request::Stop {
            id,
            drain: true,
            directory,
            format,
        }),
        Verb::Cancel => Event::Request(Request::Cancel { id }),
        Verb::TaskFails => failure(true),
    }
}

pub(crate) fn failure(recoverable: bool) -> Event {
    let (task, code, cause) = (Some(TASK), "MS-4001", "boom".to_owned());
    Event::TaskFailed {
        attempt: 1,
        task,
        code,
        cause,
        recoverable,
    }
}

pub(crate) fn event(step: Step, machine: &JobMachine) -> Event {
    let attempt = 1;
    // The snapshot that runs or has just run: numbers begin at 1.
    let checkpoint = machine.next_checkpoint() - 1;
    let result = CommitResult::Done {
        committed: 1,
        already: 0,
    };
    match step {
        Step::Start => Event::Start,
        Step::OutputAway => Event::RecoveryCommitEnded {
            attempt,
            result: CommitResult::Unreachable {
                output: "out".to_owned(),
                reason: "it is away".to_owned(),
            },
        },
        Step::Recovered => Event::RecoveryCommitEnded { attempt, result },
        Step::Run => Event::TaskReported {
            attempt,
            task: TASK,
            status: TaskStatus::Running,
        },
        Step::Ask(verb @ Verb::Stop) => {
            // Behind a checkpoint the line holds two operations.
            let id = if machine.operation(earlier()).is_some() {
                TriggerId::from_bytes([0xCC; 16])
            } else {
                earlier()
            };
            request(verb, id)
        }
        Step::Ask(verb) => request(verb, earlier()),
        Step::Acknowledge => Event::Acknowledged {
            attempt,
            checkpoint,
            task: TASK,
        },
        Step::Written => Event::SnapshotWritten {
            checkpoint,
            path: "/c".to_owned(),
            savepoint: None,
        },
        Step::SavepointWritten => Event::SnapshotWritten {
            checkpoint,
            path: "/c".to_owned(),
            savepoint: Some(Ok("/s".to_owned())),
        },
        Step::RecoveryFails => Event::RecoveryFailed {
            attempt,
            code: "MS-3001",
            cause: "/c is away".to_owned(),
            nature: Nature::Unreachable,
        },
        // What is found before the start is no event.
        Step::SnapshotAway | Step::StopAway => Event::Tick,
        Step::Committed => Event::CommitEnded { checkpoint, result },
        Step::InputEnds => Event::SourceEnded {
            attempt,
            task: TASK,
        },
        Step::Fail => failure(true),
        Step::FailForGood => failure(false),
        Step::WorkersGone => Event::AttemptEnded { attempt },
    }
}

fn away(savepoint: bool) -> Offer {
    let snapshot = SnapshotRef {
        checkpoint: 4,
        path: "/s".to_owned(),
        savepoint,
    };
    Offer {
        condition: Condition::Unreachable("/s is away".to_owned()),
        ..Offer::usable(snapshot)
    }
}

fn facts(steps: &[Step]) -> Facts {
    let mut facts = Facts::default();
    match steps.first() {
        Some(Step::SnapshotAway) => facts.offered.push(away(false)),
        Some(Step::StopAway) => {
            facts.unfinished_stop = Some(UnfinishedStop {
                id: earlier(),
                savepoint: away(true),
                written: true,
            });
        }
        _ => {}
    }
    facts
}

pub(crate) fn brought_to(steps: &[Step]) -> JobMachine {
    let mut machine = machine(facts(steps));
    for step in steps {
        let event = event(*step, &machine);
        machine.handle(Millis(0), event);
    }
    machine
}
