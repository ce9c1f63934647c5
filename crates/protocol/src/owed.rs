//! Which prepared output is owed to whoever goes on from a snapshot of the job: no end of the job may take it away.

use std::collections::BTreeMap;

use millstream_core::CheckpointId;

/// Output that is prepared and held by a snapshot that is in place, or whose commit was asked for, and that is not known to be
/// committed. Told by whoever writes, commits and deletes what he has done, in order.
#[derive(Debug, Clone)]
pub struct Owed<T> {
    /// By the number of the snapshot.
    held: BTreeMap<CheckpointId, Vec<T>>,
    /// No attempt has begun, or the snapshot that it goes on from has not been looked into.
    is_unknown: bool,
}

impl<T> Default for Owed<T> {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            is_unknown: true,
        }
    }
}

impl<T: Clone> Owed<T> {
    /// An attempt begins, from a snapshot or from nothing. What other snapshots held is behind the job from here on.
    pub fn begins(&mut self, from_snapshot: bool) {
        self.held.clear();
        self.is_unknown = from_snapshot;
    }

    /// The snapshot that the attempt goes on from holds this.
    pub fn restored(&mut self, checkpoint: CheckpointId, prepared: Vec<T>) {
        self.is_unknown = false;
        self.in_place(checkpoint, prepared);
    }

    /// A snapshot is in place, or may be, and holds this. One before it that was given up and could not be deleted is the newest
    /// again where this one is deleted.
    pub fn in_place(&mut self, checkpoint: CheckpointId, prepared: Vec<T>) {
        self.held.insert(checkpoint, prepared);
    }

    /// The commit of this is asked for, also where no snapshot holds it.
    pub fn asked(&mut self, checkpoint: CheckpointId, prepared: Vec<T>) {
        self.held.insert(checkpoint, prepared);
    }

    /// All that this snapshot holds is committed, or taken for that.
    pub fn committed(&mut self, checkpoint: CheckpointId) {
        self.held.retain(|held, _| *held > checkpoint);
    }

    /// The snapshot is not there any more.
    pub fn deleted(&mut self, checkpoint: CheckpointId) {
        self.held.remove(&checkpoint);
    }

    /// What is still owed, some of it more than once; `None`: it can't be told.
    pub fn kept(&self) -> Option<Vec<T>> {
        let kept = self.held.values().flatten().cloned();
        (!self.is_unknown).then(|| kept.collect())
    }
}

#[cfg(test)]
mod tests;
