//! A key group whose entries a snapshot is still being written from.

use std::mem;
use std::sync::Arc;

use hashbrown::HashTable;

use super::Collection;
use super::folding::Folding;
use super::frozen::FrozenCollections;
use super::layers::{Base, Overlay, Spot, View, rows, view};
use crate::slot::base_slot;
use crate::types::StateKey;

/// A group that shares its entries with one or more snapshots. Nothing shared is ever changed: what changes in a collection is
/// noted in the newest overlay, entry by entry.
///
/// Every snapshot of the group holds the base, and lets go of it last: a base that is not shared any
/// more means that no overlay is.
pub(super) struct Shared<K, C: Collection> {
    base: Arc<Base<K, C>>,
    /// Oldest first. Shared with the snapshots that were taken after them.
    older: Vec<Arc<Overlay<K, C>>>,
    /// What was changed since the newest snapshot.
    newest: Overlay<K, C>,
}

impl<K: StateKey, C: Collection> Shared<K, C> {
    pub(super) fn new(base: Base<K, C>, older: Vec<Overlay<K, C>>) -> Self {
        let older = older.into_iter().filter(|overlay| !overlay.is_empty());
        Self {
            base: Arc::new(base),
            older: older.map(Arc::new).collect(),
            newest: HashTable::new(),
        }
    }

    /// How many overlays older snapshots have left.
    pub(super) fn depth(&self) -> usize {
        self.older.len()
    }

    /// One more snapshot of what the group shows now.
    pub(super) fn freeze(&mut self, entries: usize) -> FrozenCollections<K, C> {
        if !self.newest.is_empty() {
            self.older.push(Arc::new(mem::take(&mut self.newest)));
        }
        FrozenCollections::new(self.older.clone(), Arc::clone(&self.base), entries)
    }

    /// The group by itself again, to be folded, if no snapshot needs it any more.
    pub(super) fn unshare(self) -> Result<Folding<K, C>, Self> {
        let Self {
            base,
            older,
            newest,
        } = self;
        match Arc::try_unwrap(base) {
            Ok(base) => {
                let older = older.into_iter().map(Arc::unwrap_or_clone);
                Ok(Folding::new(base, older.chain([newest]).collect()))
            }
            Err(base) => Err(Self {
                base,
                older,
                newest,
            }),
        }
    }

    /// Whether a snapshot still needs the entries.
    pub(super) fn is_needed(&self) -> bool {
        Arc::strong_count(&self.base) > 1
    }

    pub(super) fn view(&self, slot: u64, key: &K) -> View<'_, C> {
        view(&self.base, self.newest_first(), slot, key)
    }

    fn newest_first(&self) -> impl Iterator<Item = &Overlay<K, C>> {
        let older = self.older.iter().rev().map(AsRef::as_ref);
        std::iter::once(&self.newest).chain(older)
    }

    /// Calls `change` with what changed of the collection of `key`: its answer, and how many entries there were before and
    /// after.
    #[inline(never)]
    pub(super) fn change<R>(
        &mut self,
        slot: u64,
        key: &K,
        change: impl FnOnce(Spot<'_, C>) -> R,
    ) -> (R, usize, usize) {
        let Self {
            base,
            older,
            newest,
        } = self;
        let below = || view(base, older.iter().rev().map(AsRef::as_ref), slot, key);
        let found = newest.find_entry(slot, |(held, _)| held == key);
        let changes = match found {
            Ok(found) => &mut found.into_mut().1,
            Err(absent) => {
                let entry = (key.clone(), C::unchanged(below().len()));
                let newest = absent.into_table();
                &mut newest.insert_unique(slot, entry, base_slot).into_mut().1
            }
        };
        let nothing = || View {
            base: None,
            changes: Vec::new(),
        };
        let below: &dyn Fn() -> _ = if C::is_cleared(changes) {
            &nothing
        } else {
            &below
        };
        let before = C::len_with(changes);
        let answer = change(Spot::Over { below, changes });
        (answer, before, C::len_with(changes))
    }

    pub(super) fn remove(&mut self, slot: u64, key: &K) {
        if self.view(slot, key).len() == 0 {
            return;
        }
        match self.newest.find_entry(slot, |(held, _)| held == key) {
            Ok(found) => found.into_mut().1 = C::cleared(),
            Err(absent) => {
                let entry = (key.clone(), C::cleared());
                absent.into_table().insert_unique(slot, entry, base_slot);
            }
        }
    }

    pub(super) fn key_with(&self, slot: u64, accept: impl Fn(&K) -> bool) -> Option<&K> {
        let changed = self
            .newest_first()
            .find_map(|overlay| overlay.find(slot, |(held, _)| accept(held)))
            .map(|(held, _)| held);
        changed.or_else(|| {
            let found = self.base.find(slot, |(held, _)| accept(held));
            found.map(|(held, _)| held)
        })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&K, C::PlaceRef<'_>, &C::Value)> {
        let older = self.older.iter().map(AsRef::as_ref);
        rows(&self.base, older.chain([&self.newest]).collect())
    }
}
