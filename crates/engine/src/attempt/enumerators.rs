//! The thread on which the enumerators of an attempt's sources live, and which hands the coordinator's commands to the
//! workers.
//!
//! Announcements and commands go to the workers through the same channels, in the order in which this thread has them.
//! On a trigger it takes the enumerators' snapshots first and then tells the workers, so an enumerator's state is
//! exactly the announcements that every reader has had before the boundary.

mod slot;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError};
use millstream_core::{CheckpointId, Error, Result, codes};

use super::layout::subtasks_of;
use super::{Shared, panicked};
use crate::messages::{AttemptEvent, Command, TaskKey, Trigger};
use crate::task::core::now;
use slot::{Slot, Step, open_all};

/// The thread looks around this often even when nothing is due.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Enumerators with something left to do are asked this often.
const REMAINING_WAIT: Duration = Duration::from_secs(1);

/// The thread.
pub(crate) struct EnumeratorThread {
    handle: JoinHandle<()>,
}

impl EnumeratorThread {
    /// Starts the thread, which opens the enumerators. `commands` are those of the coordinator, `workers` where they go,
    /// `bell` is rung by enumerators that want to be polled.
    ///
    /// # Errors
    /// The machine gives no thread.
    #[allow(clippy::disallowed_methods, reason = "the home of this thread")]
    pub(crate) fn start(
        shared: Arc<Shared>,
        commands: Receiver<Box<Command>>,
        workers: Vec<Sender<Box<Command>>>,
        bell: Receiver<()>,
    ) -> Result<Self> {
        let handle = std::thread::Builder::new()
            .name("enumerators".to_owned())
            .spawn(move || {
                let snapshots = shared.snapshots.clone();
                let events = shared.events.clone();
                let run = move || {
                    Enumerators {
                        shared,
                        workers,
                        slots: Vec::new(),
                        failed: false,
                        under_way: BTreeSet::new(),
                        checked: false,
                    }
                    .run(&commands, &bell)
                };
                // What enumerators panic with is caught where they are called; that of their end is caught here.
                let ended = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
                    let error = panicked(panic.as_ref());
                    events.send(AttemptEvent::Failed { task: None, error });
                    true
                });
                if ended {
                    snapshots.end();
                }
            })
            .map_err(|error| {
                Error::new(
                    &codes::INTERNAL,
                    "the thread of enumerators can't be started",
                )
                .cause(error)
                .next("check the limit of threads (ulimit -u)")
            })?;
        Ok(Self { handle })
    }

    /// Waits for the end of the thread.
    pub(crate) fn join(self) {
        if self.handle.join().is_err() {
            tracing::warn!("the thread of enumerators panicked");
        }
    }
}

struct Enumerators {
    shared: Arc<Shared>,
    workers: Vec<Sender<Box<Command>>>,
    slots: Vec<Slot>,
    /// An enumerator has failed, or a worker takes nothing: none is polled any more, and no snapshot is whole.
    failed: bool,
    /// Snapshots that the enumerators were asked for and that have not ended.
    under_way: BTreeSet<CheckpointId>,
    /// Whether it was seen that all restored state of the sources was taken.
    checked: bool,
}

impl Enumerators {
    /// Whether the workers have ended; otherwise they never ran.
    fn run(mut self, commands: &Receiver<Box<Command>>, bell: &Receiver<()>) -> bool {
        match open_all(&self.shared) {
            Ok(slots) => self.slots = slots,
            Err((vertex, error)) => self.fail(Some(vertex), error),
        }
        loop {
            if self.shared.has_ended() {
                self.do_remaining(commands, bell);
                return true;
            }
            let wait = self.poll();
            crossbeam_channel::select! {
                recv(commands) -> command => match command {
                    Ok(command) => self.command(*command),
                    // Nobody commands any more: the workers have ended, or never ran.
                    Err(_) => return self.shared.has_ended(),
                },
                recv(bell) -> _ => {}
                default(wait) => {}
            }
        }
    }

    /// Waits until the enumerators of a job that has ended by itself have done what it owes the outside.
    fn do_remaining(&mut self, commands: &Receiver<Box<Command>>, bell: &Receiver<()>) {
        // The end of the last snapshot may not have been told of yet.
        commands
            .try_iter()
            .for_each(|command| self.command(*command));
        while self.shared.is_finishing() && !self.shared.is_cancelled() && !self.failed {
            let mut remains = false;
            for slot in &mut self.slots {
                remains |= slot.remains();
            }
            if !remains {
                return;
            }
            // Rung by an enumerator that is done, and by a cancellation.
            let _rung = bell.recv_timeout(REMAINING_WAIT);
        }
    }

    /// Polls every enumerator that is due once; how long nothing is due then.
    fn poll(&mut self) -> Duration {
        let now = now();
        let mut wait = LONGEST_WAIT;
        for number in 0..self.slots.len() {
            // Readers that have not taken what there was are not told more.
            if self.failed || self.shared.is_ending() || !self.shared.deliveries.has_room() {
                return LONGEST_WAIT;
            }
            let Some(slot) = self.slots.get_mut(number) else {
                continue;
            };
            match slot.poll(now) {
                Ok(Step::Found(announcement)) => {
                    let vertex = slot.vertex;
                    self.announce(vertex, announcement);
                    wait = Duration::ZERO;
                }
                Ok(Step::Wait(until)) => wait = wait.min(until),
                Err(error) => {
                    let vertex = slot.vertex;
                    self.fail(Some(vertex), error);
                }
            }
        }
        wait
    }

    /// Tells every worker that has readers of the source.
    fn announce(&mut self, vertex: usize, announcement: Arc<[u8]>) {
        let spec = &self.shared.spec;
        let parallelism = spec.plan.vertices.get(vertex).map(|it| it.parallelism);
        let workers = spec.workers;
        for worker in 0..workers {
            let readers = subtasks_of(parallelism.unwrap_or_default(), worker, workers).count();
            if readers > 0 {
                self.shared.deliveries.expect(readers);
                let announcement = announcement.clone();
                self.send(
                    worker,
                    Command::Found {
                        vertex,
                        announcement,
                    },
                );
            }
        }
        self.shared.parked.unpark_all();
    }

    fn command(&mut self, command: Command) {
        match &command {
            Command::Trigger(trigger) => self.take_snapshots(trigger),
            Command::Ended {
                checkpoint,
                completed,
            } => self.checkpoint_ended(*checkpoint, *completed),
            Command::Resume(_) | Command::Finish | Command::Found { .. } => {}
        }
        for worker in 0..self.workers.len() {
            self.send(worker, command.clone());
        }
        self.shared.parked.unpark_all();
    }

    fn take_snapshots(&mut self, trigger: &Trigger) {
        if !self.checked {
            self.checked = true;
            if let Err((vertex, error)) = self.shared.restored_sources.check_taken() {
                self.fail(Some(vertex), error);
            }
        }
        self.under_way.insert(trigger.checkpoint());
        for slot in &mut self.slots {
            let part = if self.failed {
                Err(Error::new(
                    &codes::CHECKPOINT_FAILED,
                    "an enumerator has failed",
                ))
            } else {
                slot.snapshot(&trigger.request)
            };
            trigger.enumerated.add(slot.vertex, part);
        }
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) {
        if !self.under_way.remove(&checkpoint) || self.failed {
            return;
        }
        let ended = self.slots.iter_mut().try_for_each(|slot| {
            slot.checkpoint_ended(checkpoint, completed)
                .map_err(|error| (slot.vertex, error))
        });
        if let Err((vertex, error)) = ended {
            self.fail(Some(vertex), error);
        }
    }

    /// Hands a command to a worker. A channel without room is an error of the attempt: nothing is lost in silence.
    fn send(&mut self, worker: usize, command: Command) {
        let Some(sender) = self.workers.get(worker) else {
            return;
        };
        match sender.try_send(Box::new(command)) {
            // A worker that has ended takes no commands any more, and needs none.
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => {
                let message =
                    format!("worker {worker} takes no commands: a task on it stands still");
                let error = Error::new(&codes::TASK_STUCK, message);
                self.fail(None, error.next("mend what waits in the job's own code"));
            }
        }
    }

    /// Tells of the first failure, blamed on the first reader of the source.
    fn fail(&mut self, vertex: Option<usize>, error: Error) {
        if std::mem::replace(&mut self.failed, true) {
            tracing::debug!("after the first failure: {error}");
            return;
        }
        let task = vertex.map(|vertex| TaskKey { vertex, subtask: 0 });
        self.shared
            .events
            .send(AttemptEvent::Failed { task, error });
    }
}
