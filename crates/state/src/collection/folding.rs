//! A key group that no snapshot needs any more, whose overlays are being folded into its base.

use std::collections::VecDeque;

use super::Collection;
use super::layers::{Base, Overlay, Spot, View, change_plain, rows, view};
use crate::slot::{base_slot, slot_of};
use crate::types::StateKey;

/// A group that is being folded, a few entries at a time, oldest overlay first. Overlays do not grow any more: an entry that
/// is in none of them is written to the base.
pub(super) struct Folding<K, C: Collection> {
    base: Base<K, C>,
    /// Oldest first.
    overlays: VecDeque<Overlay<K, C>>,
    /// The first bucket of the oldest overlay that has not been folded.
    bucket: usize,
}

impl<K: StateKey, C: Collection> Folding<K, C> {
    pub(super) fn new(base: Base<K, C>, overlays: VecDeque<Overlay<K, C>>) -> Self {
        Self {
            base,
            overlays,
            bucket: 0,
        }
    }

    /// Folds until `budget` buckets have been looked at. Answers whether nothing is left to fold.
    pub(super) fn fold(&mut self, budget: &mut usize) -> bool {
        while let Some(overlay) = self.overlays.front_mut() {
            let buckets = if overlay.is_empty() {
                0
            } else {
                overlay.num_buckets()
            };
            while self.bucket < buckets {
                if *budget == 0 {
                    return false;
                }
                if let Ok(mut entry) = overlay.get_bucket_entry(self.bucket) {
                    let (key, changes) = entry.get_mut();
                    if !take_over(&mut self.base, key, changes, budget) {
                        return false;
                    }
                    entry.remove();
                }
                *budget = budget.saturating_sub(1);
                self.bucket += 1;
            }
            self.overlays.pop_front();
            self.bucket = 0;
        }
        true
    }

    /// The base, once all is folded.
    pub(super) fn into_base(mut self) -> Base<K, C> {
        let mut all = usize::MAX;
        self.fold(&mut all);
        self.base
    }

    /// The base, and the overlays that are not folded yet.
    pub(super) fn into_layers(self) -> (Base<K, C>, Vec<Overlay<K, C>>) {
        (self.base, self.overlays.into())
    }

    pub(super) fn view(&self, slot: u64, key: &K) -> View<'_, C> {
        view(&self.base, self.overlays.iter().rev(), slot, key)
    }

    /// Calls `change` with the collection of `key`: its answer, and how many entries there were before and after.
    #[inline(never)]
    pub(super) fn change<R>(
        &mut self,
        slot: u64,
        key: &K,
        change: impl FnOnce(Spot<'_, C>) -> R,
    ) -> (R, usize, usize) {
        self.drop_what_is_hidden(slot, key);
        let mut changes: Vec<&mut C::Changes> = self
            .overlays
            .iter_mut()
            .filter_map(|overlay| overlay.find_mut(slot, |(held, _)| held == key))
            .map(|(_, changes)| changes)
            .collect();
        let Some(newest) = changes.last() else {
            return change_plain(&mut self.base, slot, key, change);
        };
        let before = C::len_with(newest);
        let base = self
            .base
            .entry(slot, |(held, _)| held == key, base_slot)
            // Folding the changes takes it away again if it stays empty.
            .or_insert_with(|| (key.clone(), C::default()));
        let again = changes.iter_mut().map(|changes| &mut **changes);
        let answer = change(Spot::Folding {
            base: &mut base.into_mut().1,
            changes: again.collect(),
        });
        let after = changes.last().map_or(before, |newest| C::len_with(newest));
        (answer, before, after)
    }

    /// Takes away what a cleared collection hides, so that none of the changes of `key` is cleared any more.
    fn drop_what_is_hidden(&mut self, slot: u64, key: &K) {
        let is_cleared = |overlay: &Overlay<K, C>| {
            let found = overlay.find(slot, |(held, _)| held == key);
            found.is_some_and(|(_, changes)| C::is_cleared(changes))
        };
        let Some(cleared) = self.overlays.iter().rposition(is_cleared) else {
            return;
        };
        for overlay in self.overlays.iter_mut().take(cleared) {
            remove(overlay, slot, key);
        }
        remove(&mut self.base, slot, key);
        let overlay = self.overlays.get_mut(cleared);
        let found = overlay.and_then(|all| all.find_mut(slot, |(held, _)| held == key));
        if let Some((_, changes)) = found {
            C::is_on_nothing(changes);
        }
    }

    pub(super) fn remove(&mut self, slot: u64, key: &K) {
        for overlay in &mut self.overlays {
            remove(overlay, slot, key);
        }
        remove(&mut self.base, slot, key);
    }

    pub(super) fn key_with(&self, slot: u64, accept: impl Fn(&K) -> bool) -> Option<&K> {
        let changed = self
            .overlays
            .iter()
            .rev()
            .find_map(|overlay| overlay.find(slot, |(held, _)| accept(held)))
            .map(|(held, _)| held);
        changed.or_else(|| {
            let found = self.base.find(slot, |(held, _)| accept(held));
            found.map(|(held, _)| held)
        })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&K, C::PlaceRef<'_>, &C::Value)> {
        rows(&self.base, self.overlays.iter().collect())
    }
}

fn remove<K: Eq, V>(table: &mut hashbrown::HashTable<(K, V)>, slot: u64, key: &K) {
    if let Ok(found) = table.find_entry(slot, |(held, _)| held == key) {
        found.remove();
    }
}

/// Has the collection of `key` take over changes; whether nothing is left of them.
fn take_over<K: StateKey, C: Collection>(
    base: &mut Base<K, C>,
    key: &K,
    changes: &mut C::Changes,
    budget: &mut usize,
) -> bool {
    let slot = slot_of(key);
    match base.find_entry(slot, |(held, _)| held == key) {
        Ok(mut found) => {
            let collection = &mut found.get_mut().1;
            let is_done = collection.take_over(changes, budget);
            if is_done && collection.len() == 0 {
                found.remove();
            }
            is_done
        }
        Err(absent) => {
            let mut collection = C::default();
            let is_done = collection.take_over(changes, budget);
            if !is_done || collection.len() > 0 {
                let entry = (key.clone(), collection);
                absent.into_table().insert_unique(slot, entry, base_slot);
            }
            is_done
        }
    }
}
