//! One process: it runs the machine and delivers messages to it.

use std::collections::{BTreeMap, BTreeSet};

use millstream_core::{CheckpointId, JobStatus, TriggerId};
use millstream_protocol::{
    Attempt, CommitResult, Event, JobMachine, Millis, SnapshotKind, TaskId, Then,
};
use rand::rngs::StdRng;

use crate::Outcome;
use crate::tasks::{Message, Task};
use crate::world::{OutputId, World};

/// A snapshot that was triggered in this process.
#[derive(Debug)]
pub(crate) struct Triggered {
    pub(crate) attempt: Attempt,
    pub(crate) kind: SnapshotKind,
    pub(crate) then: Then,
    pub(crate) position: u32,
    pub(crate) acknowledged: BTreeSet<TaskId>,
    pub(crate) written: bool,
}

/// Something slow that the driver is at.
#[derive(Debug)]
pub(crate) enum Work {
    Write {
        checkpoint: CheckpointId,
        outputs: Vec<OutputId>,
    },
    Commit {
        checkpoint: CheckpointId,
        outputs: Vec<OutputId>,
    },
    Recover {
        attempt: Attempt,
        outputs: Vec<OutputId>,
    },
}

pub(crate) struct Process<'a> {
    pub(crate) machine: JobMachine,
    pub(crate) world: &'a mut World,
    pub(crate) rng: &'a mut StdRng,
    pub(crate) outcome: &'a mut Outcome,
    pub(crate) now: Millis,
    pub(crate) attempt: Attempt,
    /// Workers of the attempt exist: the next may not start.
    pub(crate) workers: bool,
    pub(crate) tasks: Vec<Task>,
    pub(crate) position: u32,
    pub(crate) paused: Option<Then>,
    pub(crate) triggered: BTreeMap<CheckpointId, Triggered>,
    /// Output prepared in this attempt and not committed, by the boundary it was prepared for.
    pub(crate) pending: Vec<(CheckpointId, OutputId)>,
    pub(crate) work: Vec<Work>,
    /// Answers of finished work, in no order.
    pub(crate) answers: Vec<Event>,
    /// The stop that an earlier process has left behind.
    pub(crate) unfinished_stop: Option<TriggerId>,
    pub(crate) status: JobStatus,
    pub(crate) crashed: bool,
    pub(crate) ended: Option<JobStatus>,
}

impl<'a> Process<'a> {
    pub(crate) fn start(
        world: &'a mut World,
        rng: &'a mut StdRng,
        outcome: &'a mut Outcome,
        seed: u64,
    ) -> Self {
        let facts = world.facts(rng);
        outcome.resumed_stops += u32::from(facts.unfinished_stop.is_some());
        if let Some(stop) = &facts.unfinished_stop {
            world.ended.remove(&stop.id);
        }
        // Operations of a dead process are its server's to end.
        let pending: Vec<TriggerId> = world.requested.difference(&world.ended).copied().collect();
        for id in pending {
            if facts
                .unfinished_stop
                .as_ref()
                .is_none_or(|stop| stop.id != id)
            {
                world.ended.insert(id);
            }
        }
        let unfinished_stop = facts.unfinished_stop.as_ref().map(|stop| stop.id);
        let machine = JobMachine::new(world.settings.clone(), facts, seed);
        let mut process = Self {
            machine,
            world,
            rng,
            outcome,
            now: Millis(0),
            attempt: 0,
            workers: false,
            tasks: Vec::new(),
            position: 0,
            paused: None,
            triggered: BTreeMap::new(),
            pending: Vec::new(),
            work: Vec::new(),
            answers: Vec::new(),
            unfinished_stop,
            status: JobStatus::Created,
            crashed: false,
            ended: None,
        };
        process.tell(Event::Start);
        process
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.crashed && self.ended.is_none()
    }

    /// The status with which the job ended for good.
    pub(crate) fn ended(&self) -> Option<JobStatus> {
        self.ended
    }

    pub(crate) fn crash(&mut self) {
        self.crashed = true;
        self.outcome.crashes += 1;
        self.world.check();
    }

    pub(crate) fn tell(&mut self, event: Event) {
        if self.world.trace {
            eprintln!("{:>6} {event:?}", self.now.0);
        }
        for action in self.machine.handle(self.now, event) {
            if self.world.trace {
                eprintln!("         -> {action:?}");
            }
            assert!(self.is_alive(), "an action after the end: {action:?}");
            self.perform(action);
        }
        if let Some(deadline) = self.machine.next_deadline() {
            assert!(
                deadline > self.now,
                "due at {deadline:?} but not done at {:?}",
                self.now
            );
        }
    }

    /// Delivers a message of a task. What an acknowledgement brings is kept until it is committed.
    pub(crate) fn deliver(&mut self, message: Message) {
        let Message { event, prepared } = message;
        if let Event::Acknowledged {
            attempt,
            checkpoint,
            task,
        } = &event
        {
            if *attempt == self.attempt {
                self.pending.extend(prepared);
            }
            if let Some(triggered) = self.triggered.get_mut(checkpoint)
                && triggered.attempt == *attempt
            {
                triggered.acknowledged.insert(*task);
            }
        }
        if let Event::SnapshotWritten { checkpoint, .. } = &event
            && let Some(triggered) = self.triggered.get_mut(checkpoint)
        {
            triggered.written = true;
        }
        self.tell(event);
    }

    /// Has work answered.
    pub(crate) fn answer(&mut self, work: &Work, result: CommitResult) {
        self.answers.push(match work {
            Work::Write { .. } => return,
            Work::Commit { checkpoint, .. } => Event::CommitEnded {
                checkpoint: *checkpoint,
                result,
            },
            Work::Recover { attempt, .. } => Event::RecoveryCommitEnded {
                attempt: *attempt,
                result,
            },
        });
    }
}
