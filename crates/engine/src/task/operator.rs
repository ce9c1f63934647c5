//! The adaptor of tasks with one input or more.

use std::collections::{BTreeMap, VecDeque};

use millstream_core::Result;
use timely::dataflow::operators::InputCapability;
use timely::scheduling::Activator;

use super::announce::Announcer;
use super::control::{SourceWakers, TickClock};
use super::core::TaskCore;
use super::output::{Capabilities, Outputs};
use super::watermark::{Announcement, WatermarkTracker};
use crate::chunk::Chunk;
use crate::connector::Announced;
use crate::operator::{Polled, Port};
use crate::time::{Time, at, epoch, has_passed, next};

/// Takes everything that has come in on one edge.
pub(crate) type Puller = Box<dyn FnMut(&mut dyn FnMut(InputCapability<Time>, &mut Vec<Chunk>))>;
/// Takes every announcement that has come in.
pub(crate) type AnnouncementPuller =
    Box<dyn FnMut(&mut dyn FnMut(InputCapability<Time>, &mut Vec<Announcement>))>;

/// Chunks that can't be processed yet, by time, with the right to send what comes of them.
pub(crate) type Stash = BTreeMap<Time, (Capabilities, VecDeque<(Port, Chunk)>)>;

/// The subtasks of one vertex on this worker, and what comes in for all of them.
pub(crate) struct OperatorVertex {
    pub(crate) inputs: Vec<(Port, Puller)>,
    pub(crate) announcements: AnnouncementPuller,
    /// The subtask with number n is the one at n / `peers`; empty on a worker without a subtask.
    pub(crate) tasks: Vec<OperatorTask>,
    /// How many workers there are.
    pub(crate) peers: usize,
}

/// A task with inputs, and what it has put aside.
pub(crate) struct OperatorTask {
    pub(crate) core: TaskCore,
    pub(crate) watermarks: WatermarkTracker<Capabilities>,
    pub(crate) outputs: Outputs,
    /// Chunks that have come: those of the present epoch until the task gets to them, those of later epochs until
    /// the boundary is crossed.
    pub(crate) stash: Stash,
    /// The right to send what a full sink has left behind.
    pub(crate) held: Option<Capabilities>,
    /// The right to send what timers hand out that are still to fire.
    pub(crate) firing: Option<Capabilities>,
    /// The right to send late results: that of the oldest that are owed.
    pub(crate) owed: Option<Capabilities>,
    /// Where the task tells how far event time has come, if it makes watermarks.
    pub(crate) watermaker: Option<Watermaker>,
    pub(crate) activator: Activator,
}

/// The part of a task that makes watermarks.
pub(crate) struct Watermaker {
    pub(crate) announcer: Announcer,
    /// The right to announce; `None` once nothing comes any more.
    pub(crate) capabilities: Option<Capabilities>,
    /// The latest time whose records the watermark may count on.
    pub(crate) latest: Time,
    /// The time that sources follow.
    pub(crate) clock: TickClock,
    /// The sources of the process.
    pub(crate) sources: SourceWakers,
}

impl Watermaker {
    /// Announces at a time of which everything that the watermark counts on lies before the end. Has the sources go on
    /// where they have not passed that time: the announcement counts only then.
    fn announce(&mut self, announced: Announced, output: usize, bound: Option<Time>) {
        let capabilities = self.capabilities.as_ref();
        let Some(capability) = capabilities.and_then(|all| all.output(output)) else {
            return;
        };
        if !self.announcer.is_news(announced) {
            return;
        }
        let time = self.latest.max(*capability.time());
        self.announcer
            .announce(announced, &capability.delayed(&time));
        if !has_passed(bound, time + 1) {
            self.clock.reached(next(time));
            self.sources.wake();
        }
    }
}

impl OperatorVertex {
    /// The parts of its tasks that make watermarks.
    pub(crate) fn watermakers(&mut self) -> impl Iterator<Item = &mut Watermaker> {
        let tasks = self.tasks.iter_mut();
        tasks.filter_map(|task| task.watermaker.as_mut())
    }

    /// One activation. `bound`: the least time that may still come on any input.
    pub(crate) fn activate(&mut self, bound: Option<Time>) {
        // Once the worker has failed its input stays where it is, so that no peer takes it for processed.
        if self
            .tasks
            .first()
            .is_some_and(|task| task.core.has_failed())
        {
            return;
        }
        self.take_announcements();
        self.take_input();
        for task in &mut self.tasks {
            task.activate(bound);
        }
    }

    fn take_announcements(&mut self) {
        let Self {
            announcements,
            tasks,
            ..
        } = self;
        announcements(&mut |capability, announced| {
            let time = *capability.time();
            for task in tasks.iter_mut() {
                let count = task.outputs.count();
                task.watermarks
                    .announced(time, announced, || Capabilities::retain(&capability, count));
            }
            announced.clear();
        });
    }

    /// Hands every chunk that has come to its subtask.
    fn take_input(&mut self) {
        let Self {
            inputs,
            tasks,
            peers,
            ..
        } = self;
        for (port, pull) in inputs {
            pull(&mut |capability, chunks| {
                for chunk in chunks.drain(..) {
                    let place = chunk.destination() as usize / *peers;
                    if let Some(task) = tasks.get_mut(place) {
                        task.put(&capability, *port, chunk);
                    }
                }
            });
        }
    }
}

impl OperatorTask {
    fn put(&mut self, capability: &InputCapability<Time>, port: Port, chunk: Chunk) {
        let count = self.outputs.count();
        let entry = self.stash.entry(*capability.time());
        let (_, chunks) =
            entry.or_insert_with(|| (Capabilities::retain(capability, count), VecDeque::new()));
        chunks.push_back((port, chunk));
    }

    fn activate(&mut self, bound: Option<Time>) {
        if self.core.begin() {
            let result = self.run(bound);
            self.core.end(result);
        }
    }

    fn run(&mut self, bound: Option<Time>) -> Result<()> {
        self.core.poll_prepared()?;
        while self.core.take_ended()?.is_some() {}
        if !self.core.is_held_up()? {
            self.held = None;
        }
        self.take_late_results(None)?;
        self.look_at_watermarks();
        self.advance(bound)?;
        self.announce(bound);
        let waits = self.core.is_held_up()? || self.outputs.is_full();
        self.core.note_waits(waits);
        if self.core.maintain() {
            self.activator.activate();
        }
        Ok(())
    }

    /// Has operators behind one that makes watermarks be brought to what it may say by now, without any record.
    fn look_at_watermarks(&mut self) {
        if self.firing.is_none()
            && let Some(watermaker) = &self.watermaker
            && let Some(capabilities) = &watermaker.capabilities
        {
            self.core.look_at_watermarks();
            self.firing = Some(capabilities.clone());
        }
    }

    /// Processes what has come, brings event time to the operators and crosses boundaries as far as `bound` allows.
    fn advance(&mut self, bound: Option<Time>) -> Result<()> {
        loop {
            self.drain_stash()?;
            if self.has_to_wait()? {
                return Ok(());
            }
            let bound = self.processed_before(bound);
            if !self.core.on_boundary() {
                self.apply_watermarks(bound)?;
                if self.has_to_wait()? {
                    return Ok(());
                }
                let trigger = self.core.next_trigger();
                match trigger.filter(|trigger| has_passed(bound, at(trigger.checkpoint(), 0))) {
                    Some(trigger) => self.core.meet_boundary(trigger, None),
                    None => return Ok(()),
                }
            }
            if self.core.cross_boundary()?.is_none() {
                return Ok(());
            }
        }
    }

    /// Whether nothing can be done: a sink or those behind the task take no more, or timers are still to fire.
    fn has_to_wait(&mut self) -> Result<bool> {
        Ok(self.firing.is_some() || self.outputs.is_full() || self.core.is_still_blocked()?)
    }

    /// The least time of which something has not been processed: what is put aside and results that are owed hold it
    /// back.
    fn processed_before(&self, bound: Option<Time>) -> Option<Time> {
        let stashed = self.stash.keys().next().copied();
        let owed = self.owed.as_ref().and_then(Capabilities::time);
        [bound, stashed, owed].into_iter().flatten().min()
    }

    fn drain_stash(&mut self) -> Result<()> {
        if self.core.on_boundary() {
            return Ok(());
        }
        self.fire()?;
        while let Some(entry) = self.stash.first_entry() {
            if epoch(*entry.key()) > self.core.epoch() {
                return Ok(());
            }
            let (time, (capabilities, mut chunks)) = entry.remove_entry();
            self.process_all(&capabilities, &mut chunks)?;
            if let Some(watermaker) = &mut self.watermaker {
                watermaker.latest = watermaker.latest.max(time);
            }
            if !chunks.is_empty() {
                self.stash.insert(time, (capabilities, chunks));
                return Ok(());
            }
        }
        Ok(())
    }

    /// Processes chunks of one time until the task has to wait; the rest is left.
    fn process_all(
        &mut self,
        capabilities: &Capabilities,
        chunks: &mut VecDeque<(Port, Chunk)>,
    ) -> Result<()> {
        let mut out = Vec::new();
        while !self.has_to_wait()? {
            let Some((port, mut chunk)) = chunks.pop_front() else {
                break;
            };
            if let Some(rest) = chunk.split_off(self.core.piece()) {
                chunks.push_front((port, rest));
            }
            self.core.process(port, chunk, &mut out)?;
            self.send(capabilities, &mut out)?;
            self.take_late_results(Some(capabilities))?;
            if self.core.is_blocked() {
                self.held = Some(capabilities.clone());
            }
            if self.core.is_advancing() {
                self.firing = Some(capabilities.clone());
                self.fire()?;
            }
        }
        Ok(())
    }

    /// Brings event time to the operators where everything before it has been processed.
    fn apply_watermarks(&mut self, bound: Option<Time>) -> Result<()> {
        while !self.has_to_wait()? {
            let Some((capabilities, moved)) = self.watermarks.next(bound, self.core.epoch()) else {
                return Ok(());
            };
            let Some(watermark) = moved else { continue };
            self.core.event_time(watermark);
            self.firing = Some(capabilities);
            self.fire()?;
        }
        Ok(())
    }

    /// Fires one slice of what event time has made due. What is left fires when the others of the worker have had
    /// their turn.
    fn fire(&mut self) -> Result<()> {
        let Some(capabilities) = self.firing.take() else {
            return Ok(());
        };
        if self.core.is_still_blocked()? || self.outputs.is_full() {
            self.firing = Some(capabilities);
            return Ok(());
        }
        let mut out = Vec::new();
        self.core.advance(&mut out)?;
        self.send(&capabilities, &mut out)?;
        self.take_late_results(Some(&capabilities))?;
        if self.core.is_advancing() {
            self.activator.activate();
            self.firing = Some(capabilities);
        } else if self.core.is_blocked() {
            self.held = Some(capabilities);
        }
        Ok(())
    }

    /// Hands out results that have come late, and keeps the right to send those that are still to come: that of
    /// `capabilities`, if none were owed before.
    fn take_late_results(&mut self, capabilities: Option<&Capabilities>) -> Result<()> {
        if capabilities.is_none() && self.owed.is_none() {
            return Ok(());
        }
        let mut out = Vec::new();
        let polled = self.core.poll_late(&mut out)?;
        if out.is_empty() && polled == Polled::Idle {
            self.owed = None;
            return Ok(());
        }
        let Some(right) = self.owed.take().or_else(|| capabilities.cloned()) else {
            return Ok(());
        };
        self.send(&right, &mut out)?;
        if self.core.is_blocked() {
            self.held = Some(right.clone());
        }
        self.owed = (polled == Polled::Pending).then_some(right);
        Ok(())
    }

    fn send(&mut self, capabilities: &Capabilities, out: &mut Vec<Chunk>) -> Result<()> {
        if !out.is_empty() {
            let sent = self.outputs.send(capabilities, out)?;
            self.core.sent(sent);
        }
        Ok(())
    }

    /// Tells how far event time has come behind the task, if it makes watermarks. It counts once everything has been
    /// processed that it may count on.
    fn announce(&mut self, bound: Option<Time>) {
        let bound = self.processed_before(bound);
        let is_busy = self.firing.is_some();
        let announced = self.core.announced().filter(|_| !is_busy);
        let output = self.outputs.count();
        let Some(watermaker) = &mut self.watermaker else {
            return;
        };
        if let Some(announced) = announced {
            watermaker.announce(announced, output, bound);
        }
        match (bound, &mut watermaker.capabilities) {
            (Some(bound), Some(capabilities)) => capabilities.downgrade(bound),
            (None, capabilities) => *capabilities = None,
            (Some(_), None) => {}
        }
    }
}
