//! A key group as it was at one moment, to be written while the program goes on.

use std::sync::Arc;

use super::Collection;
use super::layers::{Base, Overlay, rows};
use crate::rows::Rows;
use crate::types::StateKey;

/// One key group of a frozen state.
pub(crate) struct FrozenCollections<K, C: Collection> {
    /// Oldest first. Stands before `base` because fields are dropped in this order: the base is let go last.
    overlays: Vec<Arc<Overlay<K, C>>>,
    base: Arc<Base<K, C>>,
    entries: usize,
}

impl<K, C: Collection> FrozenCollections<K, C> {
    pub(super) fn new(
        overlays: Vec<Arc<Overlay<K, C>>>,
        base: Arc<Base<K, C>>,
        entries: usize,
    ) -> Self {
        Self {
            overlays,
            base,
            entries,
        }
    }
}

impl<K: StateKey, C: Collection> Rows for FrozenCollections<K, C> {
    type Key = K;
    type Place = C::Place;
    type PlaceRef<'a> = C::PlaceRef<'a>;
    type Value = C::Value;

    fn len(&self) -> usize {
        self.entries
    }

    fn rows(&self) -> impl Iterator<Item = (&K, C::PlaceRef<'_>, &C::Value)> {
        let overlays = self.overlays.iter().map(AsRef::as_ref);
        rows(&self.base, overlays.collect())
    }
}
