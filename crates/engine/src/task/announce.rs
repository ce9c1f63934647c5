//! How far event time has come, told to every task behind a vertex.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::EventTime;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilder;

use super::watermark::Announcement;
use crate::connector::Announced;
use crate::messages::TaskKey;
use crate::time::Time;

/// Where the subtasks of a vertex on one worker announce.
pub(crate) type AnnouncementOutput =
    Rc<RefCell<OutputBuilder<Time, CapacityContainerBuilder<Vec<Announcement>>>>>;

/// Announces for one subtask what has not been announced yet.
pub(crate) struct Announcer {
    output: AnnouncementOutput,
    task: TaskKey,
    /// How many workers there are.
    peers: usize,
    last: Announced,
}

impl Announcer {
    /// Announces for `task` to so many workers.
    pub(crate) fn new(output: AnnouncementOutput, task: TaskKey, peers: usize) -> Self {
        Self {
            output,
            task,
            peers,
            last: Announced::Active(EventTime::MIN),
        }
    }

    /// Whether `announced` is news.
    pub(crate) fn is_news(&self, announced: Announced) -> bool {
        match (self.last, announced) {
            (Announced::Active(before), Announced::Active(now)) => before < now,
            (before, now) => before != now,
        }
    }

    /// Tells everybody if it is news. It is applied once everything up to the time of `capability` has been processed.
    pub(crate) fn announce(&mut self, announced: Announced, capability: &Capability<Time>) {
        if !self.is_news(announced) {
            return;
        }
        self.last = announced;
        let (vertex, subtask) = (self.task.vertex as u32, self.task.subtask as u32);
        let all = (0..self.peers as u32).map(|worker| Announcement {
            worker,
            vertex,
            subtask,
            announced,
        });
        self.output
            .borrow_mut()
            .activate()
            .session(capability)
            .give_iterator(all);
    }
}
