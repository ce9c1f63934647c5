//! One key group of collections: nearly always one plain hash table.

use std::mem;

use hashbrown::HashTable;

use super::Collection;
use super::folding::Folding;
use super::frozen::FrozenCollections;
use super::layers::{Base, Spot, View, change_plain, rows};
use super::shared::Shared;
use crate::groups::Part;
use crate::types::StateKey;

/// A group that snapshots overtake again and again before it can be folded is folded at once when it has
/// this many overlays, so that reads stay quick.
const DEEPEST: usize = 4;

/// The collections of one key group.
pub(super) struct Group<K, C: Collection> {
    layers: Layers<K, C>,
    /// How many entries show, over all keys.
    entries: usize,
}

pub(super) enum Layers<K, C: Collection> {
    /// No snapshot is under way: one table.
    Live(Base<K, C>),
    /// A snapshot is being written from the entries.
    Shared(Box<Shared<K, C>>),
    /// The snapshot is written; what changed meanwhile is being folded in.
    Folding(Box<Folding<K, C>>),
}

impl<K, C: Collection> Default for Layers<K, C> {
    fn default() -> Self {
        Self::Live(HashTable::new())
    }
}

impl<K, C: Collection> Default for Group<K, C> {
    fn default() -> Self {
        Self {
            layers: Layers::default(),
            entries: 0,
        }
    }
}

impl<K: StateKey, C: Collection> Part for Group<K, C> {
    type Frozen = FrozenCollections<K, C>;

    fn is_settled(&self) -> bool {
        matches!(self.layers, Layers::Live(_))
    }

    fn len(&self) -> usize {
        self.entries
    }

    fn freeze(&mut self) -> Option<FrozenCollections<K, C>> {
        let mut shared = match mem::take(&mut self.layers) {
            Layers::Live(base) if base.is_empty() => {
                self.layers = Layers::Live(base);
                return None;
            }
            Layers::Live(base) => Box::new(Shared::new(base, Vec::new())),
            Layers::Folding(folding) => {
                // What is not folded yet stays in its overlays.
                let (base, overlays) = folding.into_layers();
                Box::new(Shared::new(base, overlays))
            }
            Layers::Shared(shared) if shared.depth() < DEEPEST => shared,
            Layers::Shared(shared) => Box::new(flattened(*shared)),
        };
        let frozen = shared.freeze(self.entries);
        self.layers = Layers::Shared(shared);
        Some(frozen)
    }

    fn maintain(&mut self, budget: &mut usize) -> bool {
        if let Layers::Shared(shared) = &self.layers
            && shared.is_needed()
        {
            return false;
        }
        let mut folding = match mem::take(&mut self.layers) {
            Layers::Live(base) => {
                self.layers = Layers::Live(base);
                return true;
            }
            Layers::Folding(folding) => folding,
            Layers::Shared(shared) => match shared.unshare() {
                Ok(folding) => Box::new(folding),
                Err(shared) => {
                    self.layers = Layers::Shared(Box::new(shared));
                    return false;
                }
            },
        };
        let is_folded = folding.fold(budget);
        self.layers = if is_folded {
            Layers::Live(folding.into_base())
        } else {
            Layers::Folding(folding)
        };
        is_folded
    }
}

impl<K: StateKey, C: Collection> Group<K, C> {
    #[inline]
    pub(super) fn view(&self, slot: u64, key: &K) -> View<'_, C> {
        match &self.layers {
            Layers::Live(base) => View {
                base: base
                    .find(slot, |(held, _)| held == key)
                    .map(|(_, collection)| collection),
                changes: Vec::new(),
            },
            Layers::Shared(shared) => shared.view(slot, key),
            Layers::Folding(folding) => folding.view(slot, key),
        }
    }

    /// Calls `change` where the collection of `key` can be changed; one that is empty afterwards is gone.
    #[inline]
    pub(super) fn change<R>(
        &mut self,
        slot: u64,
        key: &K,
        change: impl FnOnce(Spot<'_, C>) -> R,
    ) -> R {
        let (answer, before, after) = match &mut self.layers {
            Layers::Live(base) => change_plain(base, slot, key, change),
            Layers::Shared(shared) => shared.change(slot, key, change),
            Layers::Folding(folding) => folding.change(slot, key, change),
        };
        self.entries = self.entries + after - before;
        answer
    }

    pub(super) fn remove(&mut self, slot: u64, key: &K) {
        self.entries -= self.view(slot, key).len();
        match &mut self.layers {
            Layers::Live(base) => {
                if let Ok(found) = base.find_entry(slot, |(held, _)| held == key) {
                    found.remove();
                }
            }
            Layers::Shared(shared) => shared.remove(slot, key),
            Layers::Folding(folding) => folding.remove(slot, key),
        }
    }

    /// A key in this slot that is accepted.
    pub(super) fn key_with(&self, slot: u64, accept: impl Fn(&K) -> bool) -> Option<&K> {
        match &self.layers {
            Layers::Live(base) => base
                .find(slot, |(held, _)| accept(held))
                .map(|(held, _)| held),
            Layers::Shared(shared) => shared.key_with(slot, accept),
            Layers::Folding(folding) => folding.key_with(slot, accept),
        }
    }

    pub(super) fn rows(&self) -> Box<dyn Iterator<Item = (&K, C::PlaceRef<'_>, &C::Value)> + '_> {
        match &self.layers {
            Layers::Live(base) => Box::new(rows(base, Vec::new())),
            Layers::Shared(shared) => Box::new(shared.rows()),
            Layers::Folding(folding) => Box::new(folding.rows()),
        }
    }
}

/// A group with many overlays as one table, if no snapshot needs it any more.
fn flattened<K: StateKey, C: Collection>(shared: Shared<K, C>) -> Shared<K, C> {
    match shared.unshare() {
        Ok(folding) => Shared::new(folding.into_base(), Vec::new()),
        Err(shared) => shared,
    }
}
