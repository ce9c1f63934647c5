//! Timers of event time for each key.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::{Error, EventTime, Result};

use super::in_use;
use crate::context::KeyContext;
use crate::timers::{Due, TimerTable};
use crate::types::StateKey;

/// Timers of event time, under the current key. Clones are handles of the same timers.
///
/// A timer is due when event time has come to its time. It fires once; two of one key and one time are one. Timers are in
/// snapshots, and fire after a restore if they have not before, at whatever parallelism.
pub struct TimerState<K> {
    table: Rc<RefCell<TimerTable<K>>>,
    context: KeyContext<K>,
    name: Rc<str>,
}

impl<K> Clone for TimerState<K> {
    fn clone(&self) -> Self {
        Self {
            table: Rc::clone(&self.table),
            context: self.context.clone(),
            name: Rc::clone(&self.name),
        }
    }
}

impl<K: StateKey> TimerState<K> {
    pub(crate) fn new(
        name: &str,
        table: Rc<RefCell<TimerTable<K>>>,
        context: KeyContext<K>,
    ) -> Self {
        Self {
            table,
            context,
            name: name.into(),
        }
    }

    /// Has the current key's timer fire at `time`; at the next step of event time where it has come further already.
    /// `false`: there is such a timer already.
    ///
    /// # Errors
    /// There is no current key.
    pub fn register(&self, time: EventTime) -> Result<bool> {
        self.context.with(&self.name, |key, hash| {
            Ok(self.changed()?.register(hash, key, time))
        })?
    }

    /// Takes the current key's timer at `time` away. `false`: there was none.
    ///
    /// # Errors
    /// There is no current key.
    pub fn delete(&self, time: EventTime) -> Result<bool> {
        self.context.with(&self.name, |key, hash| {
            Ok(self.changed()?.delete(hash, key, time))
        })?
    }

    /// Whether the current key has a timer at `time`.
    ///
    /// # Errors
    /// There is no current key.
    pub fn is_registered(&self, time: EventTime) -> Result<bool> {
        self.context.with(&self.name, |key, hash| {
            let table = self.table.try_borrow().map_err(|_| self.in_use())?;
            Ok(table.is_registered(hash, key, time))
        })?
    }

    /// Fires timers that are due at `up_to`, at most `budget`, in the order of their times: `fire` is called with the time and
    /// the key, which is the current one meanwhile, and may register and delete timers. A timer is gone before it fires. Answers
    /// whether more are due: call again.
    ///
    /// # Errors
    /// Those of `fire`.
    pub fn fire_due(
        &self,
        up_to: EventTime,
        budget: usize,
        mut fire: impl FnMut(EventTime, &K) -> Result<()>,
    ) -> Result<bool> {
        for _ in 0..budget {
            let due = self.changed()?.next_due(up_to);
            let Some(Due { time, key, hash }) = due else {
                return Ok(false);
            };
            self.context.set_hashed(key.clone(), hash);
            let fired = fire(time, &key);
            self.context.clear();
            fired?;
        }
        let first = self.changed()?.first();
        Ok(first.is_some_and(|first| first <= up_to))
    }

    fn changed(&self) -> Result<std::cell::RefMut<'_, TimerTable<K>>> {
        self.table.try_borrow_mut().map_err(|_| self.in_use())
    }

    fn in_use(&self) -> Error {
        in_use(&self.name)
    }
}
