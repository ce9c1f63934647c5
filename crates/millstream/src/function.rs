//! What authors write: functions over records, with or without state.

use std::any::Any;
use std::fmt::Display;

use millstream_core::{Error, EventTime, Result, codes};
use millstream_engine::operator::OperatorContext;
use millstream_engine::{Chunk, Record};
use millstream_state::{
    KeyContext, ListState, MapState, StateKey, StateRegistry, StateValue, TimerState, ValueState,
};

/// Records are handed on in batches of this many: enough to pay for the way to the next operator, few
/// enough to stay in a core's cache.
const BATCH: usize = 2_048;

/// What the timers of a function are called in snapshots.
const TIMERS: &str = "_timers";

/// Takes what a function hands out.
pub struct Collector<T> {
    records: Vec<T>,
    full: Vec<Chunk>,
}

impl<T: Record> Collector<T> {
    pub(crate) fn new() -> Self {
        Self {
            records: Vec::new(),
            full: Vec::new(),
        }
    }

    /// Hands `record` to the next operators.
    #[inline]
    pub fn collect(&mut self, record: T) {
        if self.records.len() == BATCH {
            self.hand_on();
        }
        if self.records.capacity() == 0 {
            self.records.reserve_exact(BATCH);
        }
        self.records.push(record);
    }

    fn hand_on(&mut self) {
        self.full
            .push(Chunk::new(std::mem::take(&mut self.records)));
    }

    /// Moves everything collected to `out`.
    pub(crate) fn flush(&mut self, out: &mut Vec<Chunk>) {
        if !self.records.is_empty() {
            self.hand_on();
        }
        out.append(&mut self.full);
    }
}

/// What a function may answer: nothing, or whether it succeeded. A failure fails the job, which is
/// restarted as its restart strategy says. An [`Error`] keeps its code: one of a kind that no restart can mend ends the
/// job at once.
pub trait Outcome {
    /// The answer as a result.
    ///
    /// # Errors
    /// What the function failed with.
    fn into_result(self) -> Result<()>;
}

impl Outcome for () {
    fn into_result(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Display + 'static> Outcome for Result<(), E> {
    fn into_result(self) -> Result<()> {
        self.map_err(|error| match (&error as &dyn Any).downcast_ref::<Error>() {
            Some(error) => error.clone(),
            None => Error::new(&codes::PROGRAM_FAILED, error.to_string()),
        })
    }
}

/// Gives a function its state, before the first record.
pub struct OpenContext<'a, K> {
    pub(crate) states: &'a mut KeyedContext<K>,
    pub(crate) operator: &'a OperatorContext,
}

impl<K: StateKey> OpenContext<'_, K> {
    /// A value for each key.
    ///
    /// # Errors
    /// There is a state of that name already, or what a snapshot holds under it has another type.
    pub fn value<T: StateValue>(&mut self, name: &str) -> Result<ValueState<K, T>> {
        self.states.registry.value(name)
    }

    /// A list for each key.
    ///
    /// # Errors
    /// As for [`OpenContext::value`].
    pub fn list<T: StateValue>(&mut self, name: &str) -> Result<ListState<K, T>> {
        self.states.registry.list(name)
    }

    /// A map for each key.
    ///
    /// # Errors
    /// As for [`OpenContext::value`].
    pub fn map<MK: StateKey, MV: StateValue>(&mut self, name: &str) -> Result<MapState<K, MK, MV>> {
        self.states.registry.map(name)
    }

    /// The function's timers of event time: registered under the key of the present record or timer, and handed to the
    /// function's `timer` when event time has come to theirs.
    ///
    /// # Errors
    /// What a snapshot holds of them can't be restored.
    pub fn timers(&mut self) -> Result<TimerState<K>> {
        if let Some(timers) = &self.states.timers {
            return Ok(timers.clone());
        }
        let timers = self.states.registry.timers(TIMERS)?;
        self.states.timers = Some(timers.clone());
        Ok(timers)
    }

    /// Has the states speak of `key` while `look` runs, to see what a snapshot holds before the first record.
    /// The key must be one of this subtask's.
    pub fn at_key<R>(&mut self, key: K, look: impl FnOnce() -> R) -> R {
        let context = self.states.registry.context();
        context.set(key);
        let seen = look();
        context.clear();
        seen
    }

    /// The number of this subtask, from 0.
    pub fn subtask(&self) -> usize {
        self.operator.subtask
    }

    /// How many subtasks share the work.
    pub fn parallelism(&self) -> usize {
        self.operator.parallelism
    }
}

/// A function over the records of a keyed stream, with state of its own. Each subtask makes one. States are handles that [`open`](ProcessFunction::open) makes; they always speak of the key
/// of the present record.
///
/// ```
/// use millstream::{Collector, OpenContext, ProcessFunction, Result, ValueState};
///
/// /// Passes a record on when its key is new.
/// #[derive(Default)]
/// struct Distinct {
///     seen: Option<ValueState<String, bool>>,
/// }
///
/// impl ProcessFunction<String, String, String> for Distinct {
///     fn open(&mut self, context: &mut OpenContext<'_, String>) -> Result<()> {
///         self.seen = Some(context.value("seen")?);
///         Ok(())
///     }
///
///     fn process(&mut self, record: String, _: &String, out: &mut Collector<String>) -> Result<()> {
///         let Some(seen) = &self.seen else { return Ok(()) };
///         if seen.get()?.is_none() {
///             seen.set(true)?;
///             out.collect(record);
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait ProcessFunction<K, T, U>: 'static {
    /// Makes the states, before the first record.
    ///
    /// # Errors
    /// Fails the task.
    fn open(&mut self, context: &mut OpenContext<'_, K>) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// Takes one record of `key`.
    ///
    /// # Errors
    /// Fails the task.
    fn process(&mut self, record: T, key: &K, out: &mut Collector<U>) -> Result<()>;

    /// A [timer](OpenContext::timers) of `key` is due. Timers come in the order of their times, each once, and before the
    /// [`watermark`](Self::watermark) that made them due. States speak of `key`; a timer that is registered for a time that has
    /// come already fires when event time next moves, or at once where it is doing so.
    ///
    /// # Errors
    /// Fails the task.
    fn timer(&mut self, time: EventTime, key: &K, out: &mut Collector<U>) -> Result<()> {
        let _ = (time, key, out);
        Ok(())
    }

    /// Event time has come to `watermark`, and every timer up to it has fired.
    ///
    /// # Errors
    /// Fails the task.
    fn watermark(&mut self, watermark: EventTime, out: &mut Collector<U>) -> Result<()> {
        let _ = (watermark, out);
        Ok(())
    }
}

/// A function over the records of two keyed streams that share their keys and its state.
pub trait CoProcessFunction<K, L, R, U>: 'static {
    /// Makes the states, before the first record.
    ///
    /// # Errors
    /// Fails the task.
    fn open(&mut self, context: &mut OpenContext<'_, K>) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// Takes one record of the first stream.
    ///
    /// # Errors
    /// Fails the task.
    fn process_first(&mut self, record: L, key: &K, out: &mut Collector<U>) -> Result<()>;

    /// Takes one record of the second stream.
    ///
    /// # Errors
    /// Fails the task.
    fn process_second(&mut self, record: R, key: &K, out: &mut Collector<U>) -> Result<()>;

    /// A [timer](OpenContext::timers) of `key` is due; see [`ProcessFunction::timer`].
    ///
    /// # Errors
    /// Fails the task.
    fn timer(&mut self, time: EventTime, key: &K, out: &mut Collector<U>) -> Result<()> {
        let _ = (time, key, out);
        Ok(())
    }
}

/// The states of one keyed operator, and the key they speak of.
pub(crate) struct KeyedContext<K> {
    pub(crate) registry: StateRegistry<K>,
    pub(crate) key: KeyContext<K>,
    /// The timers, if the function has any.
    timers: Option<TimerState<K>>,
}

impl<K: StateKey> KeyedContext<K> {
    /// No states yet, for the key groups of one subtask.
    pub(crate) fn new(context: &OperatorContext) -> Self {
        let registry = StateRegistry::new(
            context.max_parallelism,
            context.key_groups(),
            context
                .restored
                .as_ref()
                .and_then(|restored| restored.keyed.clone()),
        );
        let key = registry.context().clone();
        Self {
            registry,
            key,
            timers: None,
        }
    }

    /// Fires a slice of the timers that are due; whether there are more.
    pub(crate) fn fire_due(
        &self,
        up_to: EventTime,
        budget: usize,
        fire: impl FnMut(EventTime, &K) -> Result<()>,
    ) -> Result<bool> {
        match &self.timers {
            Some(timers) => timers.fire_due(up_to, budget, fire),
            None => Ok(false),
        }
    }
}
