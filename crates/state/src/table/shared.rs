//! A key group whose entries a snapshot is still being written from.

use std::borrow::Borrow;
use std::hash::Hash;
use std::mem;
use std::sync::Arc;

use hashbrown::HashTable;

use super::folding::Folding;
use super::frozen::FrozenGroup;
use super::layers::{Base, Overlay, find, visible};
use crate::slot::base_slot;

/// A group that shares its entries with one or more snapshots. Nothing shared is ever changed: an entry
/// is copied into the newest overlay before its first write.
///
/// Every snapshot of the group holds the base, and lets go of it last: a base that is not shared any
/// more means that no overlay is.
pub(super) struct Shared<K, V> {
    base: Arc<Base<K, V>>,
    /// Oldest first. Shared with the snapshots that were taken after them.
    older: Vec<Arc<Overlay<K, V>>>,
    /// What was written since the newest snapshot.
    newest: Overlay<K, V>,
    /// How many keys are there, over all layers.
    len: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Shared<K, V> {
    pub(super) fn new(base: Base<K, V>, older: Vec<Overlay<K, V>>, len: usize) -> Self {
        let older = older
            .into_iter()
            .filter(|overlay| !overlay.is_empty())
            .map(Arc::new)
            .collect();
        Self {
            base: Arc::new(base),
            older,
            newest: HashTable::new(),
            len,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many overlays older snapshots have left.
    pub(super) fn depth(&self) -> usize {
        self.older.len()
    }

    /// One more snapshot of what the group shows now.
    pub(super) fn freeze(&mut self) -> FrozenGroup<K, V> {
        if !self.newest.is_empty() {
            self.older.push(Arc::new(mem::take(&mut self.newest)));
        }
        FrozenGroup::new(self.older.clone(), Arc::clone(&self.base), self.len)
    }

    /// The group by itself again, to be folded, if no snapshot needs it any more.
    pub(super) fn unshare(self) -> Result<Folding<K, V>, Self> {
        let Self {
            base,
            older,
            newest,
            len,
        } = self;
        match Arc::try_unwrap(base) {
            Ok(base) => {
                let older = older.into_iter().map(Arc::unwrap_or_clone);
                Ok(Folding::new(base, older.chain([newest]).collect(), len))
            }
            Err(base) => Err(Self {
                base,
                older,
                newest,
                len,
            }),
        }
    }

    /// Whether a snapshot still needs the entries.
    pub(super) fn is_needed(&self) -> bool {
        Arc::strong_count(&self.base) > 1
    }

    pub(super) fn get<Q>(&self, slot: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let older = self.older.iter().rev().map(AsRef::as_ref);
        find(
            &self.base,
            std::iter::once(&self.newest).chain(older),
            slot,
            key,
        )
    }

    /// The value of `key`, in the newest overlay, where it may be changed.
    pub(super) fn entry<Q>(
        &mut self,
        slot: u64,
        key: &Q,
        own: impl FnOnce(&Q) -> K,
        default: impl FnOnce() -> V,
    ) -> &mut V
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        match self
            .newest
            .find_entry(slot, |(held, _)| held.borrow() == key)
        {
            Ok(found) => {
                let value = &mut found.into_mut().1;
                self.len += usize::from(value.is_none());
                value.get_or_insert_with(default)
            }
            Err(absent) => {
                let older = self.older.iter().rev().map(AsRef::as_ref);
                let value = match find(&self.base, older, slot, key) {
                    Some(value) => value.clone(),
                    None => {
                        self.len += 1;
                        default()
                    }
                };
                let newest = absent.into_table();
                let entry = newest.insert_unique(slot, (own(key), None), base_slot);
                entry.into_mut().1.insert(value)
            }
        }
    }

    pub(super) fn remove<Q>(&mut self, slot: u64, key: &Q, own: impl FnOnce(&Q) -> K) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let removed = match self
            .newest
            .find_entry(slot, |(held, _)| held.borrow() == key)
        {
            Ok(found) => found.into_mut().1.take(),
            Err(absent) => {
                let older = self.older.iter().rev().map(AsRef::as_ref);
                let value = find(&self.base, older, slot, key)?.clone();
                absent
                    .into_table()
                    .insert_unique(slot, (own(key), None), base_slot);
                Some(value)
            }
        };
        self.len -= usize::from(removed.is_some());
        removed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let older = self.older.iter().map(AsRef::as_ref);
        visible(&self.base, older.chain([&self.newest]).collect())
    }
}
