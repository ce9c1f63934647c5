//! One process: it runs the machine and delivers messages to it.

use std::collections::{BTreeMap, BTreeSet};

use millstream_core::{CheckpointId, JobStatus, TriggerId};
use millstream_protocol::{Attempt, Event, JobMachine, Millis, Owed, SnapshotKind, TaskId, Then};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::Mood;
use crate::ground::OutputId;
use crate::tasks::{Message, Task};
use crate::work::Work;
use crate::world::World;

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

pub(crate) struct Process {
    pub(crate) machine: JobMachine,
    pub(crate) world: World,
    pub(crate) rng: StdRng,
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
    /// Checkpoints that were given up, got written, and could not be deleted.
    pub(crate) undeleted: Vec<String>,
    /// What no end of the job may take away.
    pub(crate) owed: Owed<OutputId>,
    /// Committers were told to give up.
    pub(crate) commit_cancelled: bool,
    /// The stop that an earlier process has left behind.
    pub(crate) unfinished_stop: Option<TriggerId>,
    pub(crate) status: JobStatus,
    /// How much goes wrong; `None`: nothing.
    pub(crate) mood: Option<Mood>,
    pub(crate) crashed: bool,
    /// Another process has the checkpoints.
    pub(crate) taken: bool,
    /// So many steps are left to come to an end, once nothing goes wrong any more.
    pub(crate) patience: Option<u32>,
    /// The snapshot of another job of the run that was claimed and deleted.
    pub(crate) deleted: Option<(usize, String)>,
    pub(crate) ended: Option<JobStatus>,
}

impl Process {
    pub(crate) fn start(mut world: World, mut rng: StdRng, seed: u64, mood: Option<Mood>) -> Self {
        let facts = world.facts(&mut rng);
        world.marks.decided(&facts);
        // Operations of a dead process are its server's to end.
        let unfinished_stop = facts.unfinished_stop.as_ref().map(|stop| stop.id);
        for id in world.requested.clone() {
            if unfinished_stop != Some(id) {
                world.ended.insert(id);
            }
        }
        if let Some(id) = unfinished_stop {
            // Where it could not be noted that it has ended, its end is told again.
            world.ended.remove(&id);
        }
        world.note(|| format!("a process starts: {facts:?}"));
        let machine = JobMachine::new(world.settings.clone(), facts, seed);
        let mut process = Self {
            machine,
            world,
            rng,
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
            undeleted: Vec::new(),
            owed: Owed::default(),
            commit_cancelled: false,
            unfinished_stop,
            status: JobStatus::Created,
            mood,
            crashed: false,
            taken: false,
            patience: None,
            deleted: None,
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
        self.world.note(|| "the process dies".to_owned());
        self.world.changed = true;
        self.world.check();
    }

    /// The process may die at any point; whether it did.
    pub(crate) fn may_die(&mut self, likely: f64, mark: &'static str) -> bool {
        if self.is_alive() && self.mood.is_some() && self.rng.random_bool(likely) {
            self.world.marks.hit(mark);
            self.crash();
        }
        self.crashed
    }

    /// Tells the machine what happens. Where a snapshot is overdue it hears first what sinks wait for.
    pub(crate) fn tell(&mut self, event: Event) {
        if self.mood.is_some() && self.machine.is_snapshot_overdue(self.now) {
            self.sinks_wait();
        }
        if self.is_alive() {
            self.hand(event);
        }
    }

    /// Some sinks wait for something outside the job: what they hold up is no failure of the job.
    fn sinks_wait(&mut self) {
        let mut sinks = BTreeMap::new();
        for task in &self.tasks {
            if task.sink.is_some() && self.rng.random_bool(0.3) {
                sinks.insert(task.id, "no door".to_owned());
            }
        }
        if sinks.is_empty() {
            return;
        }
        let attempt = self.attempt;
        let running = self.machine.running_snapshot();
        let triggered = running.and_then(|running| self.triggered.get(&running.checkpoint));
        let held_up = triggered.is_some_and(|triggered| {
            let mut tasks = sinks.keys();
            triggered.attempt == attempt
                && triggered.then == Then::Continue
                && tasks.any(|task| !triggered.acknowledged.contains(task))
        });
        let before = self.machine.failure_count();
        self.hand(Event::SinksWait { attempt, sinks });
        if held_up {
            let failures = self.machine.failure_count();
            assert_eq!(failures, before, "it was held up from outside");
            self.world
                .marks
                .hit("given up while a sink held it up: not counted");
        }
    }

    fn hand(&mut self, event: Event) {
        let now = self.now.0;
        self.world.note(|| format!("{now:>6} {event:?}"));
        for action in self.machine.handle(self.now, event) {
            if self.may_die(0.002, "died between two actions") {
                return;
            }
            self.world.note(|| format!("         -> {action:?}"));
            assert!(self.is_alive(), "an action after the end: {action:?}");
            self.perform(action);
            if self.crashed {
                return;
            }
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
        if let Event::SnapshotWritten {
            checkpoint,
            savepoint,
            ..
        } = &event
        {
            let (checkpoint, savepoint) = (*checkpoint, savepoint.clone());
            if self.written(checkpoint, savepoint) {
                return;
            }
        }
        let looked = matches!(event, Event::Facts(_)) && self.machine.waits_for().is_some();
        self.tell(event);
        if looked && !self.crashed {
            self.world.marks.hit(match self.machine.waits_for() {
                Some(_) => "looked again: still away",
                None => "looked again: there",
            });
        }
    }

    /// A write is answered; whether the process died over that.
    fn written(
        &mut self,
        checkpoint: CheckpointId,
        savepoint: Option<Result<String, String>>,
    ) -> bool {
        let Some(triggered) = self.triggered.get_mut(&checkpoint) else {
            return false;
        };
        triggered.written = true;
        let last = triggered.then.is_last();
        let running = self.machine.running_snapshot();
        let Some(running) = running.filter(|running| running.checkpoint == checkpoint) else {
            self.world.marks.hit("given up while it was written");
            return false;
        };
        let is_stop = last && running.wanted.operation.is_some();
        if is_stop && self.note_written() {
            return true;
        }
        if self.rng.random_bool(0.5) {
            // Its server hears of it.
            self.world.recorded = Some(checkpoint);
        }
        match savepoint {
            Some(Ok(_)) if !last => self.world.marks.hit("savepoint on the way: written"),
            Some(Err(_)) => {
                self.world
                    .marks
                    .hit("savepoint on the way: only its checkpoint");
            }
            _ => {}
        }
        false
    }

    /// The savepoint of the stop is complete: noted before anything up to it is committed.
    pub(crate) fn note_written(&mut self) -> bool {
        if self.may_die(0.1, "died before the note that the savepoint is written") {
            return true;
        }
        let stop = self.world.stop.as_mut().expect("a stop has begun");
        stop.written = true;
        self.may_die(0.1, "died behind the note that the savepoint is written")
    }
}
