//! What a state is, and how the rows of its files are laid out.

use millstream_core::{KeyGroupRange, MaxParallelism};
use millstream_storage::StateKind;

/// What stays the same for a table's life.
#[derive(Debug)]
pub(crate) struct TableIdentity {
    pub(crate) name: String,
    pub(crate) kind: StateKind,
    pub(crate) layout: Layout,
    pub(crate) key_type: String,
    pub(crate) value_type: String,
    pub(crate) max_parallelism: MaxParallelism,
    pub(crate) key_groups: KeyGroupRange,
}

/// What a row of a state file holds besides key and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Nothing: a key has one row.
    Whole,
    /// The key in the map of the key.
    MapKey,
    /// The position in the list of the key, from 0.
    ListIndex,
    /// The time of a timer.
    Time,
}
