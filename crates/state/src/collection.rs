//! The memory backend of states whose keys have many entries: maps, lists, timers.
//!
//! As in a [`StateTable`](crate::StateTable), nothing that a snapshot holds is ever changed, and what is written meanwhile
//! goes to overlays. But what an overlay holds of a key are the entries that changed, not the collection: the first change of
//! a map of a million entries copies one. `docs/decisions/0012-entries-are-copied-not-collections.md` says why.

mod folding;
mod frozen;
mod group;
mod layers;
mod list;
mod map;
mod shared;

use millstream_core::{KeyGroupRange, MaxParallelism};
use millstream_storage::StateKind;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use frozen::FrozenCollections;
pub(crate) use layers::{Spot, View};
pub(crate) use list::ListOf;
pub(crate) use map::MapOf;

use crate::groups::{FrozenTable, Groups};
use crate::identity::{Layout, TableIdentity};
use crate::rows::TakesRows;
use crate::slot::slot;
use crate::types::{StateKey, StateValue};
use group::Group;

/// The entries of one key.
pub(crate) trait Collection: Clone + Default + Send + Sync + 'static {
    /// What tells the entries of a key apart in a snapshot.
    type Place: StateValue;
    type PlaceRef<'a>: Serialize;
    type Value: StateValue;
    /// All entries as one value, as version 1 of the formats has them.
    type Whole: DeserializeOwned;
    /// What has changed since a snapshot froze the collection.
    type Changes: Clone + Send + Sync;

    /// How many entries there are.
    fn len(&self) -> usize;

    /// No change yet, of a collection that shows `len` entries.
    fn unchanged(len: usize) -> Self::Changes;

    /// All entries were removed.
    fn cleared() -> Self::Changes;

    /// Whether nothing below the changes shows.
    fn is_cleared(changes: &Self::Changes) -> bool;

    /// Nothing is below the changes any more.
    fn is_on_nothing(changes: &mut Self::Changes);

    /// How many entries show, with everything below the changes.
    fn len_with(changes: &Self::Changes) -> usize;

    /// Takes over changes until `budget` entries have been looked at. Answers whether nothing is left of them.
    fn take_over(&mut self, changes: &mut Self::Changes, budget: &mut usize) -> bool;

    /// The entries that show.
    fn entries<'a>(
        view: View<'a, Self>,
    ) -> impl Iterator<Item = (Self::PlaceRef<'a>, &'a Self::Value)>;

    /// Calls `visit` for the entries that show.
    #[inline]
    fn for_each<'a>(
        view: View<'a, Self>,
        mut visit: impl FnMut(Self::PlaceRef<'a>, &'a Self::Value),
    ) {
        Self::entries(view).for_each(|(place, value)| visit(place, value));
    }

    /// Adds an entry of a snapshot; an error says why it can't stand there.
    fn put(&mut self, place: Self::Place, value: Self::Value) -> Result<(), String>;

    fn from_whole(whole: Self::Whole) -> Self;
}

/// One state of one operator subtask: a collection for each key of the subtask's key groups. A collection that becomes empty
/// is gone.
pub(crate) struct CollectionTable<K, C: Collection> {
    groups: Groups<Group<K, C>>,
}

/// How a collection is called in snapshots.
pub(crate) struct Naming {
    pub(crate) name: String,
    pub(crate) kind: StateKind,
    pub(crate) layout: Layout,
    pub(crate) key_type: String,
    pub(crate) value_type: String,
}

impl<K: StateKey, C: Collection> CollectionTable<K, C> {
    /// An empty state for the keys of `key_groups`.
    pub(crate) fn new(
        naming: Naming,
        max_parallelism: MaxParallelism,
        key_groups: KeyGroupRange,
    ) -> Self {
        let groups = Groups::new(TableIdentity {
            name: naming.name,
            kind: naming.kind,
            layout: naming.layout,
            key_type: naming.key_type,
            value_type: naming.value_type,
            max_parallelism,
            key_groups,
        });
        Self { groups }
    }

    /// The collection of `key` as it is now.
    #[inline]
    pub(crate) fn view(&self, hash: u64, key: &K) -> View<'_, C> {
        self.groups.of(hash).view(slot(hash), key)
    }

    /// Calls `change` where the collection of `key` can be changed.
    #[inline]
    pub(crate) fn change<R>(
        &mut self,
        hash: u64,
        key: &K,
        change: impl FnOnce(Spot<'_, C>) -> R,
    ) -> R {
        self.groups.of_mut(hash).change(slot(hash), key, change)
    }

    /// Removes the collection of `key`.
    pub(crate) fn remove(&mut self, hash: u64, key: &K) {
        self.groups.of_mut(hash).remove(slot(hash), key);
    }

    /// A key with this hash that is accepted; one may be asked for twice.
    pub(crate) fn key_with(&self, hash: u64, accept: impl Fn(&K) -> bool) -> Option<&K> {
        self.groups.of(hash).key_with(slot(hash), accept)
    }

    /// All entries.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&K, C::PlaceRef<'_>, &C::Value)> {
        self.groups.parts().iter().flat_map(Group::rows)
    }

    /// The state as it is now. Takes time in the number of groups, and copies nothing.
    pub(crate) fn freeze(&mut self) -> FrozenTable<FrozenCollections<K, C>> {
        self.groups.freeze()
    }

    /// See [`StateTable::maintain`](crate::StateTable::maintain).
    pub(crate) fn maintain(&mut self, budget: usize) -> bool {
        self.groups.maintain(budget)
    }
}

impl<K: StateKey, C: Collection> TakesRows for CollectionTable<K, C> {
    type Key = K;
    type Place = C::Place;
    type Value = C::Value;
    type Whole = C::Whole;

    fn identity(&self) -> &TableIdentity {
        self.groups.identity()
    }

    fn clear(&mut self) {
        self.groups.clear();
    }

    fn put(&mut self, hash: u64, key: K, place: C::Place, value: C::Value) -> Result<(), String> {
        self.change(hash, &key, |spot| match spot {
            Spot::Plain(collection) => collection.put(place, value),
            Spot::Over { .. } | Spot::Folding { .. } => Err(FROZEN.into()),
        })
    }

    fn put_whole(&mut self, hash: u64, key: K, whole: C::Whole) {
        self.change(hash, &key, |spot| {
            if let Spot::Plain(collection) = spot {
                *collection = C::from_whole(whole);
            }
        });
    }
}

const FROZEN: &str = "the state is being snapshotted while it is restored";

#[cfg(test)]
mod tests;
