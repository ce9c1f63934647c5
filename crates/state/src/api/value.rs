//! One value for each key.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::Result;

use super::Keyed;
use crate::context::KeyContext;
use crate::table::StateTable;
use crate::types::{StateKey, StateValue};

/// One value for each key, under the current key. Clones are handles of the same state.
pub struct ValueState<K, T> {
    keyed: Keyed<K, T>,
}

impl<K, T> Clone for ValueState<K, T> {
    fn clone(&self) -> Self {
        Self {
            keyed: self.keyed.clone(),
        }
    }
}

impl<K: StateKey, T: StateValue> ValueState<K, T> {
    pub(crate) fn new(table: Rc<RefCell<StateTable<K, T>>>, context: KeyContext<K>) -> Self {
        Self {
            keyed: Keyed::new(table, context),
        }
    }

    /// The value; `None` if none was set.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn get(&self) -> Result<Option<T>> {
        self.keyed.read(|value| value.cloned())
    }

    /// Calls `read` with the value, without copying it.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn with<R>(&self, read: impl FnOnce(Option<&T>) -> R) -> Result<R> {
        self.keyed.read(read)
    }

    /// Sets the value.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn set(&self, value: T) -> Result<()> {
        self.keyed.set(value)
    }

    /// Changes the value in place, putting `default` there first if there is none. The quickest way.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn update<R>(
        &self,
        default: impl FnOnce() -> T,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R> {
        self.keyed.change(default, change)
    }

    /// Removes the value.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn clear(&self) -> Result<()> {
        self.keyed.remove().map(drop)
    }
}
