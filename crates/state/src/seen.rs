//! What was seen, and when: for each fingerprint the times at which it went by.
//!
//! This is a map of times for each key, in every file as any other map state, but kept in memory as what it is: entries of
//! 22 bytes that are added, looked for and forgotten, and never changed. Each key group has one sorted table, 68 to 85
//! parts in a hundred full, so that an entry takes 26 to 33 bytes, whatever their number
//! (`docs/decisions/0014-what-was-seen-is-kept-sorted.md`).
//!
//! Nothing has a timer. An entry counts as forgotten from a horizon on that the owner moves, and its memory is given back
//! when its group is next copied: because the group is full, or because enough time has gone by.

mod flat;
mod group;

use std::collections::HashMap;

use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, KeyGroupRange, MaxParallelism, Result};
use millstream_storage::{OperatorSnapshot, StateKind};

use crate::fingerprint::Fingerprint;
use crate::groups::Groups;
use crate::identity::{Layout, TableIdentity};
use crate::keyed::{KeyedState, WriteState};
use crate::restore::restore;
use crate::rows::TakesRows;
use crate::type_text::type_text;
use group::Group;

/// Memory of what is forgotten is given back after this part of the time for which things are remembered.
const SWEEPS: i64 = 16;
/// As many entries are looked at for that at once, and at least those of one group.
const SWEPT_AT_ONCE: usize = 64 * 1024;

/// For each fingerprint the times at which it was seen. One for each operator subtask.
///
/// ```
/// use millstream_core::{EventTime, MaxParallelism};
/// use millstream_state::{Fingerprint, SeenTable};
///
/// let max = MaxParallelism::DEFAULT;
/// let mut seen = SeenTable::new("seen", max, max.range(0, 1), 1_000);
/// let (key, at) = (Fingerprint::from_bytes([7; 16]), EventTime::from_millis);
/// assert!(seen.note(&key, at(5_000)));
/// assert!(!seen.note(&key, at(5_999)), "less than a second later");
/// assert!(!seen.note(&key, at(4_001)), "nor before");
/// assert!(seen.note(&key, at(6_000)));
/// ```
pub struct SeenTable {
    groups: Groups<Group>,
    /// Milliseconds.
    within: i64,
    /// What was seen at or before this time is forgotten, in milliseconds.
    horizon: i64,
    /// The horizon of the last time that memory was given back.
    swept: i64,
    /// How many groups are still to be looked through for that.
    left: usize,
}

impl SeenTable {
    /// Nothing seen yet, of the keys of `key_groups`. Two sightings less than `within` milliseconds apart are one.
    pub fn new(
        name: impl Into<String>,
        max_parallelism: MaxParallelism,
        key_groups: KeyGroupRange,
        within: i64,
    ) -> Self {
        let groups = Groups::new(TableIdentity {
            name: name.into(),
            kind: StateKind::Map,
            layout: Layout::MapKey,
            key_type: type_text::<Fingerprint>(),
            value_type: type_text::<HashMap<EventTime, ()>>(),
            max_parallelism,
            key_groups,
        });
        Self {
            groups,
            within,
            horizon: i64::MIN,
            swept: i64::MIN,
            left: 0,
        }
    }

    /// Whether a sighting at `time` is kept with that time. What lies further away is kept as the end of what can be, so that all of
    /// it is at one time.
    pub fn can_keep(time: EventTime) -> bool {
        flat::kept(time.as_millis()) == time.as_millis()
    }

    /// Notes that `key` was seen at `time`, unless it was less than the time apart that the table was made with: `false`.
    /// What lies at or before the horizon is neither noted nor compared.
    ///
    /// # Panics
    /// `key` does not belong to the table's key groups.
    pub fn note(&mut self, key: &Fingerprint, time: EventTime) -> bool {
        // As it is kept, or nothing that lies beyond what is kept would be near to itself.
        let time = flat::kept(time.as_millis());
        let (within, horizon) = (self.within, self.horizon);
        if time <= horizon {
            return true;
        }
        let is_near = |seen: i64| seen > horizon && seen.abs_diff(time) < within.unsigned_abs();
        let group = self.groups.of_mut(stable_hash(key));
        if group.any(key, is_near) {
            return false;
        }
        group.insert(*key, time, horizon);
        true
    }

    /// Moves the horizon up to `time`: what was seen at or before it is forgotten. Never moves it back.
    pub fn forget_until(&mut self, time: EventTime) {
        self.horizon = self.horizon.max(time.as_millis());
        let is_time = self.horizon.saturating_sub(self.swept) >= self.within / SWEEPS;
        if is_time && self.left == 0 {
            self.swept = self.horizon;
            self.left = self.groups.parts().len();
        }
    }

    /// How many entries take memory, those among them that are forgotten. Takes time in the number of groups.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether no entry takes memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the entries take.
    pub fn bytes(&self) -> usize {
        self.groups.parts().iter().map(Group::bytes).sum()
    }

    /// Gives the memory back of what is forgotten in the next groups. Answers whether some are left.
    fn sweep(&mut self) -> bool {
        let mut looked = 0;
        while self.left > 0 && looked < SWEPT_AT_ONCE {
            self.left -= 1;
            if let Some(group) = self.groups.parts_mut().get_mut(self.left) {
                looked += group.sweep(self.horizon);
            }
        }
        self.left > 0
    }
}

impl KeyedState for SeenTable {
    fn name(&self) -> String {
        self.groups.identity().name.clone()
    }

    fn freeze(&mut self) -> Box<dyn WriteState> {
        Box::new(self.groups.freeze())
    }

    fn restore(&mut self, snapshot: &OperatorSnapshot) -> Result<()> {
        restore(self, snapshot)
    }

    /// What is forgotten is given back here as well, one group at a time.
    fn maintain(&mut self, budget: usize) -> bool {
        if self.groups.maintain(budget) {
            return true;
        }
        self.sweep()
    }
}

impl TakesRows for SeenTable {
    type Key = Fingerprint;
    type Place = EventTime;
    type Value = ();
    type Whole = HashMap<EventTime, ()>;

    fn identity(&self) -> &TableIdentity {
        self.groups.identity()
    }

    fn clear(&mut self) {
        self.groups.clear();
    }

    fn put(
        &mut self,
        hash: u64,
        key: Fingerprint,
        time: EventTime,
        (): (),
    ) -> std::result::Result<(), String> {
        let group = self.groups.of_mut(hash);
        group.insert(key, time.as_millis(), i64::MIN);
        Ok(())
    }

    fn put_whole(&mut self, hash: u64, key: Fingerprint, whole: Self::Whole) {
        let group = self.groups.of_mut(hash);
        for time in whole.into_keys() {
            group.insert(key, time.as_millis(), i64::MIN);
        }
    }
}

#[cfg(test)]
mod tests;
