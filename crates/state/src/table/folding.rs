//! A key group that no snapshot needs any more, whose overlays are being folded into its base.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::hash::Hash;

use super::layers::{Base, Overlay, find, visible};
use crate::slot::{base_slot, slot_of};

/// A group that is being folded, a few entries at a time, oldest overlay first. Overlays do not grow any more: what
/// is in none of them is written to the base.
pub(super) struct Folding<K, V> {
    base: Base<K, V>,
    /// Oldest first.
    overlays: VecDeque<Overlay<K, V>>,
    /// The first bucket of the oldest overlay that has not been folded.
    bucket: usize,
    /// How many keys are there, over all layers.
    len: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Folding<K, V> {
    pub(super) fn new(base: Base<K, V>, overlays: VecDeque<Overlay<K, V>>, len: usize) -> Self {
        Self {
            base,
            overlays,
            bucket: 0,
            len,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
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
                *budget -= 1;
                if let Ok(entry) = overlay.get_bucket_entry(self.bucket) {
                    let ((key, value), _) = entry.remove();
                    write_through(&mut self.base, key, value);
                }
                self.bucket += 1;
            }
            self.overlays.pop_front();
            self.bucket = 0;
        }
        true
    }

    /// The base, once all is folded.
    pub(super) fn into_base(mut self) -> Base<K, V> {
        let mut all = usize::MAX;
        self.fold(&mut all);
        self.base
    }

    /// The base, the overlays that are not folded yet, and how many keys there are.
    pub(super) fn into_layers(self) -> (Base<K, V>, Vec<Overlay<K, V>>, usize) {
        (self.base, self.overlays.into(), self.len)
    }

    pub(super) fn get<Q>(&self, slot: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        find(&self.base, self.overlays.iter().rev(), slot, key)
    }

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
        if let Some(index) = self.layer_of(slot, key)
            && let Some(overlay) = self.overlays.get_mut(index)
            && let Some((_, value)) = overlay.find_mut(slot, |(held, _)| held.borrow() == key)
        {
            self.len += usize::from(value.is_none());
            return value.get_or_insert_with(default);
        }
        match self.base.find_entry(slot, |(held, _)| held.borrow() == key) {
            Ok(found) => &mut found.into_mut().1,
            Err(absent) => {
                self.len += 1;
                let entry = (own(key), default());
                &mut absent
                    .into_table()
                    .insert_unique(slot, entry, base_slot)
                    .into_mut()
                    .1
            }
        }
    }

    pub(super) fn remove<Q>(&mut self, slot: u64, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let removed = match self.layer_of(slot, key) {
            Some(index) => {
                let overlay = self.overlays.get_mut(index)?;
                overlay
                    .find_mut(slot, |(held, _)| held.borrow() == key)?
                    .1
                    .take()
            }
            None => {
                let found = self
                    .base
                    .find_entry(slot, |(held, _)| held.borrow() == key)
                    .ok()?;
                Some(found.remove().0.1)
            }
        };
        self.len -= usize::from(removed.is_some());
        removed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        visible(&self.base, self.overlays.iter().collect())
    }

    /// The newest overlay that says something of `key`.
    fn layer_of<Q>(&self, slot: u64, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let says = |overlay: &Overlay<K, V>| {
            overlay
                .find(slot, |(held, _)| held.borrow() == key)
                .is_some()
        };
        self.overlays.iter().rposition(says)
    }
}

fn write_through<K: Hash + Eq, V>(base: &mut Base<K, V>, key: K, value: Option<V>) {
    let slot = slot_of(&key);
    match (base.find_entry(slot, |(held, _)| *held == key), value) {
        (Ok(found), Some(value)) => found.into_mut().1 = value,
        (Ok(found), None) => drop(found.remove()),
        (Err(absent), Some(value)) => {
            absent
                .into_table()
                .insert_unique(slot, (key, value), base_slot);
        }
        (Err(_), None) => {}
    }
}
