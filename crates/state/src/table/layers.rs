//! The layers of a key group: a base table, and overlays of what was written after a snapshot froze it.
//! An overlay's `None` says that the key was removed.

use std::borrow::Borrow;
use std::hash::Hash;

use hashbrown::HashTable;

use crate::slot::slot_of;

/// All entries of a group at one time.
pub(super) type Base<K, V> = HashTable<(K, V)>;
/// What changed since. Newer overlays hide older ones, and those the base.
pub(super) type Overlay<K, V> = HashTable<(K, Option<V>)>;

/// What `overlays` (newest first) over `base` show for `key`.
pub(super) fn find<'a, K, V, Q>(
    base: &'a Base<K, V>,
    newest_first: impl Iterator<Item = &'a Overlay<K, V>>,
    slot: u64,
    key: &Q,
) -> Option<&'a V>
where
    K: Borrow<Q>,
    Q: Eq + ?Sized,
{
    for overlay in newest_first {
        if let Some((_, value)) = overlay.find(slot, |(held, _)| held.borrow() == key) {
            return value.as_ref();
        }
    }
    base.find(slot, |(held, _)| held.borrow() == key)
        .map(|(_, value)| value)
}

/// Every entry that `overlays` (oldest first) over `base` show.
pub(super) fn visible<'a, K: Hash + Eq, V>(
    base: &'a Base<K, V>,
    overlays: Vec<&'a Overlay<K, V>>,
) -> impl Iterator<Item = (&'a K, &'a V)> {
    let above = overlays.clone();
    let unchanged = base.iter().filter(move |(key, _)| !is_hidden(key, &above));
    let changed = (0..overlays.len()).flat_map(move |index| {
        let above: Vec<_> = overlays.iter().skip(index + 1).copied().collect();
        let layer = overlays.get(index).copied();
        layer
            .into_iter()
            .flatten()
            .filter(move |(key, _)| !is_hidden(key, &above))
    });
    unchanged
        .map(|(key, value)| (key, value))
        .chain(changed.filter_map(|(key, value)| Some((key, value.as_ref()?))))
}

fn is_hidden<K: Hash + Eq, V>(key: &K, above: &[&Overlay<K, V>]) -> bool {
    // Mostly there is no overlay, and then no key is hashed.
    if above.is_empty() {
        return false;
    }
    let slot = slot_of(key);
    above
        .iter()
        .any(|overlay| overlay.find(slot, |(held, _)| held == key).is_some())
}
