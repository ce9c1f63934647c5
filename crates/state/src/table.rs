//! The memory backend: one state of one operator subtask, in hash tables by key group.
//!
//! A snapshot must not stop the program. [`StateTable::freeze`] makes each group's table an `Arc` shared with the
//! snapshot; from then on a group's writes go to an overlay, into which an entry is copied before its first
//! write. When the snapshot's writer has let go of a group, [`StateTable::maintain`] folds the overlay back, a few
//! entries at a time. `docs/decisions/0003-copy-before-first-write.md` says why it is not the group that is copied.

mod folding;
mod frozen;
mod group;
mod layers;
mod shared;

use std::borrow::Borrow;
use std::hash::Hash;

use millstream_core::hash::stable_hash;
use millstream_core::{KeyGroupRange, MaxParallelism};
use millstream_storage::StateKind;

pub use frozen::FrozenState;

use crate::groups::Groups;
use crate::identity::{Layout, TableIdentity};
use crate::rows::TakesRows;
use crate::slot::slot;
use crate::type_text::type_text;
use crate::types::{StateKey, StateValue};
use group::Group;

/// One state of one operator subtask: a value for each key of the subtask's key groups.
///
/// Methods with a `hash` take the key's [stable hash](stable_hash), which the exchange has computed
/// already; the others compute it.
///
/// ```
/// use millstream_core::MaxParallelism;
/// use millstream_state::StateTable;
/// use millstream_storage::StateKind;
///
/// let max = MaxParallelism::DEFAULT;
/// let mut counts = StateTable::<String, u64>::new("count", StateKind::Value, max, max.range(0, 1));
/// counts.update("word", || 0, |count| *count += 1);
/// let frozen = counts.freeze();
/// counts.update("word", || 0, |count| *count += 1);
/// assert_eq!(counts.get("word"), Some(&2));
/// assert_eq!(frozen.iter().collect::<Vec<_>>(), [(&"word".to_string(), &1)]);
/// ```
pub struct StateTable<K, V> {
    groups: Groups<Group<K, V>>,
}

impl<K: StateKey, V: StateValue> StateTable<K, V> {
    /// An empty state for the keys of `key_groups`.
    pub fn new(
        name: impl Into<String>,
        kind: StateKind,
        max_parallelism: MaxParallelism,
        key_groups: KeyGroupRange,
    ) -> Self {
        let groups = Groups::new(TableIdentity {
            name: name.into(),
            kind,
            layout: Layout::Whole,
            key_type: type_text::<K>(),
            value_type: type_text::<V>(),
            max_parallelism,
            key_groups,
        });
        Self { groups }
    }

    /// The state's name.
    pub fn name(&self) -> &str {
        &self.identity().name
    }

    /// The key groups whose keys it holds.
    pub fn key_groups(&self) -> KeyGroupRange {
        self.identity().key_groups
    }

    pub(crate) fn identity(&self) -> &TableIdentity {
        self.groups.identity()
    }

    /// How many keys there are. Takes time in the number of groups.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Changes the value of `key`, putting `default` there first if there is none. This is the way that
    /// records take: one hash, one look-up, one branch while no snapshot is under way.
    ///
    /// # Panics
    /// `key` does not belong to the table's key groups, that is, its hash is not the same everywhere.
    #[inline]
    pub fn update<Q, R>(
        &mut self,
        key: &Q,
        default: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned + ?Sized,
        Q::Owned: Into<K>,
    {
        let own = |key: &Q| key.to_owned().into();
        self.update_hashed(stable_hash(key), key, own, default, change)
    }

    /// [`StateTable::update`] with the hash given, and a function that makes an owned key where there is none yet.
    ///
    /// # Panics
    /// `hash` does not belong to the table's key groups.
    #[inline]
    pub fn update_hashed<Q, R>(
        &mut self,
        hash: u64,
        key: &Q,
        own: impl FnOnce(&Q) -> K,
        default: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        change(
            self.groups
                .of_mut(hash)
                .entry(slot(hash), key, own, default),
        )
    }

    /// The value of `key`.
    ///
    /// # Panics
    /// `key` does not belong to the table's key groups.
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.get_hashed(stable_hash(key), key)
    }

    /// [`StateTable::get`] with the hash given.
    ///
    /// # Panics
    /// `hash` does not belong to the table's key groups.
    #[inline]
    pub fn get_hashed<Q>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.groups.of(hash).get(slot(hash), key)
    }

    /// Sets the value of `key`.
    ///
    /// # Panics
    /// `key` does not belong to the table's key groups.
    pub fn insert(&mut self, key: K, value: V) {
        self.insert_hashed(stable_hash(&key), key, value);
    }

    /// [`StateTable::insert`] with the hash given.
    ///
    /// # Panics
    /// `hash` does not belong to the table's key groups.
    #[inline]
    pub fn insert_hashed(&mut self, hash: u64, key: K, value: V) {
        let mut value = Some(value);
        let group = self.groups.of_mut(hash);
        // `entry` takes the value only where there was none; else it is still here and replaces the old one.
        let held = group.entry(slot(hash), &key, K::clone, || {
            value.take().expect("the default is asked for once")
        });
        if let Some(value) = value {
            *held = value;
        }
    }

    /// Removes `key` and answers its value.
    ///
    /// # Panics
    /// `key` does not belong to the table's key groups.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned + ?Sized,
        Q::Owned: Into<K>,
    {
        self.remove_hashed(stable_hash(key), key, |key| key.to_owned().into())
    }

    /// [`StateTable::remove`] with the hash given, and a function that makes an owned key: what is removed while a
    /// snapshot needs it is noted down.
    ///
    /// # Panics
    /// `hash` does not belong to the table's key groups.
    pub fn remove_hashed<Q>(&mut self, hash: u64, key: &Q, own: impl FnOnce(&Q) -> K) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.groups.of_mut(hash).remove(slot(hash), key, own)
    }

    /// Removes all keys. Snapshots under way keep theirs.
    pub fn clear(&mut self) {
        self.groups.clear();
    }

    /// All entries, in the order of key groups; within a group in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.groups.parts().iter().flat_map(Group::iter)
    }

    /// Calls `visit` for all entries, in the order of key groups; within a group in no order.
    pub fn for_each(&self, mut visit: impl FnMut(&K, &V)) {
        for (key, value) in self.iter() {
            visit(key, value);
        }
    }

    /// The state as it is now. Takes time in the number of groups, not of keys, and copies nothing.
    ///
    /// May be called again while an older frozen state is still being written.
    pub fn freeze(&mut self) -> FrozenState<K, V> {
        FrozenState::new(self.groups.freeze())
    }

    /// Folds back what was written during a snapshot, one group after the other, as far as the snapshot's writer has
    /// let go of them. To be called between batches; looks at no more than `budget` buckets of a hash table, each
    /// about 20 to 100 ns. Answers whether something is left: call again.
    pub fn maintain(&mut self, budget: usize) -> bool {
        self.groups.maintain(budget)
    }
}

impl<K: StateKey, V: StateValue> TakesRows for StateTable<K, V> {
    type Key = K;
    type Place = ();
    type Value = V;
    type Whole = V;

    fn identity(&self) -> &TableIdentity {
        self.groups.identity()
    }

    fn clear(&mut self) {
        StateTable::clear(self);
    }

    fn put(&mut self, hash: u64, key: K, (): (), value: V) -> Result<(), String> {
        self.insert_hashed(hash, key, value);
        Ok(())
    }

    fn put_whole(&mut self, hash: u64, key: K, whole: V) {
        self.insert_hashed(hash, key, whole);
    }
}

#[cfg(test)]
mod tests;
