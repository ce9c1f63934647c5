//! What state files are made of, whatever the state: a key group has rows, each a key, a place and a value.
//!
//! The place tells the entries of one key apart: the key in a map, the position in a list, the time of a timer, nothing
//! where a key has one value. Where it stands in a file is the [`Layout`](crate::identity::Layout).

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::identity::TableIdentity;
use crate::types::{StateKey, StateValue};

/// One frozen key group, as writers see it.
pub(crate) trait Rows: Send + Sync {
    type Key: StateKey;
    type Place: StateValue;
    type PlaceRef<'a>: Serialize
    where
        Self: 'a;
    type Value: StateValue;

    /// How many rows there are.
    fn len(&self) -> usize;

    /// The rows of a list come in the order of the list; all others in no order.
    fn rows(&self) -> impl Iterator<Item = (&Self::Key, Self::PlaceRef<'_>, &Self::Value)>;
}

/// A table that rows are put into.
pub(crate) trait TakesRows {
    type Key: StateKey;
    type Place: StateValue;
    type Value: StateValue;
    /// All entries of a key as one value, as version 1 of the formats has them.
    type Whole: DeserializeOwned;

    fn identity(&self) -> &TableIdentity;

    fn clear(&mut self);

    /// An error says why the row can't stand where it stands.
    fn put(
        &mut self,
        hash: u64,
        key: Self::Key,
        place: Self::Place,
        value: Self::Value,
    ) -> Result<(), String>;

    fn put_whole(&mut self, hash: u64, key: Self::Key, whole: Self::Whole);
}
