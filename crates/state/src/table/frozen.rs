//! A state as it was at one moment, to be written while the program goes on.

use std::hash::Hash;
use std::sync::Arc;

use millstream_core::KeyGroupRange;

use super::layers::{Base, Overlay, visible};
use crate::groups::FrozenTable;
use crate::rows::Rows;
use crate::types::{StateKey, StateValue};

/// A state as it was when [`StateTable::freeze`](super::StateTable::freeze) was called. Goes to another thread to be
/// written; dropping a group gives it back to its table.
pub struct FrozenState<K, V> {
    table: FrozenTable<FrozenGroup<K, V>>,
}

/// One key group of a frozen state.
pub(crate) struct FrozenGroup<K, V> {
    /// Oldest first. Stands before `base` because fields are dropped in this order: the base is let go last.
    overlays: Vec<Arc<Overlay<K, V>>>,
    base: Arc<Base<K, V>>,
    len: usize,
}

impl<K, V> FrozenGroup<K, V> {
    pub(super) fn new(
        overlays: Vec<Arc<Overlay<K, V>>>,
        base: Arc<Base<K, V>>,
        len: usize,
    ) -> Self {
        Self {
            overlays,
            base,
            len,
        }
    }
}

impl<K: Hash + Eq, V> FrozenGroup<K, V> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        visible(
            &self.base,
            self.overlays.iter().map(AsRef::as_ref).collect(),
        )
    }
}

impl<K: Hash + Eq, V> FrozenState<K, V> {
    pub(super) fn new(table: FrozenTable<FrozenGroup<K, V>>) -> Self {
        Self { table }
    }

    /// The state's name.
    pub fn name(&self) -> &str {
        &self.table.identity.name
    }

    /// The key groups of the table that it was taken of.
    pub fn key_groups(&self) -> KeyGroupRange {
        self.table.identity.key_groups
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.table.groups.iter().map(|(_, group)| group.len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, in the order of their key groups.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.table.groups.iter().flat_map(|(_, group)| group.iter())
    }

    pub(crate) fn into_table(self) -> FrozenTable<FrozenGroup<K, V>> {
        self.table
    }
}

impl<K: StateKey, V: StateValue> Rows for FrozenGroup<K, V> {
    type Key = K;
    type Place = ();
    type PlaceRef<'a> = ();
    type Value = V;

    fn len(&self) -> usize {
        self.len
    }

    fn rows(&self) -> impl Iterator<Item = (&K, (), &V)> {
        self.iter().map(|(key, value)| (key, (), value))
    }
}
