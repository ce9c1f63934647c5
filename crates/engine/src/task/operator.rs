//! The adaptor of tasks with one input or more.

use std::collections::BTreeMap;

use millstream_core::Result;
use timely::dataflow::operators::InputCapability;
use timely::scheduling::Activator;

use super::core::TaskCore;
use super::output::{Capabilities, Outputs};
use super::watermark::{Announcement, WatermarkTracker};
use crate::chunk::Chunk;
use crate::operator::Port;
use crate::time::{Time, at, epoch, has_passed};

/// Takes everything that has come in on one edge.
pub(crate) type Puller = Box<dyn FnMut(&mut dyn FnMut(InputCapability<Time>, &mut Vec<Chunk>))>;
/// Takes every announcement that has come in.
pub(crate) type AnnouncementPuller =
    Box<dyn FnMut(&mut dyn FnMut(InputCapability<Time>, &mut Vec<Announcement>))>;

/// Chunks that can't be processed yet, by time, with the right to send what comes of them.
pub(crate) type Stash = BTreeMap<Time, (Capabilities, Vec<(Port, Chunk)>)>;

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
    pub(crate) activator: Activator,
}

impl OperatorVertex {
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
            entry.or_insert_with(|| (Capabilities::retain(capability, count), Vec::new()));
        chunks.push((port, chunk));
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
        self.advance(bound)?;
        let waits = self.core.is_held_up()?;
        self.core.note_waits(waits);
        if self.core.maintain() {
            self.activator.activate();
        }
        Ok(())
    }

    /// Processes what has come, applies watermarks and crosses boundaries as far as `bound` allows.
    fn advance(&mut self, bound: Option<Time>) -> Result<()> {
        loop {
            self.drain_stash()?;
            if self.core.is_blocked() {
                return Ok(());
            }
            // What has come but is put aside has not been processed: it holds the bound back.
            let bound = match self.stash.keys().next() {
                Some(stashed) => Some(bound.map_or(*stashed, |bound| bound.min(*stashed))),
                None => bound,
            };
            if !self.core.on_boundary() {
                self.apply_watermarks(bound)?;
                if self.core.is_blocked() {
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

    fn drain_stash(&mut self) -> Result<()> {
        if self.core.on_boundary() {
            return Ok(());
        }
        let mut out = Vec::new();
        while let Some(entry) = self.stash.first_entry() {
            if epoch(*entry.key()) > self.core.epoch() || self.core.is_held_up()? {
                return Ok(());
            }
            let (capabilities, chunks) = entry.remove();
            let Self {
                core,
                outputs,
                stash,
                held,
                ..
            } = self;
            process_all(
                core,
                outputs,
                capabilities,
                chunks.into_iter(),
                &mut out,
                held,
                stash,
            )?;
        }
        Ok(())
    }

    fn apply_watermarks(&mut self, bound: Option<Time>) -> Result<()> {
        while let Some((capabilities, watermark)) = self.watermarks.next(bound, self.core.epoch()) {
            let Some(watermark) = watermark else { continue };
            let mut out = Vec::new();
            self.core.watermark(watermark, &mut out)?;
            let sent = self.outputs.send(&capabilities, &mut out)?;
            self.core.metrics.records_out.add(sent);
            if self.core.is_blocked() {
                self.held = Some(capabilities);
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Processes chunks of one time until a sink is full; the rest is put aside.
fn process_all(
    core: &mut TaskCore,
    outputs: &mut Outputs,
    capabilities: Capabilities,
    mut chunks: impl Iterator<Item = (Port, Chunk)>,
    out: &mut Vec<Chunk>,
    held: &mut Option<Capabilities>,
    stash: &mut Stash,
) -> Result<()> {
    for (port, chunk) in chunks.by_ref() {
        core.process(port, chunk, out)?;
        let sent = outputs.send(&capabilities, out)?;
        core.metrics.records_out.add(sent);
        if core.is_blocked() {
            break;
        }
    }
    if core.is_blocked() {
        let rest: Vec<(Port, Chunk)> = chunks.collect();
        if let (false, Some(time)) = (rest.is_empty(), capabilities.time()) {
            let entry = stash
                .entry(time)
                .or_insert_with(|| (capabilities.clone(), Vec::new()));
            entry.1.splice(0..0, rest);
        }
        *held = Some(capabilities);
    }
    Ok(())
}
