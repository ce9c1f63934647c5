//! The map of one key.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use hashbrown::HashTable;
use millstream_core::hash::StableHasher;

use super::{Collection, Spot, View};
use crate::slot::{base_slot, slot_of};
use crate::types::{StateKey, StateValue};

/// A map as version 1 of the formats has it.
pub(crate) type WholeMap<UK, UV> = HashMap<UK, UV, BuildHasherDefault<StableHasher>>;

/// The map of one key. Its order is none, but the same for the same history of changes.
#[derive(Clone)]
pub(crate) struct MapOf<UK, UV> {
    entries: HashTable<(UK, UV)>,
}

/// What has changed in the map of one key.
#[derive(Clone)]
pub(crate) struct MapChanges<UK, UV> {
    /// `None`: the entry was removed.
    entries: HashTable<(UK, Option<UV>)>,
    cleared: bool,
    /// How many entries show, with everything below.
    len: usize,
    /// The first bucket that has not been folded.
    bucket: usize,
}

impl<UK, UV> Default for MapOf<UK, UV> {
    fn default() -> Self {
        Self {
            entries: HashTable::new(),
        }
    }
}

impl<UK, UV> MapChanges<UK, UV> {
    fn of(len: usize, cleared: bool) -> Self {
        Self {
            entries: HashTable::new(),
            cleared,
            len,
            bucket: 0,
        }
    }
}

impl<UK: StateKey, UV: StateValue> MapOf<UK, UV> {
    /// The value of `key`.
    #[inline]
    pub(crate) fn get<'a>(view: &View<'a, Self>, key: &UK) -> Option<&'a UV> {
        let slot = slot_of(key);
        for changes in view.changes.iter().rev() {
            if let Some((_, value)) = changes.entries.find(slot, |(held, _)| held == key) {
                return value.as_ref();
            }
        }
        view.base?.find(slot, key)
    }

    #[inline]
    fn find(&self, slot: u64, key: &UK) -> Option<&UV> {
        let found = self.entries.find(slot, |(held, _)| held == key);
        found.map(|(_, value)| value)
    }

    /// Sets the value of `key`.
    #[inline]
    pub(crate) fn set(spot: Spot<'_, Self>, key: UK, value: UV) {
        let slot = slot_of(&key);
        match spot {
            Spot::Plain(map) => drop(map.replace(slot, key, value)),
            Spot::Over { below, changes } => {
                let newest = &mut changes.entries;
                match newest.find_entry(slot, |(held, _)| *held == key) {
                    Ok(found) => {
                        let held = &mut found.into_mut().1;
                        changes.len += usize::from(held.is_none());
                        *held = Some(value);
                    }
                    Err(absent) => {
                        changes.len += usize::from(Self::get(&below(), &key).is_none());
                        let entry = (key, Some(value));
                        absent.into_table().insert_unique(slot, entry, base_slot);
                    }
                }
            }
            Spot::Folding { base, mut changes } => {
                let is_new = match Self::changed(&mut changes, slot, &key) {
                    Some(held) => held.replace(value).is_none(),
                    None => base.replace(slot, key, value).is_none(),
                };
                if let Some(newest) = changes.last_mut() {
                    newest.len += usize::from(is_new);
                }
            }
        }
    }

    /// The newest change of `key`.
    fn changed<'a>(
        changes: &'a mut [&mut MapChanges<UK, UV>],
        slot: u64,
        key: &UK,
    ) -> Option<&'a mut Option<UV>> {
        changes.iter_mut().rev().find_map(|changes| {
            let found = changes.entries.find_mut(slot, |(held, _)| held == key);
            found.map(|(_, value)| value)
        })
    }

    /// Calls `change` with the value of `key`, `default` if there is none.
    #[inline]
    pub(crate) fn update<R>(
        spot: Spot<'_, Self>,
        key: UK,
        default: impl FnOnce() -> UV,
        change: impl FnOnce(&mut UV) -> R,
    ) -> R {
        let slot = slot_of(&key);
        match spot {
            Spot::Plain(map) => map.update_plain(slot, key, default, change).0,
            Spot::Over { below, changes } => {
                let newest = &mut changes.entries;
                match newest.find_entry(slot, |(held, _)| *held == key) {
                    Ok(found) => {
                        let value = &mut found.into_mut().1;
                        changes.len += usize::from(value.is_none());
                        change(value.get_or_insert_with(default))
                    }
                    Err(absent) => {
                        let held = Self::get(&below(), &key).cloned();
                        changes.len += usize::from(held.is_none());
                        let mut value = held.unwrap_or_else(default);
                        let answer = change(&mut value);
                        let entry = (key, Some(value));
                        absent.into_table().insert_unique(slot, entry, base_slot);
                        answer
                    }
                }
            }
            Spot::Folding { base, mut changes } => {
                let found = Self::changed(&mut changes, slot, &key);
                let (answer, is_new) = match found {
                    Some(value) => {
                        let is_new = value.is_none();
                        (change(value.get_or_insert_with(default)), is_new)
                    }
                    None => base.update_plain(slot, key, default, change),
                };
                if let Some(newest) = changes.last_mut() {
                    newest.len += usize::from(is_new);
                }
                answer
            }
        }
    }

    /// Also answers whether there was no value.
    #[inline]
    fn update_plain<R>(
        &mut self,
        slot: u64,
        key: UK,
        default: impl FnOnce() -> UV,
        change: impl FnOnce(&mut UV) -> R,
    ) -> (R, bool) {
        match self.entries.find_entry(slot, |(held, _)| *held == key) {
            Ok(found) => (change(&mut found.into_mut().1), false),
            Err(absent) => {
                let entry = (key, default());
                let table = absent.into_table();
                let value = &mut table.insert_unique(slot, entry, base_slot).into_mut().1;
                (change(value), true)
            }
        }
    }

    /// Removes `key`, which is in the map, and answers its value.
    pub(crate) fn remove(spot: Spot<'_, Self>, key: &UK) -> Option<UV> {
        let slot = slot_of(key);
        match spot {
            Spot::Plain(map) => map.remove_plain(slot, key),
            Spot::Over { below, changes } => {
                let newest = &mut changes.entries;
                let removed = match newest.find_entry(slot, |(held, _)| held == key) {
                    Ok(found) => found.into_mut().1.take(),
                    Err(absent) => {
                        let held = Self::get(&below(), key)?.clone();
                        let entry = (key.clone(), None);
                        absent.into_table().insert_unique(slot, entry, base_slot);
                        Some(held)
                    }
                };
                changes.len -= usize::from(removed.is_some());
                removed
            }
            Spot::Folding { base, mut changes } => {
                let removed = match Self::changed(&mut changes, slot, key) {
                    Some(value) => value.take(),
                    None => base.remove_plain(slot, key),
                };
                if let Some(newest) = changes.last_mut() {
                    newest.len -= usize::from(removed.is_some());
                }
                removed
            }
        }
    }

    fn remove_plain(&mut self, slot: u64, key: &UK) -> Option<UV> {
        let found = self.entries.find_entry(slot, |(held, _)| held == key);
        Some(found.ok()?.remove().0.1)
    }
}

impl<UK: StateKey, UV: StateValue> Collection for MapOf<UK, UV> {
    type Place = UK;
    type PlaceRef<'a> = &'a UK;
    type Value = UV;
    type Whole = WholeMap<UK, UV>;
    type Changes = MapChanges<UK, UV>;

    #[inline]
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn unchanged(len: usize) -> Self::Changes {
        MapChanges::of(len, false)
    }

    fn cleared() -> Self::Changes {
        MapChanges::of(0, true)
    }

    fn is_cleared(changes: &Self::Changes) -> bool {
        changes.cleared
    }

    fn is_on_nothing(changes: &mut Self::Changes) {
        changes.cleared = false;
    }

    fn len_with(changes: &Self::Changes) -> usize {
        changes.len
    }

    fn take_over(&mut self, changes: &mut Self::Changes, budget: &mut usize) -> bool {
        if std::mem::take(&mut changes.cleared) {
            *self = Self::default();
        }
        let buckets = if changes.entries.is_empty() {
            0
        } else {
            changes.entries.num_buckets()
        };
        while changes.bucket < buckets {
            if *budget == 0 {
                return false;
            }
            *budget -= 1;
            if let Ok(entry) = changes.entries.get_bucket_entry(changes.bucket) {
                let ((key, value), _) = entry.remove();
                let slot = slot_of(&key);
                match value {
                    None => drop(self.remove_plain(slot, &key)),
                    Some(value) => drop(self.replace(slot, key, value)),
                }
            }
            changes.bucket += 1;
        }
        true
    }

    fn entries<'a>(view: View<'a, Self>) -> impl Iterator<Item = (&'a UK, &'a UV)> {
        let View { base, changes } = view;
        let above = changes.clone();
        let in_base = base.into_iter().flat_map(|map| map.entries.iter());
        let unchanged = in_base
            .filter(move |(key, _)| !is_changed(key, &above))
            .map(|(key, value)| (key, value));
        let changed = (0..changes.len()).flat_map(move |index| {
            let above: Vec<_> = changes.iter().skip(index + 1).copied().collect();
            let layer = changes.get(index).map(|changes| changes.entries.iter());
            layer
                .into_iter()
                .flatten()
                .filter(move |(key, _)| !is_changed(key, &above))
        });
        unchanged.chain(changed.filter_map(|(key, value)| Some((key, value.as_ref()?))))
    }

    #[inline]
    fn for_each<'a>(view: View<'a, Self>, mut visit: impl FnMut(&'a UK, &'a UV)) {
        match view.base {
            // As it nearly always is.
            Some(map) if view.changes.is_empty() => {
                for (key, value) in &map.entries {
                    visit(key, value);
                }
            }
            _ => Self::entries(view).for_each(|(key, value)| visit(key, value)),
        }
    }

    fn put(&mut self, key: UK, value: UV) -> Result<(), String> {
        match self.replace(slot_of(&key), key, value) {
            None => Ok(()),
            Some(_) => Err("a key stands in a map twice".into()),
        }
    }

    fn from_whole(whole: Self::Whole) -> Self {
        let mut map = Self::default();
        for (key, value) in whole {
            map.replace(slot_of(&key), key, value);
        }
        map
    }
}

impl<UK: StateKey, UV: StateValue> MapOf<UK, UV> {
    /// Sets the value of `key`; the value that it had.
    #[inline]
    fn replace(&mut self, slot: u64, key: UK, value: UV) -> Option<UV> {
        match self.entries.find_entry(slot, |(held, _)| *held == key) {
            Ok(found) => Some(std::mem::replace(&mut found.into_mut().1, value)),
            Err(absent) => {
                let entry = (key, value);
                absent.into_table().insert_unique(slot, entry, base_slot);
                None
            }
        }
    }
}

fn is_changed<UK: StateKey, UV>(key: &UK, above: &[&MapChanges<UK, UV>]) -> bool {
    // Mostly nothing has changed, and then no key is hashed.
    if above.is_empty() {
        return false;
    }
    let slot = slot_of(key);
    let has = |changes: &&MapChanges<UK, UV>| {
        let found = changes.entries.find(slot, |(held, _)| held == key);
        found.is_some()
    };
    above.iter().any(has)
}
