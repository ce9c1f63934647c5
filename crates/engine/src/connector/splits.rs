//! How far the splits of a source are, for people.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How far one split of a source has been read that counts its records by their place, as a partition of Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SplitGauge {
    /// The place of the next record.
    pub next: u64,
    /// Behind the newest record that can be read, where it is known.
    pub end: Option<u64>,
    /// What the outside was told to be done with: everything before this place.
    pub committed: Option<u64>,
}

impl SplitGauge {
    /// How many records are there and not read yet.
    pub fn lag(&self) -> Option<u64> {
        self.end.map(|end| end.saturating_sub(self.next))
    }
}

/// The splits of a source by their names. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct SplitGauges {
    splits: Arc<Mutex<BTreeMap<String, SplitGauge>>>,
}

impl SplitGauges {
    /// The split with this name is read, from `next` on.
    pub fn begin(&self, name: String, next: u64) {
        let gauge = SplitGauge {
            next,
            ..SplitGauge::default()
        };
        self.splits().insert(name, gauge);
    }

    /// Changes what is told of a split, if it is read.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut SplitGauge)) {
        if let Some(gauge) = self.splits().get_mut(name) {
            change(gauge);
        }
    }

    /// The split with this name is not there any more.
    pub fn end(&self, name: &str) {
        self.splits().remove(name);
    }

    /// All of them, in order.
    pub fn all(&self) -> Vec<(String, SplitGauge)> {
        let splits = self.splits();
        let all = splits.iter();
        all.map(|(name, gauge)| (name.clone(), *gauge)).collect()
    }

    fn splits(&self) -> MutexGuard<'_, BTreeMap<String, SplitGauge>> {
        self.splits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
