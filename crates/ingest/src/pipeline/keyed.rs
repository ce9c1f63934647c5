//! Rows on their way to the subtasks that their keys lead to.

use millstream::{Fingerprint, Fingerprinted};
use millstream_connectors::rows::Rows;
use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, Result};
use serde::{Deserialize, Serialize};

/// Rows, with the fingerprint of each one's key; `None`: it has none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Keyed {
    pub(super) rows: Rows,
    pub(super) fingerprints: Vec<Option<Fingerprint>>,
}

impl Fingerprinted for Keyed {
    fn fingerprints(&self) -> &[Option<Fingerprint>] {
        &self.fingerprints
    }

    fn time(&self, _: usize) -> Option<EventTime> {
        None
    }

    /// What has no key is spread: every file begins at the same offset.
    fn place(&self) -> u64 {
        let origin = &self.rows.origin;
        stable_hash(&(&*origin.file, origin.offset(0).unwrap_or(0)))
    }

    fn only(&self, numbers: &[usize]) -> Result<Self> {
        let some = numbers.iter().filter_map(|row| self.fingerprints.get(*row));
        Ok(Self {
            rows: self.rows.only(numbers)?,
            fingerprints: some.copied().collect(),
        })
    }
}
