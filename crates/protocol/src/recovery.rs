//! Which snapshot a start goes on from, or why it can't.
//!
//! Storage reads the facts; this decides on them. The newest completed snapshot is the only right one:
//! output up to it may be committed, so going on from an older one would double it.

use millstream_core::{CheckpointId, TriggerId, codes};

use crate::types::SnapshotRef;

/// A completed snapshot that a start could go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub snapshot: SnapshotRef,
    /// What is wrong with it, where something is: one line that names the file.
    pub damage: Option<String>,
}

/// Who owns the snapshot that a job was started from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimMode {
    /// The user: the job never deletes it, and its first checkpoint is complete in itself.
    NoClaim,
    /// The job: it deletes the snapshot once newer checkpoints are complete.
    Claim,
    /// The user, but the job's checkpoints may refer to its files. Deprecated.
    Legacy,
}

/// The snapshot that the user had the job started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredFrom {
    /// Which.
    pub offer: Offer,
    /// Who owns it.
    pub claim: ClaimMode,
}

/// A stop whose savepoint was written when the process died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedStop {
    /// The operation.
    pub id: TriggerId,
    /// Its savepoint.
    pub savepoint: SnapshotRef,
}

/// What is known when a job starts, or is taken up by a new process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The job's own completed checkpoints, and the savepoint of a stop if one is complete, in any order.
    /// Intermediate savepoints are not among them: the job commits nothing at them, and the user may
    /// delete them.
    pub offered: Vec<Offer>,
    /// The snapshot that the user had the job started from.
    pub restored_from: Option<RestoredFrom>,
    /// The newest snapshot that records say was completed; `None`: no record.
    pub completed_up_to: Option<CheckpointId>,
    /// The lowest number that no snapshot of the job has used, complete or not; 0 if not known.
    pub next_checkpoint: CheckpointId,
    /// A stop to be finished: its output is committed and the job ends without running again.
    pub unfinished_stop: Option<UnfinishedStop>,
}

/// What a start does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Begins at the beginning: nothing was ever completed.
    Fresh,
    /// Goes on from this snapshot.
    GoOn(SnapshotRef),
    /// Does not start.
    Refused {
        /// The stable error code.
        code: &'static str,
        /// One line: what is missing or damaged, and what to do.
        why: String,
    },
}

/// Decides what a start goes on from.
pub fn decide(facts: &Facts) -> Decision {
    let newest = facts
        .offered
        .iter()
        .max_by_key(|offer| offer.snapshot.checkpoint);
    let stop = facts.unfinished_stop.as_ref().map(|stop| &stop.savepoint);
    let known = newest
        .map(|offer| offer.snapshot.checkpoint)
        .max(stop.map(|s| s.checkpoint));
    if let Some(completed) = facts
        .completed_up_to
        .filter(|completed| known < Some(*completed))
    {
        return Decision::Refused {
            code: codes::SNAPSHOT_MISSING.id,
            why: format!(
                "snapshot {completed} was completed but is not there any more, and going on from an \
                 older one would write output twice; bring it back, or start a new job with \
                 -s and the snapshot to accept that from"
            ),
        };
    }
    if let Some(stop) = stop
        && newest.is_none_or(|newest| newest.snapshot.checkpoint < stop.checkpoint)
    {
        return Decision::GoOn(stop.clone());
    }
    match newest.or_else(|| facts.restored_from.as_ref().map(|restored| &restored.offer)) {
        None => Decision::Fresh,
        Some(Offer {
            snapshot,
            damage: None,
        }) => Decision::GoOn(snapshot.clone()),
        Some(Offer {
            snapshot,
            damage: Some(damage),
        }) => Decision::Refused {
            code: codes::SNAPSHOT_CORRUPT.id,
            why: format!(
                "{snapshot} is the newest one but can't be used: {damage}; mend it, or start a new \
                 job with -s and an older snapshot, accepting that output since then is written twice"
            ),
        },
    }
}

#[cfg(test)]
mod tests;
