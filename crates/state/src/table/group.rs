//! One key group of a table: nearly always one plain hash table.

use std::borrow::Borrow;
use std::hash::Hash;
use std::mem;

use hashbrown::HashTable;

use super::folding::Folding;
use super::frozen::FrozenGroup;
use super::layers::Base;
use super::shared::Shared;
use crate::groups::Part;
use crate::slot::base_slot;

/// A group that snapshots overtake again and again before it can be folded is folded at once when it has
/// this many overlays, so that reads stay quick.
const DEEPEST: usize = 4;

/// The entries of one key group.
pub(super) enum Group<K, V> {
    /// No snapshot is under way: one table.
    Live(Base<K, V>),
    /// A snapshot is being written from the entries.
    Shared(Box<Shared<K, V>>),
    /// The snapshot is written; what changed meanwhile is being folded in.
    Folding(Box<Folding<K, V>>),
}

impl<K, V> Default for Group<K, V> {
    fn default() -> Self {
        Self::Live(HashTable::new())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Part for Group<K, V> {
    type Frozen = FrozenGroup<K, V>;

    fn is_settled(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    fn len(&self) -> usize {
        match self {
            Self::Live(table) => table.len(),
            Self::Shared(shared) => shared.len(),
            Self::Folding(folding) => folding.len(),
        }
    }

    fn freeze(&mut self) -> Option<FrozenGroup<K, V>> {
        let mut shared = match mem::take(self) {
            Self::Live(table) if table.is_empty() => {
                *self = Self::Live(table);
                return None;
            }
            Self::Live(table) => {
                let len = table.len();
                Box::new(Shared::new(table, Vec::new(), len))
            }
            Self::Folding(folding) => {
                // What is not folded yet stays in its overlays.
                let (base, overlays, len) = folding.into_layers();
                Box::new(Shared::new(base, overlays, len))
            }
            Self::Shared(shared) if shared.depth() < DEEPEST => shared,
            Self::Shared(shared) => Box::new(flattened(*shared)),
        };
        let frozen = shared.freeze();
        *self = Self::Shared(shared);
        Some(frozen)
    }

    fn maintain(&mut self, budget: &mut usize) -> bool {
        if let Self::Shared(shared) = self
            && shared.is_needed()
        {
            return false;
        }
        let mut folding = match mem::take(self) {
            Self::Live(table) => {
                *self = Self::Live(table);
                return true;
            }
            Self::Folding(folding) => folding,
            Self::Shared(shared) => match shared.unshare() {
                Ok(folding) => Box::new(folding),
                Err(shared) => {
                    *self = Self::Shared(Box::new(shared));
                    return false;
                }
            },
        };
        let is_folded = folding.fold(budget);
        *self = if is_folded {
            Self::Live(folding.into_base())
        } else {
            Self::Folding(folding)
        };
        is_folded
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Group<K, V> {
    pub(super) fn get<Q>(&self, slot: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        match self {
            Self::Live(table) => table
                .find(slot, |(held, _)| held.borrow() == key)
                .map(|(_, value)| value),
            Self::Shared(shared) => shared.get(slot, key),
            Self::Folding(folding) => folding.get(slot, key),
        }
    }

    /// The value of `key`, where it may be changed; the default is put there if there is none.
    #[inline]
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
        match self {
            Self::Live(table) => match table.find_entry(slot, |(held, _)| held.borrow() == key) {
                Ok(found) => &mut found.into_mut().1,
                Err(absent) => {
                    let entry = (own(key), default());
                    &mut absent
                        .into_table()
                        .insert_unique(slot, entry, base_slot)
                        .into_mut()
                        .1
                }
            },
            Self::Shared(shared) => shared.entry(slot, key, own, default),
            Self::Folding(folding) => folding.entry(slot, key, own, default),
        }
    }

    pub(super) fn remove<Q>(&mut self, slot: u64, key: &Q, own: impl FnOnce(&Q) -> K) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        match self {
            Self::Live(table) => {
                let found = table
                    .find_entry(slot, |(held, _)| held.borrow() == key)
                    .ok()?;
                Some(found.remove().0.1)
            }
            Self::Shared(shared) => shared.remove(slot, key, own),
            Self::Folding(folding) => folding.remove(slot, key),
        }
    }

    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = (&K, &V)> + '_> {
        match self {
            Self::Live(table) => Box::new(table.iter().map(|(key, value)| (key, value))),
            Self::Shared(shared) => Box::new(shared.iter()),
            Self::Folding(folding) => Box::new(folding.iter()),
        }
    }
}

/// A group with many overlays as one table, if no snapshot needs it any more.
fn flattened<K: Hash + Eq + Clone, V: Clone>(shared: Shared<K, V>) -> Shared<K, V> {
    match shared.unshare() {
        Ok(folding) => {
            let len = folding.len();
            Shared::new(folding.into_base(), Vec::new(), len)
        }
        Err(shared) => shared,
    }
}
