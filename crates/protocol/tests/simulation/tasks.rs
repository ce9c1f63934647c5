//! The tasks of one attempt: they take boundaries in order and tell the driver, in order.

use std::collections::VecDeque;

use millstream_core::{CheckpointId, TaskStatus};
use millstream_protocol::{Attempt, Event, TaskId};

use crate::ground::OutputId;

/// A message of a task on its way to the driver.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) event: Event,
    /// Output that comes with an acknowledgement: the boundary it was prepared for, and the output.
    pub(crate) prepared: Option<(CheckpointId, OutputId)>,
}

/// A boundary that a task has not reached yet, and the records read before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Boundary {
    pub(crate) checkpoint: CheckpointId,
    pub(crate) position: u32,
}

#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    pub(crate) sink: Option<usize>,
    pub(crate) boundaries: VecDeque<Boundary>,
    /// Records before this one are prepared.
    pub(crate) prepared_to: u32,
    pub(crate) messages: VecDeque<Message>,
    pub(crate) alive: bool,
    pub(crate) running: bool,
}

impl Task {
    pub(crate) fn new(id: TaskId, sink: Option<usize>, position: u32) -> Self {
        Self {
            id,
            sink,
            boundaries: VecDeque::new(),
            prepared_to: position,
            messages: VecDeque::new(),
            alive: true,
            running: false,
        }
    }

    pub(crate) fn send(&mut self, event: Event) {
        self.messages.push_back(Message {
            event,
            prepared: None,
        });
    }

    pub(crate) fn report(&mut self, attempt: Attempt, status: TaskStatus) {
        let task = self.id;
        self.send(Event::TaskReported {
            attempt,
            task,
            status,
        });
    }
}
