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

/// A task with inputs, and what it has put aside.
pub(crate) struct OperatorTask {
    pub(crate) core: TaskCore,
    pub(crate) inputs: Vec<(Port, Puller)>,
    pub(crate) announcements: AnnouncementPuller,
    pub(crate) watermarks: WatermarkTracker<Capabilities>,
    pub(crate) outputs: Outputs,
    /// Chunks of later epochs that came early, and chunks that came while a sink was full.
    pub(crate) stash: Stash,
    /// The right to send what a full sink has left behind.
    pub(crate) held: Option<Capabilities>,
    pub(crate) activator: Activator,
}

impl OperatorTask {
    /// One activation. `bound`: the least time that may still come on any input.
    pub(crate) fn activate(&mut self, bound: Option<Time>) {
        if self.core.begin() {
            let result = self.run(bound);
            self.core.end(result);
        }
    }

    /// An activation on a worker without a subtask of this vertex: only announcements come here.
    pub(crate) fn pass_by(&mut self) {
        (self.announcements)(&mut |_, announced| announced.clear());
        for (_, pull) in &mut self.inputs {
            pull(&mut |_, chunks| chunks.clear());
        }
    }

    fn run(&mut self, bound: Option<Time>) -> Result<()> {
        self.core.poll_prepared()?;
        self.core.take_completed();
        self.take_announcements();
        self.take_input()?;
        self.advance(bound)?;
        if self.core.maintain() {
            self.activator.activate();
        }
        Ok(())
    }

    fn take_announcements(&mut self) {
        let Self {
            announcements,
            watermarks,
            outputs,
            ..
        } = self;
        let count = outputs.outputs.len();
        announcements(&mut |capability, announced| {
            let time = *capability.time();
            let announced = std::mem::take(announced);
            watermarks.announced(time, announced, || Capabilities::retain(&capability, count));
        });
    }

    /// Processes what belongs to the present epoch, puts the rest aside. While a sink is full the
    /// input stays where it is.
    fn take_input(&mut self) -> Result<()> {
        if self.core.is_held_up()? {
            return Ok(());
        }
        self.held = None;
        let mut result = Ok(());
        let Self {
            core,
            inputs,
            outputs,
            stash,
            held,
            ..
        } = self;
        let count = outputs.outputs.len();
        let mut out = Vec::new();
        for (port, pull) in inputs {
            pull(&mut |capability, chunks| {
                let time = *capability.time();
                let capabilities = Capabilities::retain(&capability, count);
                let early = epoch(time) > core.epoch() || core.is_blocked() || result.is_err();
                if early {
                    let (_, stashed) = stash
                        .entry(time)
                        .or_insert_with(|| (capabilities, Vec::new()));
                    stashed.extend(chunks.drain(..).map(|chunk| (*port, chunk)));
                    return;
                }
                let chunks = chunks.drain(..).map(|chunk| (*port, chunk));
                result = process_all(core, outputs, capabilities, chunks, &mut out, held, stash);
            });
        }
        result
    }

    /// Applies watermarks and crosses boundaries as far as `bound` allows.
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
                match trigger.filter(|trigger| has_passed(bound, at(trigger.checkpoint, 0))) {
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
