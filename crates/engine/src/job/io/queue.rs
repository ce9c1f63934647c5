//! What waits for the job's I/O thread. The driver never waits for room: what finds none waits here.

use std::collections::VecDeque;

use crossbeam_channel::{Sender, TrySendError};

use super::IoTask;

/// Tasks that may wait in the channel. They are boxed: a channel takes the memory of all its places at once.
pub(super) const ROOM: usize = 64;

/// Tasks in the order in which they were asked for.
pub(super) struct Queue {
    tasks: Option<Sender<Box<IoTask>>>,
    /// Behind those in the channel. Few, however long the thread hangs: at most one thing is under way of which the job
    /// waits for the answer, and what a snapshot was begun with goes when it is given up.
    waiting: VecDeque<Box<IoTask>>,
}

impl Queue {
    pub(super) fn new(tasks: Sender<Box<IoTask>>) -> Self {
        Self {
            tasks: Some(tasks),
            waiting: VecDeque::new(),
        }
    }

    /// Adds a task, unless it comes to nothing with those that wait.
    pub(super) fn push(&mut self, task: IoTask) {
        if let IoTask::Discard(directories) = &task {
            let is_same = |other: &IoTask| matches!(other, IoTask::Discard(d) if d == directories);
            if self.waiting.iter().any(|other| is_same(other)) {
                return;
            }
            let begins = |other: &IoTask| matches!(other, IoTask::Begin(begin) if begin.directories() == *directories);
            if let Some(place) = self.waiting.iter().position(|other| begins(other)) {
                // Nothing was made there.
                drop(self.waiting.remove(place));
                return;
            }
        }
        self.waiting.push_back(Box::new(task));
        while self.send() {}
    }

    /// Whether nothing is asked for that the thread has not taken.
    pub(super) fn is_empty(&self) -> bool {
        let sent = self.tasks.as_ref();
        self.waiting.is_empty() && sent.is_none_or(Sender::is_empty)
    }

    /// Whether tasks wait for room.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands the thread what there is room for; whether that was anything.
    pub(super) fn send(&mut self) -> bool {
        let (Some(tasks), Some(task)) = (&self.tasks, self.waiting.pop_front()) else {
            return false;
        };
        match tasks.try_send(task) {
            Ok(()) => true,
            Err(TrySendError::Full(task)) => {
                self.waiting.push_front(task);
                false
            }
            Err(TrySendError::Disconnected(_)) => {
                // It ends only when it is told to; if it panicked, the answer is missed and times out.
                tracing::error!("the job's I/O thread is gone");
                false
            }
        }
    }

    /// Hands over what waits, however long that takes, and nothing after it.
    pub(super) fn close(&mut self) {
        if let Some(tasks) = self.tasks.take() {
            for task in self.waiting.drain(..) {
                if tasks.send(task).is_err() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
