//! The loop of one worker thread: commands in, steps of the dataflow, failures out.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::{Error, TaskStatus, codes};
use timely::dataflow::operators::probe;
use timely::worker::Worker;

use super::{Shared, layout};
use crate::messages::{AttemptEvent, Command, TaskKey};
use crate::task::control::Control;
use crate::time::Time;

/// How long a worker without work sleeps before it looks around.
const PARK: Duration = Duration::from_millis(500);

/// Runs one worker until its dataflow has ended or was cancelled.
pub(crate) fn run(worker: &mut Worker, shared: &Arc<Shared>) {
    let index = worker.index();
    let tasks: Vec<TaskKey> = tasks_of(shared, index);
    let control = Rc::new(RefCell::new(Control::default()));
    let end = catch_unwind(AssertUnwindSafe(|| {
        let sinks = layout::lay_out(worker, shared, &control);
        shared.register(index, std::thread::current());
        let failed = report_deployed(shared, &control, &tasks);
        WorkerLoop {
            shared,
            control: &control,
            sinks,
            seen: Vec::new(),
            failed,
        }
        .run(worker)
    }));
    let (canceled, failed) = end.unwrap_or_else(|panic| {
        let task = control.borrow().current.get();
        shared.events.send(AttemptEvent::Failed {
            task,
            error: panicked(panic.as_ref()),
        });
        wait_for_cancel(shared, index);
        (true, task)
    });
    drop_dataflows(worker);
    for task in tasks.into_iter().filter(|task| Some(*task) != failed) {
        let status = if canceled {
            TaskStatus::Canceled
        } else {
            TaskStatus::Finished
        };
        shared.events.send(AttemptEvent::Task { task, status });
    }
    shared.worker_ended();
}

fn tasks_of(shared: &Shared, worker: usize) -> Vec<TaskKey> {
    let vertices = shared.spec.plan.vertices.iter().enumerate();
    vertices
        .flat_map(|(vertex, plan)| {
            layout::subtasks_of(plan.parallelism, worker, shared.spec.workers)
                .map(move |subtask| TaskKey { vertex, subtask })
        })
        .collect()
}

/// Tells that every task runs, but for one that could not be opened.
fn report_deployed(
    shared: &Shared,
    control: &Rc<RefCell<Control>>,
    tasks: &[TaskKey],
) -> Option<TaskKey> {
    let failed = report_failure(shared, control);
    for task in tasks.iter().filter(|task| Some(**task) != failed) {
        shared.events.send(AttemptEvent::Task {
            task: *task,
            status: TaskStatus::Running,
        });
    }
    failed
}

fn report_failure(shared: &Shared, control: &Rc<RefCell<Control>>) -> Option<TaskKey> {
    let control = control.borrow();
    let (task, error) = control.failure.as_ref()?;
    if shared.is_cancelled() && error.code() == codes::SNAPSHOT_UNREACHABLE.id {
        // Reading was given up with the attempt, which is no failure of its own.
        return None;
    }
    shared.events.send(AttemptEvent::Failed {
        task: Some(*task),
        error: error.clone(),
    });
    Some(*task)
}

/// The error that a panic of the job's code is.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    Error::new(&codes::PROGRAM_FAILED, text)
}

/// A worker that can't run any more waits until the whole attempt is cancelled, so that its peers
/// never see half a dataflow disappear.
fn wait_for_cancel(shared: &Shared, worker: usize) {
    while !shared.is_cancelled() {
        // What comes for this worker is taken, so that nobody waits for room.
        shared
            .commands(worker)
            .into_iter()
            .for_each(|commands| commands.try_iter().for_each(drop));
        std::thread::park_timeout(PARK);
    }
}

fn drop_dataflows(worker: &mut Worker) {
    let dropped = catch_unwind(AssertUnwindSafe(|| {
        for dataflow in worker.installed_dataflows() {
            worker.drop_dataflow(dataflow);
        }
    }));
    if dropped.is_err() {
        tracing::debug!("a dataflow panicked while it was dropped");
    }
}

struct WorkerLoop<'a> {
    shared: &'a Arc<Shared>,
    control: &'a Rc<RefCell<Control>>,
    sinks: Vec<probe::Handle<Time>>,
    /// Where each sink was when the sources were last told.
    seen: Vec<Option<Time>>,
    failed: Option<TaskKey>,
}

impl WorkerLoop<'_> {
    /// Whether the worker was cancelled, and the task that failed.
    fn run(mut self, worker: &mut Worker) -> (bool, Option<TaskKey>) {
        while worker.has_dataflows() {
            if self.take_commands(worker.index()) {
                return (true, self.failed);
            }
            worker.step_or_park(Some(PARK));
            if self.failed.is_none() {
                self.failed = report_failure(self.shared, self.control);
            }
            self.wake_sources_when_sinks_moved();
        }
        (false, self.failed)
    }

    /// Takes the coordinator's commands; whether it said to end at once.
    fn take_commands(&self, worker: usize) -> bool {
        let Some(commands) = self.shared.commands(worker) else {
            return false;
        };
        if self.shared.is_cancelled() {
            return true;
        }
        let mut control = self.control.borrow_mut();
        let mut any = false;
        for command in commands.try_iter() {
            any = true;
            match *command {
                Command::Trigger(trigger) => control.trigger(*trigger),
                Command::Ended {
                    checkpoint,
                    completed,
                } => control.ended(checkpoint, completed),
                Command::Resume(checkpoint) => control.resumed = Some(checkpoint),
                Command::Finish => control.finish = true,
                Command::Found {
                    vertex,
                    announcement,
                } => control.found(vertex, announcement),
            }
        }
        if any {
            control.activate_all();
        }
        false
    }

    fn wake_sources_when_sinks_moved(&mut self) {
        if !self.control.borrow().waits_for_sinks {
            return;
        }
        let sinks = self.sinks.iter();
        let now: Vec<Option<Time>> = sinks
            .map(|sink| sink.with_frontier(|frontier| frontier.first().copied()))
            .collect();
        if now != self.seen {
            self.seen = now;
            let mut control = self.control.borrow_mut();
            control.waits_for_sinks = false;
            control.activate_all();
        }
    }
}
