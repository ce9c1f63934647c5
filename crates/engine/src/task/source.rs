//! The adaptor of tasks that begin with a source.

mod event_time;
mod surroundings;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use millstream_core::{CheckpointId, OperatorId, Result};
use millstream_protocol::Then;

use super::announce::Announcer;
use super::core::{TaskCore, now, source_part};
use super::output::{Capabilities, Outputs};
use crate::chunk::Chunk;
use crate::connector::SourceStatus;
use crate::flow::{FlowControl, TICK};
use crate::messages::{OperatorPart, Trigger};
use crate::operator::{Polled, Port, SourceOperator};
use crate::rate::Grant;
use crate::time::{Time, at};
use crate::weigher::Weigher;

pub(crate) use surroundings::SourceSurroundings;

/// How often a source without records looks whether others need it to move on.
const IDLE: Duration = Duration::from_millis(500);

/// A source and its place in the stream of time.
pub(crate) struct SourceTask {
    pub(crate) core: TaskCore,
    pub(crate) source: Box<dyn SourceOperator>,
    pub(crate) source_uid: String,
    pub(crate) source_id: OperatorId,
    pub(crate) outputs: Outputs,
    pub(crate) announcer: Announcer,
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
    /// What was read and has not been processed.
    rest: VecDeque<Chunk>,
    /// How large what the source hands out is.
    weigher: Weigher,
    /// The right to send late results: that of the oldest that are owed.
    owed: Option<Capabilities>,
    /// Whether event time has come to its end: by the end of the input, or by a drain.
    time_ended: bool,
    ended: bool,
    /// The boundary of a stop that the source waits behind; `None`: it does not wait.
    waits_behind: Option<CheckpointId>,
    /// Whether it was said that the epoch's ticks have run out.
    warned: bool,
    /// When the other sources were last told that this one waits for the sinks, and at which time it did.
    told: Option<(Instant, Time)>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let started = now();
        Self {
            started,
            tick_began: started,
            rest: VecDeque::new(),
            weigher: Weigher::default(),
            owed: None,
            time_ended: false,
            ended: false,
            waits_behind: None,
            warned: false,
            told: None,
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
        self.core.poll_prepared()?;
        // Also at the end, of which the reader may be told at once with the last snapshot's.
        while let Some((checkpoint, completed)) = self.core.take_ended()? {
            self.source.checkpoint_ended(checkpoint, completed)?;
        }
        if self.surroundings.control.borrow().finish {
            self.capabilities = None;
            self.state.owed = None;
            return Ok(());
        }
        self.take_late_results()?;
        if !self.settle()? {
            self.follow_clock();
            return Ok(());
        }
        if !self.pass_boundaries()? {
            return Ok(());
        }
        if self.core.is_held_up()? {
            self.core.note_waits(true);
            self.surroundings.alarm_in(TICK);
            return Ok(());
        }
        self.account_for_sinks();
        let must_wait = self.must_wait();
        if !self.end_tick_if_due(must_wait)? {
            return Ok(());
        }
        if must_wait {
            self.core.note_waits(false);
            self.surroundings.alarm_in(IDLE);
            return Ok(());
        }
        if self.flow.is_window_full() || self.is_last_tick_full() {
            self.wait_for_sinks();
            return Ok(());
        }
        self.core.note_waits(false);
        self.poll()
    }

    /// Crosses every boundary that has been announced; `false`: the task stands on one, or before it.
    fn pass_boundaries(&mut self) -> Result<bool> {
        loop {
            if !self.core.on_boundary() {
                self.take_found()?;
                let Some(trigger) = self.core.next_trigger() else {
                    return Ok(true);
                };
                self.state.time_ended |= trigger.then == Then::Drain;
                if !self.tell_event_time()? {
                    return Ok(false);
                }
                if self.state.owed.is_some() {
                    // Late results belong before the boundary.
                    return Ok(false);
                }
                let part = self.snapshot(&trigger);
                self.core.meet_boundary(trigger, Some(part));
            }
            let Some(trigger) = self.core.cross_boundary()? else {
                self.surroundings.alarm_in(TICK);
                return Ok(false);
            };
            self.move_to(at(trigger.checkpoint(), 0));
            self.state.warned = false;
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
            self.source.records_read(),
        ))
    }

    /// Processes what was read, and fires a slice of what event time has made due; `false`: there is more of it, and
    /// the task is activated again.
    fn settle(&mut self) -> Result<bool> {
        let mut out = Vec::new();
        while let Some(mut chunk) = self.state.rest.pop_front() {
            if self.has_to_wait()? {
                self.state.rest.push_front(chunk);
                return Ok(false);
            }
            if let Some(rest) = chunk.split_off(self.core.piece()) {
                self.state.rest.push_front(rest);
            }
            self.core.process(Port::First, chunk, &mut out)?;
            self.send(&mut out)?;
            self.take_late_results()?;
        }
        if !self.core.is_advancing() {
            return Ok(true);
        }
        if self.has_to_wait()? {
            return Ok(false);
        }
        self.core.advance(&mut out)?;
        self.send(&mut out)?;
        self.take_late_results()?;
        if self.core.is_advancing() {
            self.surroundings.activator.activate();
        }
        Ok(!self.core.is_advancing())
    }

    /// Whether a sink or those behind the task take no more.
    fn has_to_wait(&mut self) -> Result<bool> {
        let waits = self.outputs.is_full() || self.core.is_still_blocked()?;
        if waits {
            self.core.note_waits(true);
            self.surroundings.alarm_in(TICK);
        }
        Ok(waits)
    }

    /// Hands out results that have come late, and keeps the right to send those that are still to come.
    fn take_late_results(&mut self) -> Result<()> {
        let mut out = Vec::new();
        let polled = self.core.poll_late(&mut out)?;
        let owed = self.state.owed.take();
        if out.is_empty() && polled == Polled::Idle {
            return Ok(());
        }
        let Some(right) = owed.or_else(|| self.capabilities.clone()) else {
            return Ok(());
        };
        if !out.is_empty() {
            let sent = self.outputs.send(&right, &mut out)?;
            self.core.sent(sent);
        }
        self.state.owed = (polled == Polled::Pending).then_some(right);
        Ok(())
    }

    /// Ends the tick and goes on at `time`.
    fn move_to(&mut self, time: Time) {
        let now = now();
        if time > self.time {
            self.flow
                .tick_ended(self.time, now.duration_since(self.state.started));
            self.time = time;
        } else if self.outputs.is_empty() {
            // The epoch's last tick: what it has sent is through.
            self.flow.tick_goes_on();
        }
        self.state.tick_began = now;
        self.surroundings.clock.reached(self.time);
        if let Some(capabilities) = &mut self.capabilities {
            capabilities.downgrade(self.time);
        }
    }

    fn account_for_sinks(&mut self) {
        let bound = self.surroundings.bound_of_sinks();
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
        if time > self.time {
            self.move_to(time);
        }
    }

    fn wait_for_sinks(&mut self) {
        self.surroundings.control.borrow_mut().waits_for_sinks = true;
        // Sources without records follow the clock when they are told, this one among them: told at every activation,
        // sources that wait would keep each other awake.
        let now = now();
        let is_told = |(at, time): (Instant, Time)| time == self.time && now < at + TICK;
        if !self.state.told.is_some_and(is_told) {
            self.state.told = Some((now, self.time));
            self.surroundings.sources.wake();
        }
        self.surroundings.alarm_in(TICK);
        self.core.note_waits(true);
    }

    fn poll(&mut self) -> Result<()> {
        // A tick is small enough for the worker's other tasks to get their turn in between.
        let limit = self.flow.allowance();
        let mut chunks: Vec<Chunk> = Vec::new();
        let started = now();
        let (rate, turn) = (&self.surroundings.rate, self.surroundings.turn);
        let limit = match rate.grant(turn, limit, started) {
            Grant::Now(limit) => limit,
            Grant::In(wait) => return self.wait_for_turn(wait),
        };
        let read_before = self.core.metrics.source.bytes.get();
        let status = self.source.poll(&mut chunks, limit)?;
        self.core.metrics.worked(started.elapsed());
        let weigher = &mut self.state.weigher;
        let bytes: u64 = chunks.iter().map(|chunk| weigher.weigh(chunk)).sum();
        self.state.rest.extend(chunks);
        let records = match status {
            SourceStatus::Ready(records) => records,
            SourceStatus::Pending(_) | SourceStatus::Ended => 0,
        };
        // As files and topics hold them, where the source counts that.
        let read = self.core.metrics.source.bytes.get() - read_before;
        let read = if read == 0 && records > 0 {
            bytes
        } else {
            read
        };
        let rate = &self.surroundings.rate;
        rate.spent(limit, records, usize::try_from(read).unwrap_or(usize::MAX));
        if let SourceStatus::Ready(records) = status {
            self.flow.sent(records, bytes as usize);
        }
        let is_settled = self.settle()?;
        match status {
            SourceStatus::Ready(_) => {
                if is_settled {
                    self.surroundings.activator.activate();
                }
            }
            SourceStatus::Pending(after) => {
                let has_begun = self.flow.has_sent() || self.announcer.is_news(self.task_time());
                let idle = after.unwrap_or(IDLE).min(IDLE);
                self.surroundings
                    .alarm_in(if has_begun { idle.min(TICK) } else { idle });
            }
            SourceStatus::Ended => {
                self.state.ended = true;
                self.state.time_ended = true;
                (self.surroundings.ended)();
                self.surroundings.activator.activate();
            }
        }
        if self.core.maintain() {
            self.surroundings.activator.activate();
        }
        Ok(())
    }

    /// The sources of the job have handed out as much as they may for now.
    fn wait_for_turn(&mut self, wait: Duration) -> Result<()> {
        let has_begun = self.flow.has_sent() || self.announcer.is_news(self.task_time());
        let longest = if has_begun { TICK } else { IDLE };
        self.surroundings.alarm_in(wait.min(longest));
        if self.core.maintain() {
            self.surroundings.activator.activate();
        }
        Ok(())
    }

    fn send(&mut self, chunks: &mut Vec<Chunk>) -> Result<()> {
        if let (Some(capabilities), false) = (&self.capabilities, chunks.is_empty()) {
            let sent = self.outputs.send(capabilities, chunks)?;
            self.core.sent(sent);
        }
        Ok(())
    }
}
