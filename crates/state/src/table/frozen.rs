//! A state as it was at one moment, to be written while the program goes on.

use std::hash::Hash;
use std::sync::Arc;

use millstream_core::{KeyGroup, KeyGroupRange};

use super::TableIdentity;
use super::layers::{Base, Overlay, visible};

/// A state as it was when [`StateTable::freeze`](super::StateTable::freeze) was called. Goes to another thread to be
/// written; dropping a group gives it back to its table.
pub struct FrozenState<K, V> {
    identity: Arc<TableIdentity>,
    groups: Vec<(KeyGroup, FrozenGroup<K, V>)>,
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
    pub(super) fn new(
        identity: Arc<TableIdentity>,
        groups: Vec<(KeyGroup, FrozenGroup<K, V>)>,
    ) -> Self {
        Self { identity, groups }
    }

    /// The state's name.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// The key groups of the table that it was taken of.
    pub fn key_groups(&self) -> KeyGroupRange {
        self.identity.key_groups
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.groups.iter().map(|(_, group)| group.len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, in the order of their key groups.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.groups.iter().flat_map(|(_, group)| group.iter())
    }

    pub(crate) fn identity(&self) -> &Arc<TableIdentity> {
        &self.identity
    }

    /// The groups that are not empty, in order; each is given back to its table when it is dropped.
    pub(crate) fn into_groups(self) -> impl Iterator<Item = (KeyGroup, FrozenGroup<K, V>)> {
        self.groups.into_iter()
    }
}
