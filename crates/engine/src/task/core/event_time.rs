//! Event time on its way through a chain, in slices.

use millstream_core::{EventTime, Result};

use super::{ChainOperator, TaskCore, now, records_of};
use crate::chunk::Chunk;
use crate::connector::Announced;
use crate::operator::Port;

/// Timers and windows that an operator fires at once.
const BUDGET: usize = 4_096;

impl TaskCore {
    /// Event time has come to `time` on the inputs. Operators are brought to it by [`advance`](Self::advance).
    pub(crate) fn event_time(&mut self, time: EventTime) {
        if time > self.time {
            self.time = time;
            self.advancing = true;
            self.metrics.event_time(time);
        }
    }

    /// An operator that makes watermarks may have gone on by itself.
    pub(crate) fn look_at_watermarks(&mut self) {
        self.advancing = true;
    }

    /// Whether operators may not have been brought to the event time on the inputs.
    pub(crate) fn is_advancing(&self) -> bool {
        self.advancing
    }

    /// Fires one slice of what is due; what operators hand out runs through those behind them and is left in `out`.
    pub(crate) fn advance(&mut self, out: &mut Vec<Chunk>) -> Result<()> {
        let started = now();
        self.advancing = self.advance_slice(out)?;
        self.metrics.worked(started.elapsed());
        Ok(())
    }

    /// Whether there is more.
    fn advance_slice(&mut self, out: &mut Vec<Chunk>) -> Result<bool> {
        let mut time = self.time;
        for number in 0..self.chain.len() {
            let Some(link) = self.chain.get_mut(number) else {
                break;
            };
            if link.reached < time {
                let mut chunks = Vec::new();
                let more = link.operator.advance_to(time, BUDGET, &mut chunks)?;
                link.tally.given += records_of(&chunks);
                if !more {
                    link.reached = time;
                }
                if !chunks.is_empty() {
                    self.through_chain(number + 1, Port::First, &mut chunks)?;
                    out.append(&mut chunks);
                }
                if more || self.is_blocked() {
                    return Ok(true);
                }
            }
            if let Some(link) = self.chain.get_mut(number) {
                time = link.time_behind(time);
            }
        }
        Ok(false)
    }

    /// How far event time has come behind the task, if one of its operators makes watermarks.
    pub(crate) fn announced(&self) -> Option<Announced> {
        let last = self.chain.iter().rev().find(|link| link.generates)?;
        if last.made == EventTime::MAX {
            return Some(Announced::Active(EventTime::MAX));
        }
        Some(last.operator.announced())
    }
}

impl ChainOperator {
    /// The event time that counts behind the operator, where it has come to `time` before it.
    fn time_behind(&mut self, time: EventTime) -> EventTime {
        if !self.generates {
            return time;
        }
        if time == EventTime::MAX {
            self.made = time;
        } else if let Announced::Active(made) = self.operator.announced() {
            self.made = self.made.max(made);
        }
        self.made
    }
}
