//! The ticks of a source, and the event time that it tells when they end.

use millstream_core::{EventTime, Result};

use super::SourceTask;
use crate::connector::Announced;
use crate::flow::TICK;
use crate::time::{is_last, next};

impl SourceTask {
    /// How far event time has come behind the source.
    pub(super) fn source_time(&self) -> Announced {
        if self.state.time_ended {
            Announced::Active(EventTime::MAX)
        } else {
            self.source.announced()
        }
    }

    /// How far it has come behind the task, whose operators may make watermarks of their own.
    pub(super) fn task_time(&self) -> Announced {
        let made = self.core.announced();
        made.unwrap_or_else(|| self.source_time())
    }

    /// Brings event time to the operators of this very task and tells those behind; `false`: timers are still to fire.
    pub(super) fn tell_event_time(&mut self) -> Result<bool> {
        if let Announced::Active(time) = self.source_time() {
            self.core.event_time(time);
        }
        if !self.settle()? {
            return Ok(false);
        }
        let announced = self.task_time();
        let place = self.outputs.count();
        let capabilities = self.capabilities.as_ref();
        if let Some(capability) = capabilities.and_then(|all| all.output(place)) {
            self.announcer.announce(announced, capability);
        }
        Ok(true)
    }

    /// Ends the tick if it is full, has lasted long enough, or others have gone on; event time is told before. `false`:
    /// timers are still to fire.
    pub(super) fn end_tick_if_due(&mut self, must_wait: bool) -> Result<bool> {
        let has_begun = self.flow.has_sent() || self.announcer.is_news(self.task_time());
        let is_over = must_wait || self.state.tick_began.elapsed() >= TICK;
        let is_due = self.flow.is_full() || has_begun && is_over;
        let latest = self.surroundings.clock.follow(self.time);
        if !is_due && latest == self.time {
            return Ok(true);
        }
        if !self.tell_event_time()? {
            return Ok(false);
        }
        let following = if is_due { next(self.time) } else { self.time };
        self.move_to(following.max(latest));
        Ok(true)
    }

    /// Whether the epoch's ticks have run out, and the last one has taken as much as may be under way. It goes on when
    /// that has been processed; event time goes on behind the next boundary.
    pub(super) fn is_last_tick_full(&mut self) -> bool {
        if !is_last(self.time) {
            return false;
        }
        if !std::mem::replace(&mut self.state.warned, true) {
            tracing::warn!(
                "Between two checkpoints time has come to its last tick: event time stands still until the next checkpoint."
            );
        }
        let is_full = self.flow.is_full();
        if is_full {
            self.surroundings.alarm_in(TICK);
        }
        is_full
    }
}
