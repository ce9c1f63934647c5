//! Which versions a job has written, with all of its runs: what is older than the least of them was written by nobody of them, and may
//! be removed at the end. A run that goes on from a snapshot may be given a new version; what the runs before it have read is not read
//! again, and stays in the index under theirs. Pure.

use millstream_engine::connector::StateEntry;
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::options::{EsOptions, SyncType};

/// What the entries of it begin with, one of each writer; all say the same.
const WRITTEN: &str = "elasticsearch-written-";

/// Whether an entry is one of it.
pub(super) fn is_own(entry: &StateEntry) -> bool {
    entry.key.starts_with(WRITTEN)
}

/// What a job has written, with all of its runs; `None`: documents of which it can't be told that they are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written(Option<Whole>);

/// Whole documents with versions, all in one index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Whole {
    index: String,
    /// The least version.
    least: i64,
}

impl Whole {
    /// What a run with these options writes.
    fn of(options: &EsOptions) -> Option<Self> {
        // A document that takes over fields may keep an older version, in whatever field it stands now.
        let is_whole = options.sync == SyncType::Full;
        let (index, least) = options.index.fixed().zip(options.version)?;
        is_whole.then(|| Self {
            index: index.to_owned(),
            least,
        })
    }

    fn and(self, other: Self) -> Option<Self> {
        (self.index == other.index).then(|| Self {
            least: self.least.min(other.least),
            index: self.index,
        })
    }
}

impl Written {
    /// What the job has written once it has run with these options; `restored`: what its runs before have left.
    pub(super) fn of(options: &EsOptions, restored: Option<&[StateEntry]>) -> Self {
        let own = Whole::of(options);
        let Some(restored) = restored else {
            return Self(own);
        };
        let mut before = restored.iter().filter(|entry| is_own(entry)).peekable();
        if before.peek().is_none() {
            // Another sink wrote what was read before.
            return Self(None);
        }
        let read = |entry: &StateEntry| Option::<Whole>::deserialize(&entry.value).ok().flatten();
        let all = before.fold(own, |all, entry| all?.and(read(entry)?));
        Self(all)
    }

    /// The version below which nothing is the job's. `None`: it can't be told.
    pub(super) fn least(&self) -> Option<i64> {
        self.0.as_ref().map(|whole| whole.least)
    }

    /// The entry of a writer for a snapshot.
    pub(super) fn entry(&self, subtask: usize) -> StateEntry {
        StateEntry {
            key: format!("{WRITTEN}{subtask}"),
            value: serde_json::to_value(&self.0).unwrap_or_default(),
        }
    }

    /// Tells people where less will be removed than they may expect.
    pub(super) fn tell(&self, options: &EsOptions) {
        let Some(version) = options.version.filter(|_| options.delete_stale) else {
            return;
        };
        let index = &options.index;
        match self.least() {
            Some(least) if least == version => {}
            Some(least) => info!(
                "The job goes on from a run that wrote documents of version {least} into index {index}: at the end those before that version are removed, not before {version}."
            ),
            None => warn!(
                "No documents of older versions will be removed from index {index}: the job goes on from a run that has not written whole documents with versions into it, and which are its own can't be told. Give the job a start without a snapshot where they are to be removed."
            ),
        }
    }
}

#[cfg(test)]
mod tests;
