//! The layers of a key group of collections: a base, and overlays of what changed in the collection of a key after a snapshot
//! froze it.

use hashbrown::HashTable;

use super::Collection;
use crate::slot::{base_slot, slot_of};
use crate::types::StateKey;

/// All collections of a group at one time.
pub(super) type Base<K, C> = HashTable<(K, C)>;
/// What changed since. Newer overlays hide older ones, and those the base.
pub(super) type Overlay<K, C> = HashTable<(K, <C as Collection>::Changes)>;

/// The collection of one key, over all layers.
pub(crate) struct View<'a, C: Collection> {
    /// `None` also where something above hides all of it.
    pub(crate) base: Option<&'a C>,
    /// Oldest first.
    pub(crate) changes: Vec<&'a C::Changes>,
}

impl<C: Collection> View<'_, C> {
    /// How many entries show.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self.changes.last() {
            Some(changes) => C::len_with(changes),
            None => self.base.map_or(0, C::len),
        }
    }
}

/// Where the collection of one key can be changed.
pub(crate) enum Spot<'a, C: Collection> {
    /// In the collection itself.
    Plain(&'a mut C),
    /// In what has changed of it since the newest snapshot, over everything else.
    Over {
        below: &'a dyn Fn() -> View<'a, C>,
        changes: &'a mut C::Changes,
    },
    /// Wherever an entry is found: changes do not grow any more. There is at least one of them, none of which is cleared, and
    /// the newest says how many entries show.
    Folding {
        base: &'a mut C,
        /// Oldest first.
        changes: Vec<&'a mut C::Changes>,
    },
}

/// What layers show of `key`.
pub(super) fn view<'a, K: Eq, C: Collection>(
    base: &'a Base<K, C>,
    newest_first: impl Iterator<Item = &'a Overlay<K, C>>,
    slot: u64,
    key: &K,
) -> View<'a, C> {
    let mut changes = Vec::new();
    for overlay in newest_first {
        if let Some((_, found)) = overlay.find(slot, |(held, _)| held == key) {
            changes.push(found);
            if C::is_cleared(found) {
                changes.reverse();
                return View {
                    base: None,
                    changes,
                };
            }
        }
    }
    changes.reverse();
    let base = base.find(slot, |(held, _)| held == key);
    View {
        base: base.map(|(_, collection)| collection),
        changes,
    }
}

/// Every entry that `overlays` (oldest first) over `base` show.
pub(super) fn rows<'a, K: StateKey, C: Collection>(
    base: &'a Base<K, C>,
    overlays: Vec<&'a Overlay<K, C>>,
) -> impl Iterator<Item = (&'a K, C::PlaceRef<'a>, &'a C::Value)> {
    let above = overlays.clone();
    let in_base = base.iter().map(move |(key, collection)| {
        // Mostly there is no overlay, and then no key is hashed.
        let shown = if above.is_empty() {
            View {
                base: Some(collection),
                changes: Vec::new(),
            }
        } else {
            view(base, above.iter().rev().copied(), slot_of(key), key)
        };
        (key, shown)
    });
    let only_above = (0..overlays.len()).flat_map(move |index| {
        let layers = overlays.clone();
        let layer = layers.get(index).copied();
        layer
            .into_iter()
            .flatten()
            .filter_map(move |(key, _)| new_in(base, &layers, index, key))
    });
    in_base.chain(only_above).flat_map(|(key, shown)| {
        let entries = C::entries(shown);
        entries.map(move |(place, value)| (key, place, value))
    })
}

/// A key that no layer below overlay number `index` has, with what shows of it.
fn new_in<'a, K: StateKey, C: Collection>(
    base: &'a Base<K, C>,
    overlays: &[&'a Overlay<K, C>],
    index: usize,
    key: &'a K,
) -> Option<(&'a K, View<'a, C>)> {
    let slot = slot_of(key);
    let has = |overlay: &&Overlay<K, C>| overlay.find(slot, |(held, _)| held == key).is_some();
    let is_below =
        base.find(slot, |(held, _)| held == key).is_some() || overlays.iter().take(index).any(has);
    (!is_below).then(|| (key, view(base, overlays.iter().rev().copied(), slot, key)))
}

/// Calls `change` with the collection of `key` in a plain table: its answer, and how many entries there were before and
/// after.
#[inline]
pub(super) fn change_plain<K: StateKey, C: Collection, R>(
    base: &mut Base<K, C>,
    slot: u64,
    key: &K,
    change: impl FnOnce(Spot<'_, C>) -> R,
) -> (R, usize, usize) {
    match base.find_entry(slot, |(held, _)| held == key) {
        Ok(mut found) => {
            let collection = &mut found.get_mut().1;
            let before = collection.len();
            let answer = change(Spot::Plain(collection));
            let after = collection.len();
            if after == 0 {
                found.remove();
            }
            (answer, before, after)
        }
        Err(absent) => {
            let mut collection = C::default();
            let answer = change(Spot::Plain(&mut collection));
            let after = collection.len();
            if after > 0 {
                let entry = (key.clone(), collection);
                absent.into_table().insert_unique(slot, entry, base_slot);
            }
            (answer, 0, after)
        }
    }
}
