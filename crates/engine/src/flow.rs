//! How much a source may have in flight.
//!
//! A source hands out at most a budget of records and [`TICK_BYTES`] in a tick, and has at most [`WINDOW`] ticks that the
//! sinks have not finished. The budget follows the time that a tick takes from the source through the
//! last sink: it halves above [`SLOW`] and doubles below [`FAST`], like the window of a TCP
//! connection. So work in flight is bounded by time, whatever the speed of the sink, and a checkpoint
//! never waits longer than the window takes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::connector::Limit;

/// Ticks that may be unfinished before a source waits.
const WINDOW: usize = 4;
/// Budget of the first tick: small, so that a slow sink is met with little in flight.
const FIRST_BUDGET: usize = 128;
/// Largest budget of a tick, in records: beyond it memory grows and speed does not.
pub(crate) const LARGEST_BUDGET: usize = 1 << 12;
/// Largest tick in bytes: some thousand records of a kilobyte.
const TICK_BYTES: usize = 4 * 1024 * 1024;
/// A tick that takes longer than this halves the budget.
const SLOW: Duration = Duration::from_millis(100);
/// A full tick that takes less than this doubles the budget.
const FAST: Duration = Duration::from_millis(40);
/// A tick that has begun ends after this time even when it is not full.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// One unfinished tick.
#[derive(Debug)]
struct Flight {
    time: u64,
    ended_at: Duration,
    full: bool,
}

/// The flow control of one source subtask. Times are measured from any fixed point.
#[derive(Debug)]
pub(crate) struct FlowControl {
    budget: usize,
    sent: usize,
    sent_bytes: usize,
    flights: VecDeque<Flight>,
}

impl FlowControl {
    pub(crate) fn new() -> Self {
        Self {
            budget: FIRST_BUDGET,
            sent: 0,
            sent_bytes: 0,
            flights: VecDeque::with_capacity(WINDOW + 1),
        }
    }

    /// How much may still be handed out in this tick.
    pub(crate) fn allowance(&self) -> Limit {
        Limit {
            records: self.budget.saturating_sub(self.sent),
            bytes: TICK_BYTES.saturating_sub(self.sent_bytes),
        }
    }

    /// Whether this tick takes no more.
    pub(crate) fn is_full(&self) -> bool {
        self.sent >= self.budget || self.sent_bytes >= TICK_BYTES
    }

    /// Whether the source must wait until the sinks have caught up.
    pub(crate) fn is_window_full(&self) -> bool {
        self.flights.len() >= WINDOW
    }

    /// Whether this tick holds anything.
    pub(crate) fn has_sent(&self) -> bool {
        self.sent > 0
    }

    /// `records` were handed out in this tick, of so many bytes.
    pub(crate) fn sent(&mut self, records: usize, bytes: usize) {
        self.sent += records;
        self.sent_bytes += bytes;
    }

    /// What was handed out in this tick has been processed, though the tick goes on: an epoch's last one, which ends with
    /// the epoch.
    pub(crate) fn tick_goes_on(&mut self) {
        self.sent = 0;
        self.sent_bytes = 0;
    }

    /// The tick with this time has ended.
    pub(crate) fn tick_ended(&mut self, time: u64, now: Duration) {
        if self.sent > 0 {
            let full = self.sent >= self.budget;
            self.flights.push_back(Flight {
                time,
                ended_at: now,
                full,
            });
            self.tick_goes_on();
        }
    }

    /// The sinks have finished everything before `bound` (everything at all, for `None`).
    pub(crate) fn finished(&mut self, bound: Option<u64>, now: Duration) {
        while let Some(flight) = self.flights.front() {
            if bound.is_some_and(|bound| flight.time >= bound) {
                return;
            }
            let took = now.saturating_sub(flight.ended_at);
            if took > SLOW {
                self.budget = (self.budget / 2).max(1);
            } else if took < FAST && flight.full {
                self.budget = (self.budget * 2).min(LARGEST_BUDGET);
            }
            self.flights.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FlowControl, LARGEST_BUDGET, TICK_BYTES, WINDOW};

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Runs full ticks against a sink that takes `per_record` for each record, and tells the longest
    /// time that a record spent in flight.
    fn longest_flight(per_record: Duration) -> Duration {
        let mut flow = FlowControl::new();
        let (mut now, mut sink_free) = (Duration::ZERO, Duration::ZERO);
        let mut done: Vec<(u64, Duration)> = Vec::new();
        let mut longest = Duration::ZERO;
        for time in 0..300_u64 {
            while flow.is_window_full() {
                let (finished, at) = done.remove(0);
                now = now.max(at);
                flow.finished(Some(finished + 1), now);
            }
            let records = flow.allowance().records;
            flow.sent(records, records);
            flow.tick_ended(time, now);
            sink_free = sink_free.max(now) + per_record * records as u32;
            done.push((time, sink_free));
            if time > 20 {
                longest = longest.max(sink_free - now);
            }
        }
        longest
    }

    #[test]
    fn a_slow_sink_has_less_than_a_second_of_work_in_flight() {
        for per_record in [millis(1), millis(10), millis(50), Duration::from_micros(20)] {
            let longest = longest_flight(per_record);
            assert!(
                longest < millis(1_000),
                "{per_record:?} a record: {longest:?}"
            );
        }
    }

    #[test]
    fn a_fast_sink_gets_the_largest_budget() {
        let mut flow = FlowControl::new();
        for time in 0..20 {
            flow.sent(flow.allowance().records, 0);
            flow.tick_ended(time, millis(time));
            flow.finished(Some(time + 1), millis(time + 1));
        }
        assert_eq!(flow.allowance().records, LARGEST_BUDGET);
    }

    #[test]
    fn a_tick_is_bounded_in_bytes() {
        let mut flow = FlowControl::new();
        flow.sent(1, TICK_BYTES - 1);
        assert!(!flow.is_full());
        assert_eq!(flow.allowance().bytes, 1);
        flow.sent(1, 1_000);
        assert!(flow.is_full());
        let records = flow.allowance().records;
        flow.tick_ended(1, millis(0));
        flow.finished(None, millis(1));
        let budget = flow.allowance();
        assert_eq!(budget.bytes, TICK_BYTES);
        assert_eq!(
            budget.records,
            records + 2,
            "few large records are no reason for more"
        );
    }

    #[test]
    fn the_window_bounds_unfinished_ticks() {
        let mut flow = FlowControl::new();
        for time in 0..WINDOW as u64 {
            assert!(!flow.is_window_full());
            flow.sent(1, 1);
            flow.tick_ended(time, millis(0));
        }
        assert!(flow.is_window_full());
        flow.finished(None, millis(1));
        assert!(!flow.is_window_full());
    }
}
