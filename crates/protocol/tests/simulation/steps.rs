//! The steps of a process: which of the many things that could happen next does.

use std::time::Duration;

use millstream_core::{TaskStatus, TriggerId};
use millstream_protocol::{CommitResult, Event, Nature, Request, SavepointFormat, TaskId};
use rand::RngExt;

use crate::process::Process;
use crate::tasks::{Message, Task};
use crate::work::{Kind, Work};
use crate::world::{Away, first};

/// Steps after which a job that is left alone must have ended.
const PATIENCE: u32 = 3_000;

impl Process {
    /// One step: something that is under way goes on, or, as the mood is, a request or a fault.
    pub(crate) fn step(&mut self) {
        let (faults, requests) = self
            .mood
            .map_or((0, 0), |mood| (mood.faults, mood.requests));
        let choice = self.rng.random_range(0..100);
        if choice < faults {
            return self.fault();
        }
        if choice < faults + requests {
            return self.request();
        }
        match self.rng.random_range(0..86) {
            0..30 => self.deliver_something(),
            30..52 => self.run_a_task(),
            52..60 => self.read(),
            60..76 => self.work_on(),
            76..80 => self.end_workers(),
            _ => self.pass_time(),
        }
    }

    /// One step without further trouble: to the end of the input, or cancelled, whatever comes first.
    pub(crate) fn come_to_an_end(&mut self) {
        if self.patience.is_none() {
            self.patience = Some(PATIENCE);
            self.mood = None;
            self.world.away = Away::default();
            if self.rng.random_bool(0.3) {
                let id = self.new_id();
                return self.tell(Event::Request(Request::Cancel { id }));
            }
        }
        let left = self.patience.as_mut().expect("it was set");
        *left = left.checked_sub(1).unwrap_or_else(|| {
            panic!("the job does not come to an end: {:#?}", self.machine);
        });
        self.step();
    }

    pub(crate) fn pick(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.rng.random_range(0..count))
    }

    fn deliver_something(&mut self) {
        let speaking: Vec<usize> = (0..self.tasks.len())
            .filter(|task| !self.tasks[*task].messages.is_empty())
            .collect();
        let choice = self.pick(speaking.len() + self.answers.len());
        let message = match choice {
            None => return,
            Some(choice) if choice < speaking.len() => {
                let task = &mut self.tasks[speaking[choice]];
                task.messages.pop_front().expect("it has messages")
            }
            Some(choice) => {
                let event = self.answers.swap_remove(choice - speaking.len());
                Message {
                    event,
                    prepared: None,
                }
            }
        };
        if self.rng.random_bool(0.03) && matches!(message.event, Event::Acknowledged { .. }) {
            // A message that arrives twice brings nothing new.
            self.answers.push(message.event.clone());
        }
        self.deliver(message);
    }

    /// A task reaches its next boundary.
    fn run_a_task(&mut self) {
        let busy: Vec<usize> = (0..self.tasks.len())
            .filter(|task| self.tasks[*task].alive && !self.tasks[*task].boundaries.is_empty())
            .collect();
        let Some(choice) = self.pick(busy.len()) else {
            return;
        };
        let declines = self.mood.is_some() && self.rng.random_bool(0.05);
        let attempt = self.attempt;
        let task = &mut self.tasks[busy[choice]];
        let boundary = task.boundaries.pop_front().expect("it has boundaries");
        let (id, checkpoint) = (task.id, boundary.checkpoint);
        if declines {
            let reason = "no space".to_owned();
            task.send(Event::Declined {
                attempt,
                checkpoint,
                task: Some(id),
                reason,
            });
            return;
        }
        let records = first(boundary.position) & !first(task.prepared_to);
        task.prepared_to = boundary.position;
        let prepared = task
            .sink
            .map(|sink| (checkpoint, self.world.prepare(sink, records, checkpoint)));
        let event = Event::Acknowledged {
            attempt,
            checkpoint,
            task: id,
        };
        task.messages.push_back(Message { event, prepared });
    }

    /// Sources read a record, unless they wait at a boundary; at the end they say so.
    fn read(&mut self) {
        let all_alive = self.workers && self.tasks.iter().all(|task| task.alive);
        if !all_alive || self.paused.is_some() {
            return;
        }
        if self.position < self.world.input {
            self.position += 1;
        }
        if self.position < self.world.input {
            return;
        }
        let attempt = self.attempt;
        for task in self
            .tasks
            .iter_mut()
            .filter(|task| task.id.vertex == 0 && !task.running)
        {
            task.running = true;
            let id = task.id;
            task.send(Event::SourceEnded { attempt, task: id });
        }
    }

    /// Workers go when their tasks have ended.
    fn end_workers(&mut self) {
        if self.workers && self.tasks.iter().all(|task| !task.alive) {
            self.workers = false;
            self.answers.push(Event::AttemptEnded {
                attempt: self.attempt,
            });
        }
    }

    fn pass_time(&mut self) {
        let deadline = self.machine.next_deadline();
        self.now = match (self.mood, deadline) {
            // Nothing else happens before.
            (_, Some(deadline)) if self.is_idle() => deadline,
            // Without trouble, what is under way gets done in time.
            (None, _) => self.now.plus(Duration::from_millis(1)),
            (Some(_), Some(deadline)) if self.rng.random_bool(0.05) => deadline,
            (Some(mood), _) => self
                .now
                .plus(Duration::from_millis(self.rng.random_range(0..mood.pause))),
        };
        self.tell(Event::Tick);
    }

    /// Whether nothing happens unless time passes.
    fn is_idle(&self) -> bool {
        let busy = |task: &Task| !task.messages.is_empty() || !task.boundaries.is_empty();
        self.work.is_empty() && self.answers.is_empty() && !self.tasks.iter().any(busy)
    }

    fn new_id(&mut self) -> TriggerId {
        let id = TriggerId::from_bytes((self.world.requested.len() as u128 + 1).to_be_bytes());
        self.world.requested.insert(id);
        id
    }

    fn request(&mut self) {
        let again = self.world.requested.iter().next_back().copied();
        // Operations of an earlier process are not known to this one.
        let again = again.filter(|id| self.machine.operation(*id).is_some());
        let id = match again {
            Some(id) if self.rng.random_bool(0.2) => id,
            _ => self.new_id(),
        };
        let (directory, format) = (None, SavepointFormat::Canonical);
        let request = match self.rng.random_range(0..12) {
            0..4 => Request::Savepoint {
                id,
                directory,
                format,
            },
            4..6 => Request::Checkpoint { id },
            6..11 => Request::Stop {
                id,
                drain: self.rng.random_bool(0.4),
                directory,
                format,
            },
            _ => Request::Cancel { id },
        };
        self.tell(Event::Request(request));
    }

    fn fault(&mut self) {
        match self.rng.random_range(0..16) {
            0..2 => self.crash(),
            2..6 => self.fail_a_task(),
            6..8 => self.hang(),
            8 => self.die(),
            9 => self.send_nonsense(),
            10..12 => self.hang_in_a_write(),
            12 => self.world.damage(&mut self.rng),
            _ => self.world.mount(&mut self.rng),
        }
    }

    fn fail_a_task(&mut self) {
        let alive: Vec<usize> = (0..self.tasks.len())
            .filter(|task| self.tasks[*task].alive)
            .collect();
        let Some(choice) = self.pick(alive.len()) else {
            return;
        };
        let recoverable = self.rng.random_bool(0.95);
        let attempt = self.attempt;
        let task = &mut self.tasks[alive[choice]];
        task.alive = false;
        task.boundaries.clear();
        let (id, cause) = (Some(task.id), "boom".to_owned());
        task.send(Event::TaskFailed {
            attempt,
            task: id,
            code: "MS-4001",
            cause,
            recoverable,
        });
    }

    /// Long silence: whatever has a deadline reaches it.
    fn hang(&mut self) {
        for _ in 0..self.rng.random_range(1..8) {
            let Some(deadline) = self.machine.next_deadline().filter(|_| self.is_alive()) else {
                return;
            };
            self.now = deadline;
            self.tell(Event::Tick);
        }
    }

    /// A disk stands still while a snapshot is written to it, until that is given up; then it is written, and the disk goes.
    fn hang_in_a_write(&mut self) {
        let is_write = |work: &Work| matches!(work.kind, Kind::Write { .. });
        if !self.work.iter().any(is_write) {
            return;
        }
        self.hang();
        while let Some(write) = self.work.iter().position(is_write)
            && self.is_alive()
        {
            self.work_at(write);
        }
        self.world.mount(&mut self.rng);
    }

    /// The workers go without a word.
    fn die(&mut self) {
        if self.workers {
            self.tasks.iter_mut().for_each(|task| task.alive = false);
            self.end_workers();
        }
    }

    /// Messages that fit nothing.
    fn send_nonsense(&mut self) {
        let attempt = self.rng.random_range(0..self.attempt + 2);
        let checkpoint = self.world.highest_number + self.rng.random_range(1..3);
        let task = TaskId {
            vertex: 9,
            subtask: 9,
        };
        let reason = "nonsense".to_owned();
        let result = CommitResult::Done {
            committed: 0,
            already: 0,
        };
        let event = match self.rng.random_range(0..9) {
            0 => Event::Acknowledged {
                attempt,
                checkpoint,
                task,
            },
            1 => Event::Declined {
                attempt,
                checkpoint,
                task: Some(task),
                reason,
            },
            2 => Event::SnapshotFailed { checkpoint, reason },
            3 => Event::CommitEnded { checkpoint, result },
            4 => Event::TaskReported {
                attempt,
                task,
                status: TaskStatus::Running,
            },
            5 => Event::SourceEnded { attempt, task },
            6 if self.machine.waits_for().is_none() => Event::Facts(Box::default()),
            7 => Event::RecoveryFailed {
                attempt: self.attempt + 1,
                code: "MS-3001",
                cause: reason,
                nature: Nature::Damaged,
            },
            _ => Event::Start,
        };
        self.tell(event);
    }
}
