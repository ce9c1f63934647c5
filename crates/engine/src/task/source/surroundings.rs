//! What a source task shares with the rest of its worker and process.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use timely::dataflow::operators::probe;
use timely::scheduling::Activator;

use crate::rate::RateLimit;
use crate::task::control::{Control, Deliveries, SourceWakers, TickClock};
use crate::task::core::now;
use crate::time::Time;

/// What a source task shares with the rest of its worker and process.
pub(crate) struct SourceSurroundings {
    pub(crate) control: Rc<RefCell<Control>>,
    pub(crate) clock: TickClock,
    pub(crate) deliveries: Deliveries,
    /// The sources of the process.
    pub(crate) sources: SourceWakers,
    /// Where the sinks are that the source reaches: those of others may stand still without harm to it.
    pub(crate) sinks: Vec<probe::Handle<Time>>,
    pub(crate) activator: Activator,
    /// How fast the sources of the job may go together, and the number that this one has there.
    pub(crate) rate: Arc<RateLimit>,
    pub(crate) turn: usize,
    /// When the next timed activation is due, which is one of all subtasks on this worker.
    pub(crate) alarm: Rc<Cell<Option<Instant>>>,
    /// Told once when the input has come to its end.
    pub(crate) ended: Box<dyn Fn()>,
}

impl SourceSurroundings {
    /// The least time of which a sink has not taken everything; `None`: all have taken all there will ever be.
    pub(super) fn bound_of_sinks(&self) -> Option<Time> {
        let sinks = self.sinks.iter();
        let bound =
            |sink: &probe::Handle<Time>| sink.with_frontier(|frontier| frontier.first().copied());
        sinks.filter_map(bound).min()
    }

    /// Has the task activated after `delay`, unless an earlier activation is due already: timers of
    /// timely can't be taken back and would pile up.
    pub(super) fn alarm_in(&self, delay: Duration) {
        let now = now();
        let wanted = now + delay;
        let alarm = &self.alarm;
        if alarm
            .get()
            .is_none_or(|alarm| alarm <= now || alarm > wanted)
        {
            alarm.set(Some(wanted));
            self.activator.activate_after(delay);
        }
    }
}
