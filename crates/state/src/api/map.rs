//! A map for each key.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::Rc;

use millstream_core::Result;
use millstream_core::hash::StableHasher;

use super::Keyed;
use crate::context::KeyContext;
use crate::table::StateTable;
use crate::types::{StateKey, StateValue};

/// The map of one key. Its order is none, but the same for the same history of changes.
pub type MapEntries<UK, UV> = HashMap<UK, UV, BuildHasherDefault<StableHasher>>;

/// A map for each key, under the current key. Clones are handles of the same state.
///
/// While a snapshot is being written, the first change of a key's map copies that map: for very large maps use
/// the map's key as part of the stream's key.
pub struct MapState<K, UK, UV> {
    keyed: Keyed<K, MapEntries<UK, UV>>,
}

impl<K, UK, UV> Clone for MapState<K, UK, UV> {
    fn clone(&self) -> Self {
        Self {
            keyed: self.keyed.clone(),
        }
    }
}

impl<K: StateKey, UK: StateKey, UV: StateValue> MapState<K, UK, UV> {
    pub(crate) fn new(
        table: Rc<RefCell<StateTable<K, MapEntries<UK, UV>>>>,
        context: KeyContext<K>,
    ) -> Self {
        Self {
            keyed: Keyed::new(table, context),
        }
    }

    /// The value of `key` in the map.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn get(&self, key: &UK) -> Result<Option<UV>> {
        self.keyed.read(|map| map?.get(key).cloned())
    }

    /// Whether the map holds `key`.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn contains(&self, key: &UK) -> Result<bool> {
        self.keyed
            .read(|map| map.is_some_and(|map| map.contains_key(key)))
    }

    /// Whether the map is empty.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn is_empty(&self) -> Result<bool> {
        self.keyed.read(|map| map.is_none_or(HashMap::is_empty))
    }

    /// A copy of all entries, in no order.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn entries(&self) -> Result<Vec<(UK, UV)>> {
        let copy = |(key, value): (&UK, &UV)| (key.clone(), value.clone());
        self.keyed
            .read(|map| map.into_iter().flatten().map(copy).collect())
    }

    /// Calls `visit` for each entry, in no order, without copying.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn for_each(&self, mut visit: impl FnMut(&UK, &UV)) -> Result<()> {
        self.keyed.read(|map| {
            map.into_iter()
                .flatten()
                .for_each(|(key, value)| visit(key, value))
        })
    }

    /// Sets the value of `key` in the map.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn put(&self, key: UK, value: UV) -> Result<()> {
        self.keyed
            .change(MapEntries::default, |map| map.insert(key, value))
            .map(drop)
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
        self.keyed.change(MapEntries::default, |map| {
            change(map.entry(key).or_insert_with(default))
        })
    }

    /// Removes `key` from the map and answers its value.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn remove(&self, key: &UK) -> Result<Option<UV>> {
        if !self.contains(key)? {
            return Ok(None);
        }
        let (removed, is_empty) = self.keyed.change(MapEntries::default, |map| {
            let removed = map.remove(key);
            (removed, map.is_empty())
        })?;
        if is_empty {
            self.clear()?;
        }
        Ok(removed)
    }

    /// Removes the whole map.
    ///
    /// # Errors
    /// There is no current key, or the state is being changed.
    pub fn clear(&self) -> Result<()> {
        self.keyed.remove().map(drop)
    }
}
