//! A list for each key.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::Result;

use super::Entries;
use crate::collection::{Collection, CollectionTable, ListOf};
use crate::context::KeyContext;
use crate::types::{StateKey, StateValue};

/// A list for each key, under the current key. Clones are handles of the same state.
///
/// Its elements are entries of the state: adding one costs the same for every length of the list, also while a snapshot is
/// being written.
pub struct ListState<K, T: StateValue> {
    entries: Entries<K, ListOf<T>>,
}

impl<K, T: StateValue> Clone for ListState<K, T> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
        }
    }
}

impl<K: StateKey, T: StateValue> ListState<K, T> {
    pub(crate) fn new(
        name: &str,
        table: Rc<RefCell<CollectionTable<K, ListOf<T>>>>,
        context: KeyContext<K>,
    ) -> Self {
        Self {
            entries: Entries::new(name, table, context),
        }
    }

    /// A copy of the list; empty if nothing was added.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn get(&self) -> Result<Vec<T>> {
        self.entries.read(|view| {
            let mut elements = Vec::with_capacity(view.len());
            ListOf::for_each(view, |_, element| elements.push(element.clone()));
            elements
        })
    }

    /// Calls `visit` for each element in order, without copying.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn for_each(&self, mut visit: impl FnMut(&T)) -> Result<()> {
        self.entries
            .read(|view| ListOf::for_each(view, |_, element| visit(element)))
    }

    /// How many elements there are.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn len(&self) -> Result<usize> {
        self.entries.read(|view| view.len())
    }

    /// Whether the list is empty.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn is_empty(&self) -> Result<bool> {
        self.entries.read(|view| view.len() == 0)
    }

    /// Appends an element.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn add(&self, element: T) -> Result<()> {
        self.extend([element])
    }

    /// Appends all elements.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn extend(&self, elements: impl IntoIterator<Item = T>) -> Result<()> {
        self.entries.change(|spot| ListOf::extend(spot, elements))
    }

    /// Replaces the list; an empty one clears it.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn set(&self, elements: Vec<T>) -> Result<()> {
        self.clear()?;
        self.extend(elements)
    }

    /// Removes the list.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn clear(&self) -> Result<()> {
        self.entries.clear()
    }
}
