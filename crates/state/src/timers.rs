//! Timers: times, each under a key, in order of time.
//!
//! What is snapshotted is a collection of times for each key. The order beside it is made of that, and in no snapshot: a
//! snapshot never copies it, and a timer that fires costs it nothing that depends on how many there are.

use std::collections::BTreeSet;

use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, KeyGroupRange, MaxParallelism};
use millstream_storage::StateKind;

use crate::collection::{CollectionTable, FrozenCollections, MapOf, Naming};
use crate::groups::FrozenTable;
use crate::identity::{Layout, TableIdentity};
use crate::rows::TakesRows;
use crate::type_text::type_text;
use crate::types::StateKey;

type Times = MapOf<EventTime, ()>;

/// The timers of one operator subtask.
pub(crate) struct TimerTable<K> {
    times: CollectionTable<K, Times>,
    /// Each time with the hashes of its keys: time by time, within one by key group. Two keys of one hash share an entry.
    order: BTreeSet<(EventTime, u64)>,
}

/// A timer that is due.
pub(crate) struct Due<K> {
    pub(crate) time: EventTime,
    pub(crate) key: K,
    pub(crate) hash: u64,
}

impl<K: StateKey> TimerTable<K> {
    /// No timers yet, for the keys of `key_groups`.
    pub(crate) fn new(name: &str, max: MaxParallelism, key_groups: KeyGroupRange) -> Self {
        let naming = Naming {
            name: name.to_owned(),
            kind: StateKind::Timers,
            layout: Layout::Time,
            key_type: type_text::<K>(),
            value_type: type_text::<()>(),
        };
        Self {
            times: CollectionTable::new(naming, max, key_groups),
            order: BTreeSet::new(),
        }
    }

    /// Adds a timer; `false`: it is there already.
    pub(crate) fn register(&mut self, hash: u64, key: &K, time: EventTime) -> bool {
        if self.is_registered(hash, key, time) {
            return false;
        }
        let put =
            |spot: crate::collection::Spot<'_, Times>| Times::update(spot, time, || (), |()| ());
        self.times.change(hash, key, put);
        self.order.insert((time, hash));
        true
    }

    /// Removes a timer; `false`: there is none.
    pub(crate) fn delete(&mut self, hash: u64, key: &K, time: EventTime) -> bool {
        if !self.is_registered(hash, key, time) {
            return false;
        }
        self.times
            .change(hash, key, |spot| Times::remove(spot, &time));
        if self.key_of(hash, time).is_none() {
            self.order.remove(&(time, hash));
        }
        true
    }

    pub(crate) fn is_registered(&self, hash: u64, key: &K, time: EventTime) -> bool {
        Times::get(&self.times.view(hash, key), &time).is_some()
    }

    /// The time of the first timer.
    pub(crate) fn first(&self) -> Option<EventTime> {
        self.order.first().map(|(time, _)| *time)
    }

    /// Removes the first timer that is due at `up_to`.
    pub(crate) fn next_due(&mut self, up_to: EventTime) -> Option<Due<K>> {
        loop {
            let (time, hash) = *self.order.first().filter(|(time, _)| *time <= up_to)?;
            match self.key_of(hash, time).cloned() {
                Some(key) => {
                    self.delete(hash, &key, time);
                    return Some(Due { time, key, hash });
                }
                None => {
                    self.order.pop_first();
                }
            }
        }
    }

    /// A key of this hash that has a timer at `time`.
    fn key_of(&self, hash: u64, time: EventTime) -> Option<&K> {
        self.times.key_with(hash, |key| {
            stable_hash(key) == hash && self.is_registered(hash, key, time)
        })
    }

    pub(crate) fn freeze(&mut self) -> FrozenTable<FrozenCollections<K, Times>> {
        self.times.freeze()
    }

    pub(crate) fn maintain(&mut self, budget: usize) -> bool {
        self.times.maintain(budget)
    }

    /// Makes the order, once all rows have been put.
    pub(crate) fn put_in_order(&mut self) {
        let rows = self.times.rows();
        self.order = rows
            .map(|(key, time, ())| (*time, stable_hash(key)))
            .collect();
    }
}

impl<K: StateKey> TakesRows for TimerTable<K> {
    type Key = K;
    type Place = EventTime;
    type Value = ();
    type Whole = <CollectionTable<K, Times> as TakesRows>::Whole;

    fn identity(&self) -> &TableIdentity {
        self.times.identity()
    }

    fn clear(&mut self) {
        self.times.clear();
        self.order.clear();
    }

    fn put(&mut self, hash: u64, key: K, time: EventTime, value: ()) -> Result<(), String> {
        self.times.put(hash, key, time, value)
    }

    fn put_whole(&mut self, hash: u64, key: K, whole: Self::Whole) {
        self.times.put_whole(hash, key, whole);
    }
}

#[cfg(test)]
mod tests;
