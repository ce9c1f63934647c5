//! Completed snapshots: which one to go back to, and which to delete.
//!
//! Checkpoints belong to the job, which keeps a number of the newest. Savepoints belong to the user and
//! are never deleted. A savepoint at which output was committed (that of a stop) is gone back to as long
//! as it is the newest; an intermediate savepoint is not, as in Flink since FLIP-203: the user may
//! delete it at any time.

use millstream_core::{CheckpointId, JobStatus};

use crate::recovery::{ClaimMode, Decision, Facts, Offer, RestoredFrom, UnfinishedStop, decide};
use crate::settings::{CheckpointSettings, Retention};
use crate::types::SnapshotRef;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Written by the job for itself.
    Job,
    /// Given to the job in CLAIM mode.
    Claimed,
    /// A savepoint.
    User,
}

#[derive(Debug, Clone)]
struct Held {
    offer: Offer,
    owner: Owner,
}

impl Held {
    fn number(&self) -> CheckpointId {
        self.offer.snapshot.checkpoint
    }
}

/// The completed snapshots of one job, oldest first.
#[derive(Debug, Clone)]
pub struct Snapshots {
    held: Vec<Held>,
    restored_from: Option<RestoredFrom>,
    completed_up_to: Option<CheckpointId>,
    unfinished_stop: Option<UnfinishedStop>,
    /// The newest snapshot, while output that it covers may not be committed.
    uncommitted: Option<CheckpointId>,
    keep: usize,
    retention: Retention,
}

/// What becomes of the snapshots of a job that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AtEnd {
    /// To be deleted.
    pub discard: Vec<SnapshotRef>,
    /// Kept although it was to be deleted: output that it covers may not be committed.
    pub uncommitted: Option<SnapshotRef>,
}

impl Snapshots {
    /// The snapshots that `facts` tell of.
    pub fn new(settings: &CheckpointSettings, facts: Facts) -> Self {
        let claimed = facts.restored_from.iter().filter(|restored| {
            restored.claim == ClaimMode::Claim && restored.offer.damage.is_none()
        });
        let claimed = claimed.map(|r| Held {
            offer: r.offer.clone(),
            owner: Owner::Claimed,
        });
        let own = facts.offered.iter().map(|offer| {
            let owner = if offer.snapshot.savepoint {
                Owner::User
            } else {
                Owner::Job
            };
            Held {
                offer: offer.clone(),
                owner,
            }
        });
        let mut held: Vec<Held> = claimed.chain(own).collect();
        if let Some(stop) = &facts.unfinished_stop
            && !held
                .iter()
                .any(|held| held.number() == stop.savepoint.checkpoint)
        {
            let offer = Offer {
                snapshot: stop.savepoint.clone(),
                damage: None,
            };
            held.push(Held {
                offer,
                owner: Owner::User,
            });
        }
        held.sort_by_key(Held::number);
        let mut snapshots = Self {
            held,
            restored_from: facts.restored_from,
            completed_up_to: facts.completed_up_to,
            unfinished_stop: facts.unfinished_stop,
            uncommitted: None,
            keep: settings.retained,
            retention: settings.retention,
        };
        // What an earlier process committed is not known here: the recovery commit will tell.
        snapshots.uncommitted = snapshots.newest().map(|newest| newest.checkpoint);
        snapshots
    }

    /// Which snapshot an attempt goes on from.
    pub fn decide(&self) -> Decision {
        decide(&Facts {
            offered: self.held.iter().map(|held| held.offer.clone()).collect(),
            restored_from: self.restored_from.clone(),
            completed_up_to: self.completed_up_to,
            next_checkpoint: 0,
            unfinished_stop: self.unfinished_stop.clone(),
        })
    }

    /// The newest snapshot of the job.
    pub fn newest(&self) -> Option<&SnapshotRef> {
        self.held.last().map(|held| &held.offer.snapshot)
    }

    /// The snapshots held, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &SnapshotRef> {
        self.held.iter().map(|held| &held.offer.snapshot)
    }

    /// The highest number in use by a snapshot that is known, also the one restored from.
    pub fn highest(&self) -> Option<CheckpointId> {
        let restored = self
            .restored_from
            .as_ref()
            .map(|r| r.offer.snapshot.checkpoint);
        let newest = self.newest().map(|newest| newest.checkpoint);
        newest.max(restored).max(self.completed_up_to)
    }

    /// Whether the next checkpoint must be complete in itself: the job goes on from a snapshot that it
    /// does not own, and has none of its own yet.
    pub fn next_is_full(&self) -> bool {
        let unowned = self
            .restored_from
            .as_ref()
            .is_some_and(|r| r.claim == ClaimMode::NoClaim);
        unowned && !self.held.iter().any(|held| held.owner == Owner::Job)
    }

    /// A checkpoint is complete. Answers what it subsumes, to be deleted.
    pub fn completed(&mut self, checkpoint: SnapshotRef) -> Vec<SnapshotRef> {
        self.push(checkpoint, Owner::Job);
        self.held.retain(|held| held.owner != Owner::User);
        let too_many = self.held.len().saturating_sub(self.keep);
        self.held
            .drain(..too_many)
            .map(|held| held.offer.snapshot)
            .collect()
    }

    /// The savepoint of a stop is complete: from now on the job must not go back behind it.
    pub fn anchored(&mut self, savepoint: SnapshotRef) {
        self.push(savepoint, Owner::User);
    }

    fn push(&mut self, snapshot: SnapshotRef, owner: Owner) {
        self.uncommitted = Some(snapshot.checkpoint);
        self.held.push(Held {
            offer: Offer {
                snapshot,
                damage: None,
            },
            owner,
        });
    }

    /// All output that this snapshot covers is committed.
    pub fn committed(&mut self, checkpoint: CheckpointId) {
        self.uncommitted
            .take_if(|uncommitted| *uncommitted == checkpoint);
    }

    /// What becomes of the snapshots of a job that ended with `status`.
    pub fn at_end(&self, status: JobStatus) -> AtEnd {
        let keep_all = match status {
            JobStatus::Canceled => self.retention == Retention::RetainOnCancellation,
            JobStatus::Failed => self.retention != Retention::NoExternalizedCheckpoints,
            JobStatus::Finished => false,
            _ => true,
        };
        if keep_all {
            return AtEnd::default();
        }
        let newest = self.newest().map(|newest| newest.checkpoint);
        let mut at_end = AtEnd::default();
        for held in &self.held {
            let is_newest = Some(held.number()) == newest;
            let snapshot = held.offer.snapshot.clone();
            match held.owner {
                Owner::Job | Owner::Claimed if is_newest && self.uncommitted == newest => {
                    at_end.uncommitted = Some(snapshot);
                }
                Owner::Job => at_end.discard.push(snapshot),
                // The user gave it to be deleted once it is subsumed, which it is not.
                Owner::Claimed if is_newest => {}
                Owner::Claimed => at_end.discard.push(snapshot),
                Owner::User => {}
            }
        }
        at_end
    }
}

#[cfg(test)]
mod tests;
