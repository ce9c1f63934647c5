//! A list for each key.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::Result;

use super::Keyed;
use crate::context::KeyContext;
use crate::table::StateTable;
use crate::types::{StateKey, StateValue};

/// A list for each key, under the current key. Clones are handles of the same state.
pub struct ListState<K, T> {
    keyed: Keyed<K, Vec<T>>,
}

impl<K, T> Clone for ListState<K, T> {
    fn clone(&self) -> Self {
        Self {
            keyed: self.keyed.clone(),
        }
    }
}

impl<K: StateKey, T: StateValue> ListState<K, T> {
    pub(crate) fn new(table: Rc<RefCell<StateTable<K, Vec<T>>>>, context: KeyContext<K>) -> Self {
        Self {
            keyed: Keyed::new(table, context),
        }
    }

    /// A copy of the list; empty if nothing was added.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn get(&self) -> Result<Vec<T>> {
        self.with(<[T]>::to_vec)
    }

    /// Calls `read` with the list, without copying it.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn with<R>(&self, read: impl FnOnce(&[T]) -> R) -> Result<R> {
        self.keyed
            .read(|list| read(list.map_or(&[], Vec::as_slice)))
    }

    /// Calls `visit` for each element in order.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn for_each(&self, visit: impl FnMut(&T)) -> Result<()> {
        self.with(|list| list.iter().for_each(visit))
    }

    /// Appends an element.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn add(&self, element: T) -> Result<()> {
        self.keyed.change(Vec::new, |list| list.push(element))
    }

    /// Appends all elements.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn extend(&self, elements: impl IntoIterator<Item = T>) -> Result<()> {
        let mut elements = elements.into_iter().peekable();
        if elements.peek().is_none() {
            return Ok(());
        }
        self.keyed.change(Vec::new, |list| list.extend(elements))
    }

    /// Replaces the list; an empty one clears it.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn set(&self, elements: Vec<T>) -> Result<()> {
        if elements.is_empty() {
            self.clear()
        } else {
            self.keyed.set(elements)
        }
    }

    /// Removes the list.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn clear(&self) -> Result<()> {
        self.keyed.remove().map(drop)
    }
}
