//! One key group of what was seen: nearly always one table.

use std::sync::Arc;

use millstream_core::EventTime;

use super::flat::Flat;
use crate::fingerprint::Fingerprint;
use crate::groups::Part;
use crate::rows::Rows;

/// A group that snapshots overtake again and again before it can be folded is folded at once when it has this many
/// overlays, so that reads stay quick.
const DEEPEST: usize = 4;

/// The entries of one key group. What a snapshot holds is never changed: what is seen meanwhile goes to an overlay. As no
/// entry is ever changed, overlays hide nothing.
#[derive(Default)]
pub(super) struct Group {
    base: Arc<Flat>,
    /// Oldest first.
    overlays: Vec<Arc<Flat>>,
}

impl Group {
    fn layers(&self) -> impl Iterator<Item = &Arc<Flat>> {
        self.overlays.iter().rev().chain([&self.base])
    }

    pub(super) fn bytes(&self) -> usize {
        self.layers().map(|layer| layer.bytes()).sum()
    }

    /// Whether `accept` is true for a time of `key`.
    #[inline]
    pub(super) fn any(&self, key: &Fingerprint, accept: impl Fn(i64) -> bool + Copy) -> bool {
        self.layers().any(|layer| layer.any(key, accept))
    }

    /// Adds an entry. What lies at or before `horizon` may be left out from now on.
    pub(super) fn insert(&mut self, key: Fingerprint, millis: i64, horizon: i64) {
        if let Some(base) = Arc::get_mut(&mut self.base) {
            return base.insert(key, millis, horizon);
        }
        if let Some(newest) = self.overlays.last_mut().and_then(Arc::get_mut) {
            return newest.insert(key, millis, horizon);
        }
        let mut newest = Flat::default();
        newest.insert(key, millis, horizon);
        self.overlays.push(Arc::new(newest));
    }

    /// Gives the memory back of what lies at or before `horizon`, unless a snapshot needs it. Answers how many entries were
    /// looked at.
    pub(super) fn sweep(&mut self, horizon: i64) -> usize {
        let Some(base) = Arc::get_mut(&mut self.base) else {
            return 0;
        };
        let looked = base.len();
        base.forget(horizon);
        looked
    }

    /// Moves entries of overlays to the base, at most `budget`, if no snapshot needs it. Answers whether none is left.
    fn fold(&mut self, budget: &mut usize) -> bool {
        let Some(base) = Arc::get_mut(&mut self.base) else {
            return false;
        };
        while let Some(newest) = self.overlays.last_mut() {
            // A snapshot that holds an overlay holds the base longer.
            let Some(newest) = Arc::get_mut(newest) else {
                return false;
            };
            while newest.len() > 0 {
                if *budget == 0 {
                    return false;
                }
                *budget -= 1;
                if let Some(slot) = newest.pop() {
                    base.insert(*slot.key(), slot.millis(), i64::MIN);
                }
            }
            self.overlays.pop();
        }
        true
    }
}

impl Part for Group {
    type Frozen = Frozen;

    fn freeze(&mut self) -> Option<Frozen> {
        if self.len() == 0 {
            return None;
        }
        if self.overlays.len() >= DEEPEST {
            let mut all = usize::MAX;
            self.fold(&mut all);
        }
        Some(Frozen {
            overlays: self.overlays.clone(),
            base: Arc::clone(&self.base),
            len: self.len(),
        })
    }

    fn maintain(&mut self, budget: &mut usize) -> bool {
        self.fold(budget)
    }

    fn is_settled(&self) -> bool {
        self.overlays.is_empty() && Arc::strong_count(&self.base) == 1
    }

    fn len(&self) -> usize {
        self.layers().map(|layer| layer.len()).sum()
    }
}

/// A group as it was at one moment, to be written while the program goes on.
pub(crate) struct Frozen {
    /// Stands before `base` because fields are dropped in this order: the base is let go last.
    overlays: Vec<Arc<Flat>>,
    base: Arc<Flat>,
    len: usize,
}

impl Rows for Frozen {
    type Key = Fingerprint;
    type Place = EventTime;
    type PlaceRef<'a> = EventTime;
    type Value = ();

    fn len(&self) -> usize {
        self.len
    }

    fn rows(&self) -> impl Iterator<Item = (&Fingerprint, EventTime, &())> {
        let layers = [&self.base].into_iter().chain(&self.overlays);
        let slots = layers.flat_map(|layer| layer.entries());
        slots.map(|slot| (slot.key(), slot.time(), &()))
    }
}
