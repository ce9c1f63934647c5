//! Where keys lie in hash tables.

use std::hash::Hash;

use millstream_core::hash::stable_hash;

/// The hash under which a key with this stable hash lies in a table.
///
/// The high bits of the stable hash choose the key group, so they are equal for all keys of a group; a
/// table takes its bucket from the low bits and a tag from the highest 7. Turning the word round puts
/// the group's bits where a table needs them last.
#[inline]
pub(crate) const fn slot(hash: u64) -> u64 {
    hash.rotate_left(32)
}

/// [`slot`] of a key.
#[inline]
pub(crate) fn slot_of<K: Hash + ?Sized>(key: &K) -> u64 {
    slot(stable_hash(key))
}

#[inline]
pub(crate) fn base_slot<K: Hash, V>(entry: &(K, V)) -> u64 {
    slot_of(&entry.0)
}
