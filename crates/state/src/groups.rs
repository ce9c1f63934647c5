//! What every table is made of: one part for each key group, frozen and folded one by one.

use std::collections::VecDeque;
use std::sync::Arc;

use millstream_core::KeyGroup;

use crate::identity::TableIdentity;

/// One key group of a table.
pub(crate) trait Part: Default {
    type Frozen;

    /// A snapshot of the group; `None` if it is empty. Takes the same time for every number of keys.
    fn freeze(&mut self) -> Option<Self::Frozen>;

    /// Folds if no snapshot needs the group any more. Answers whether the group is one table again.
    fn maintain(&mut self, budget: &mut usize) -> bool;

    /// Whether it is one table, which no snapshot needs.
    fn is_settled(&self) -> bool;

    /// How many entries there are.
    fn len(&self) -> usize;
}

/// The key groups of one operator subtask.
pub(crate) struct Groups<G> {
    identity: Arc<TableIdentity>,
    /// One for each group of the range, in order.
    parts: Vec<G>,
    /// The groups that are not one plain table, as indexes, in the order in which snapshots let go of them.
    unsettled: VecDeque<usize>,
}

impl<G: Part> Groups<G> {
    pub(crate) fn new(identity: TableIdentity) -> Self {
        let mut groups = Self {
            identity: Arc::new(identity),
            parts: Vec::new(),
            unsettled: VecDeque::new(),
        };
        groups.clear();
        groups
    }

    pub(crate) fn identity(&self) -> &TableIdentity {
        &self.identity
    }

    /// Removes all entries. Snapshots under way keep theirs.
    pub(crate) fn clear(&mut self) {
        let groups = self.identity.key_groups.iter();
        self.parts = groups.map(|_| G::default()).collect();
        self.unsettled.clear();
    }

    /// How many entries there are. Takes time in the number of groups.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(G::len).sum()
    }

    pub(crate) fn parts(&self) -> &[G] {
        &self.parts
    }

    pub(crate) fn parts_mut(&mut self) -> &mut [G] {
        &mut self.parts
    }

    /// The group of a key with this hash.
    #[inline]
    pub(crate) fn of(&self, hash: u64) -> &G {
        self.parts.get(self.index_of(hash)).expect(FOREIGN_KEY)
    }

    /// The same, to be changed.
    #[inline]
    pub(crate) fn of_mut(&mut self, hash: u64) -> &mut G {
        let index = self.index_of(hash);
        self.parts.get_mut(index).expect(FOREIGN_KEY)
    }

    #[inline]
    fn index_of(&self, hash: u64) -> usize {
        let group = self.identity.max_parallelism.group_of(hash);
        usize::from(group).wrapping_sub(usize::from(self.identity.key_groups.start))
    }

    /// All groups as they are now. Copies nothing.
    pub(crate) fn freeze(&mut self) -> FrozenTable<G::Frozen> {
        let numbers = self.identity.key_groups.iter();
        let groups = numbers
            .zip(&mut self.parts)
            .filter_map(|(number, part)| Some((number, part.freeze()?)))
            .collect();
        let indexes = self.parts.iter().enumerate();
        self.unsettled = indexes
            .filter(|(_, part)| !part.is_settled())
            .map(|(index, _)| index)
            .collect();
        FrozenTable {
            identity: Arc::clone(&self.identity),
            groups,
        }
    }

    /// Folds back what was written during a snapshot, one group after the other. Answers whether something is left.
    pub(crate) fn maintain(&mut self, budget: usize) -> bool {
        let mut budget = budget;
        while let Some(index) = self.unsettled.front() {
            let part = self.parts.get_mut(*index);
            if !part.is_none_or(|part| part.maintain(&mut budget)) {
                return true;
            }
            self.unsettled.pop_front();
        }
        false
    }

    #[cfg(test)]
    pub(crate) fn unsettled(&self) -> usize {
        self.unsettled.len()
    }
}

/// The exchange brings a subtask the keys of its own groups alone.
const FOREIGN_KEY: &str =
    "the key belongs to another subtask; its Hash must give the same value in every process";

/// A table as it was at one moment.
pub(crate) struct FrozenTable<F> {
    pub(crate) identity: Arc<TableIdentity>,
    /// The groups that are not empty, in order; each is given back to its table when it is dropped.
    pub(crate) groups: Vec<(KeyGroup, F)>,
}
