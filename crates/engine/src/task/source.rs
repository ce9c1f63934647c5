//! The adaptor of tasks that begin with a source.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use millstream_core::{CheckpointId, EventTime, OperatorId, Result};
use millstream_protocol::Then;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::probe;
use timely::scheduling::Activator;

use super::control::{Control, Deliveries, SourceWakers, TickClock};
use super::core::{TaskCore, now, source_part};
use super::output::{Capabilities, Outputs};
use super::watermark::Announcement;
use crate::chunk::Chunk;
use crate::connector::{Announced, Limit, SourceStatus};
use crate::flow::{FlowControl, TICK};
use crate::messages::{OperatorPart, Trigger};
use crate::operator::{Port, SourceOperator};
use crate::time::{Time, at, tick};

/// How often a source without records looks whether others need it to move on.
const IDLE: Duration = Duration::from_millis(500);

/// Where the subtasks of one worker announce their watermarks.
pub(crate) type AnnouncementOutput =
    Rc<RefCell<OutputBuilder<Time, CapacityContainerBuilder<Vec<Announcement>>>>>;

/// What a source task shares with the rest of its worker and process.
pub(crate) struct SourceSurroundings {
    pub(crate) control: Rc<RefCell<Control>>,
    pub(crate) clock: TickClock,
    pub(crate) deliveries: Deliveries,
    /// The sources of the process.
    pub(crate) sources: SourceWakers,
    /// Where the sinks are.
    pub(crate) sinks: probe::Handle<Time>,
    pub(crate) activator: Activator,
    /// When the next timed activation is due, which is one of all subtasks on this worker.
    pub(crate) alarm: Rc<Cell<Option<Instant>>>,
    pub(crate) peers: usize,
    /// Told once when the input has come to its end.
    pub(crate) ended: Box<dyn Fn()>,
}

/// A source and its place in the stream of time.
pub(crate) struct SourceTask {
    pub(crate) core: TaskCore,
    pub(crate) source: Box<dyn SourceOperator>,
    pub(crate) source_uid: String,
    pub(crate) source_id: OperatorId,
    pub(crate) outputs: Outputs,
    pub(crate) announcements: AnnouncementOutput,
    /// One for each output, the last for announcements; `None` once the task has ended.
    pub(crate) capabilities: Option<Capabilities>,
    pub(crate) time: Time,
    pub(crate) flow: FlowControl,
    pub(crate) surroundings: SourceSurroundings,
    pub(crate) state: Progress,
}

/// Where a source stands between its own input and the coordinator's wishes.
pub(crate) struct Progress {
    started: Instant,
    tick_began: Instant,
    announced: EventTime,
    ended: bool,
    /// The boundary of a stop that the source waits behind; `None`: it does not wait.
    waits_behind: Option<CheckpointId>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let started = now();
        Self {
            started,
            tick_began: started,
            announced: EventTime::MIN,
            ended: false,
            waits_behind: None,
        }
    }
}

impl SourceTask {
    /// One activation.
    pub(crate) fn activate(&mut self) {
        if self.core.begin() {
            let result = self.run();
            self.core.end(result);
        }
    }

    fn run(&mut self) -> Result<()> {
        if self.capabilities.is_none() {
            return Ok(());
        }
        if self.surroundings.control.borrow().finish {
            self.capabilities = None;
            return Ok(());
        }
        self.core.poll_prepared()?;
        while let Some((checkpoint, completed)) = self.core.take_ended()? {
            self.source.checkpoint_ended(checkpoint, completed)?;
        }
        if !self.pass_boundaries()? {
            return Ok(());
        }
        if self.core.is_held_up()? {
            self.core.note_waits(true);
            self.alarm_in(TICK);
            return Ok(());
        }
        self.account_for_sinks();
        if self.must_wait() {
            self.core.note_waits(false);
            self.follow_clock();
            self.alarm_in(IDLE);
            return Ok(());
        }
        self.end_tick_if_due();
        if self.flow.is_window_full() {
            self.wait_for_sinks();
            return Ok(());
        }
        self.core.note_waits(false);
        self.poll()
    }

    /// Crosses every boundary that has been announced; `false`: the task stands on one.
    fn pass_boundaries(&mut self) -> Result<bool> {
        loop {
            if !self.core.on_boundary() {
                self.take_found()?;
                let Some(trigger) = self.core.next_trigger() else {
                    return Ok(true);
                };
                let watermark = match trigger.then {
                    Then::Drain => EventTime::MAX,
                    Then::Continue | Then::Suspend => self.watermark(),
                };
                self.bring_event_time(watermark)?;
                let part = self.snapshot(&trigger);
                self.core.meet_boundary(trigger, Some(part));
            }
            let Some(trigger) = self.core.cross_boundary()? else {
                self.alarm_in(TICK);
                return Ok(false);
            };
            self.move_to(at(trigger.checkpoint(), 0));
            let waits = trigger.then != Then::Continue;
            self.state.waits_behind = waits.then_some(trigger.checkpoint());
        }
    }

    /// Hands the reader what its enumerator has found before the next boundary.
    fn take_found(&mut self) -> Result<()> {
        while let Some(announcement) = self.core.next_found() {
            self.surroundings.deliveries.taken();
            self.source.found(&announcement)?;
        }
        Ok(())
    }

    /// The source's part of a snapshot, and its enumerator's in the first subtask.
    fn snapshot(&mut self, trigger: &Trigger) -> Result<OperatorPart> {
        let reader = self.source.snapshot(trigger.checkpoint())?;
        let key = self.core.key;
        let enumerator = (key.subtask == 0).then(|| trigger.enumerated.take(key.vertex));
        let enumerator = enumerator.flatten().transpose()?.unwrap_or_default();
        Ok(source_part(
            &self.source_uid,
            self.source_id,
            reader,
            enumerator,
        ))
    }

    fn watermark(&self) -> EventTime {
        match self.source.announced() {
            Announced::Active(watermark) => watermark,
            Announced::Idle => self.state.announced,
        }
    }

    /// Applies a watermark to the operators of this very task and announces it to those behind.
    fn bring_event_time(&mut self, watermark: EventTime) -> Result<()> {
        if watermark <= self.state.announced {
            return Ok(());
        }
        self.state.announced = watermark;
        let mut out = Vec::new();
        self.core.watermark(watermark, &mut out)?;
        self.send(&mut out)?;
        let Some(capabilities) = &self.capabilities else {
            return Ok(());
        };
        let Some(capability) = capabilities.output(self.outputs.count()) else {
            return Ok(());
        };
        let key = self.core.key;
        let (vertex, subtask) = (key.vertex as u32, key.subtask as u32);
        let all = (0..self.surroundings.peers as u32).map(|worker| Announcement {
            worker,
            vertex,
            subtask,
            watermark,
        });
        self.announcements
            .borrow_mut()
            .activate()
            .session(capability)
            .give_iterator(all);
        Ok(())
    }

    /// Ends the tick and goes on at `time`.
    fn move_to(&mut self, time: Time) {
        let now = now();
        self.flow
            .tick_ended(self.time, now.duration_since(self.state.started));
        self.time = self.time.max(time);
        self.state.tick_began = now;
        self.surroundings.clock.reached(self.time);
        if let Some(capabilities) = &mut self.capabilities {
            capabilities.downgrade(self.time);
        }
    }

    fn account_for_sinks(&mut self) {
        let bound = self
            .surroundings
            .sinks
            .with_frontier(|frontier| frontier.first().copied());
        self.flow
            .finished(bound, now().duration_since(self.state.started));
    }

    /// Whether the source has nothing to hand out for now: it has ended, or it waits behind the
    /// boundary of a stop.
    fn must_wait(&mut self) -> bool {
        if let Some(boundary) = self.state.waits_behind {
            if self.surroundings.control.borrow().resumed < Some(boundary) {
                return true;
            }
            self.state.waits_behind = None;
        }
        self.state.ended
    }

    /// Moves on with the other sources, so that this one does not hold the sinks' frontier back.
    fn follow_clock(&mut self) {
        let time = self.surroundings.clock.follow(self.time);
        if time > self.time || self.flow.has_sent() {
            self.move_to(time.max(self.time + 1));
        }
    }

    fn end_tick_if_due(&mut self) {
        let full = self.flow.allowance() == 0;
        let due = self.flow.has_sent() && self.state.tick_began.elapsed() >= TICK;
        let latest = self.surroundings.clock.follow(self.time);
        if full || due || latest > self.time {
            // The tick counter never reaches the next epoch: 2^32 ticks are months of full speed.
            let next = if tick(self.time) == u32::MAX {
                self.time
            } else {
                self.time + 1
            };
            self.move_to(if full || due {
                next.max(latest)
            } else {
                latest
            });
        }
    }

    fn wait_for_sinks(&mut self) {
        self.surroundings.control.borrow_mut().waits_for_sinks = true;
        self.surroundings.sources.wake();
        self.core.note_waits(true);
    }

    fn poll(&mut self) -> Result<()> {
        // A tick is small enough for the worker's other tasks to get their turn in between.
        let limit = Limit::records(self.flow.allowance());
        let mut chunks: Vec<Chunk> = Vec::new();
        let started = now();
        let status = self.source.poll(&mut chunks, limit)?;
        self.core.metrics.worked(started.elapsed());
        let mut out = Vec::new();
        for chunk in chunks {
            self.core.process(Port::First, chunk, &mut out)?;
            self.send(&mut out)?;
        }
        match status {
            SourceStatus::Ready(records) => {
                self.flow.sent(records);
                self.surroundings.activator.activate();
            }
            SourceStatus::Pending(after) => {
                let idle = after.unwrap_or(IDLE).min(IDLE);
                self.alarm_in(if self.flow.has_sent() {
                    idle.min(TICK)
                } else {
                    idle
                });
            }
            SourceStatus::Ended => {
                self.state.ended = true;
                self.bring_event_time(EventTime::MAX)?;
                self.move_to(self.time + 1);
                (self.surroundings.ended)();
                self.alarm_in(TICK);
            }
        }
        let watermark = self.watermark();
        if watermark > self.state.announced && !self.state.ended {
            self.bring_event_time(watermark)?;
            self.move_to(self.time + 1);
        }
        if self.core.maintain() {
            self.surroundings.activator.activate();
        }
        Ok(())
    }

    fn send(&mut self, chunks: &mut Vec<Chunk>) -> Result<()> {
        if let (Some(capabilities), false) = (&self.capabilities, chunks.is_empty()) {
            let sent = self.outputs.send(capabilities, chunks)?;
            self.core.metrics.records_out.add(sent);
        }
        Ok(())
    }

    /// Has the task activated after `delay`, unless an earlier activation is due already: timers of
    /// timely can't be taken back and would pile up.
    fn alarm_in(&mut self, delay: Duration) {
        let now = now();
        let wanted = now + delay;
        let alarm = &self.surroundings.alarm;
        if alarm
            .get()
            .is_none_or(|alarm| alarm <= now || alarm > wanted)
        {
            alarm.set(Some(wanted));
            self.surroundings.activator.activate_after(delay);
        }
    }
}
