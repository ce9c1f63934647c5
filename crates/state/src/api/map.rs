//! A map for each key.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::Result;

use super::Entries;
use crate::collection::{Collection, CollectionTable, MapOf};
use crate::context::KeyContext;
use crate::types::{StateKey, StateValue};

/// A map for each key, under the current key. Clones are handles of the same state.
///
/// Its entries are entries of the state: changing one costs the same for every size of the map, also while a snapshot is being
/// written. Their order is none, but the same for the same history of changes.
pub struct MapState<K, UK: StateKey, UV: StateValue> {
    entries: Entries<K, MapOf<UK, UV>>,
}

impl<K, UK: StateKey, UV: StateValue> Clone for MapState<K, UK, UV> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
        }
    }
}

impl<K: StateKey, UK: StateKey, UV: StateValue> MapState<K, UK, UV> {
    pub(crate) fn new(
        name: &str,
        table: Rc<RefCell<CollectionTable<K, MapOf<UK, UV>>>>,
        context: KeyContext<K>,
    ) -> Self {
        Self {
            entries: Entries::new(name, table, context),
        }
    }

    /// A copy of the value of `key` in the map.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn get(&self, key: &UK) -> Result<Option<UV>> {
        self.with(key, |value| value.cloned())
    }

    /// Calls `read` with the value of `key` in the map, without copying it.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn with<R>(&self, key: &UK, read: impl FnOnce(Option<&UV>) -> R) -> Result<R> {
        self.entries.read(|view| read(MapOf::get(&view, key)))
    }

    /// Whether the map holds `key`.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn contains(&self, key: &UK) -> Result<bool> {
        self.with(key, |value| value.is_some())
    }

    /// How many entries the map has.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn len(&self) -> Result<usize> {
        self.entries.read(|view| view.len())
    }

    /// Whether the map is empty.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn is_empty(&self) -> Result<bool> {
        self.entries.read(|view| view.len() == 0)
    }

    /// A copy of all entries, in no order.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn entries(&self) -> Result<Vec<(UK, UV)>> {
        self.entries.read(|view| {
            let mut entries = Vec::with_capacity(view.len());
            MapOf::for_each(view, |key, value| {
                entries.push((key.clone(), value.clone()));
            });
            entries
        })
    }

    /// Calls `visit` for each entry, in no order, without copying.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn for_each(&self, mut visit: impl FnMut(&UK, &UV)) -> Result<()> {
        self.entries.read(|view| MapOf::for_each(view, &mut visit))
    }

    /// Sets the value of `key` in the map.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn put(&self, key: UK, value: UV) -> Result<()> {
        self.entries.change(|spot| MapOf::set(spot, key, value))
    }

    /// Changes the value of `key` in place, putting `default` there first if there is none.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn update<R>(
        &self,
        key: UK,
        default: impl FnOnce() -> UV,
        change: impl FnOnce(&mut UV) -> R,
    ) -> Result<R> {
        self.entries
            .change(|spot| MapOf::update(spot, key, default, change))
    }

    /// Removes `key` from the map and answers its value.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn remove(&self, key: &UK) -> Result<Option<UV>> {
        if !self.contains(key)? {
            return Ok(None);
        }
        self.entries.change(|spot| MapOf::remove(spot, key))
    }

    /// Removes the whole map.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn clear(&self) -> Result<()> {
        self.entries.clear()
    }
}
