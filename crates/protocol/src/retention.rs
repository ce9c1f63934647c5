//! Completed snapshots: which one to go back to, and which to delete.
//!
//! Checkpoints belong to the job, which keeps a number of the newest; there is one at the boundary of every savepoint, so
//! that the job never goes back behind one, though the user may delete savepoints at any time. The savepoint of a stop is
//! held beside its checkpoint as long as that is the newest: the job may have ended with it.

use millstream_core::{CheckpointId, JobStatus};

use crate::recovery::{ClaimMode, CourseOfStop, Decision, Facts, Offer, course_of_stop, decide};
use crate::settings::{CheckpointSettings, Retention};
use crate::types::SnapshotRef;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Written by the job for itself.
    Job,
    /// Given to the job in CLAIM mode.
    Claimed,
    /// The savepoint of a stop.
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

    /// Oldest first; a savepoint behind its checkpoint.
    fn order(&self) -> (CheckpointId, bool) {
        (self.number(), self.owner == Owner::User)
    }
}

/// The completed snapshots of one job, oldest first.
#[derive(Debug, Clone)]
pub struct Snapshots {
    held: Vec<Held>,
    /// What was known at the start; what is offered there is among `held`.
    facts: Facts,
    /// The number of the newest snapshot, while output that it covers may not be committed.
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
    pub fn new(settings: &CheckpointSettings, mut facts: Facts) -> Self {
        let restored = facts.restored_from.iter();
        let claimed = restored
            .filter(|restored| restored.claim == ClaimMode::Claim && restored.offer.is_usable())
            .map(|restored| Held {
                offer: restored.offer.clone(),
                owner: Owner::Claimed,
            });
        let mut held: Vec<Held> = claimed.collect();
        held.extend(std::mem::take(&mut facts.offered).into_iter().map(|offer| {
            let owner = if offer.snapshot.savepoint {
                Owner::User
            } else {
                Owner::Job
            };
            Held { offer, owner }
        }));
        if let Some(stop) = &facts.unfinished_stop
            && (stop.written || stop.savepoint.is_usable())
        {
            held.push(Held {
                offer: stop.savepoint.clone(),
                owner: Owner::User,
            });
        }
        held.sort_by_key(Held::order);
        let mut snapshots = Self {
            held,
            facts,
            uncommitted: None,
            keep: settings.retained,
            retention: settings.retention,
        };
        // What an earlier process committed, the recovery commit will tell where it is not noted.
        let newest = snapshots.held.last().filter(|held| !held.offer.committed);
        snapshots.uncommitted = newest.map(Held::number);
        snapshots
    }

    fn facts(&self) -> Facts {
        // A snapshot that was claimed counts where there is none of the job's own, and as one of a number of its own.
        let offered = self.held.iter().map(|held| held.offer.clone()).collect();
        Facts {
            offered,
            ..self.facts.clone()
        }
    }

    /// Which snapshot an attempt goes on from.
    pub fn decide(&self) -> Decision {
        decide(&self.facts())
    }

    /// What becomes of the stop that an earlier process has left behind.
    pub fn course_of_stop(&self) -> CourseOfStop {
        course_of_stop(&self.facts())
    }

    /// The stop that an earlier process has left behind is dealt with: what follows is the job's own life.
    pub fn begun(&mut self) {
        self.facts.unfinished_stop = None;
        self.facts.completed_up_to = None;
        self.facts.unreachable = None;
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
            .facts
            .restored_from
            .as_ref()
            .map(|r| r.offer.snapshot.checkpoint);
        let newest = self.newest().map(|newest| newest.checkpoint);
        newest.max(restored).max(self.facts.completed_up_to)
    }

    /// The savepoint of the stop that is the job's newest snapshot, if it is one's.
    pub fn stop_savepoint(&self) -> Option<&SnapshotRef> {
        let newest = self.held.last().filter(|held| held.owner == Owner::User);
        newest.map(|held| &held.offer.snapshot)
    }

    /// Whether the job has a checkpoint of its own to go back to.
    pub fn has_own(&self) -> bool {
        self.held.iter().any(|held| held.owner != Owner::Claimed)
    }

    /// Whether the next checkpoint must be complete in itself: the job goes on from a snapshot that it
    /// does not own, and has none of its own yet.
    pub fn next_is_full(&self) -> bool {
        let unowned = self
            .facts
            .restored_from
            .as_ref()
            .is_some_and(|r| r.claim == ClaimMode::NoClaim);
        unowned && !self.held.iter().any(|held| held.owner == Owner::Job)
    }

    /// A checkpoint is complete. Answers what it subsumes, to be deleted.
    pub fn completed(&mut self, checkpoint: SnapshotRef) -> Vec<SnapshotRef> {
        self.held.retain(|held| held.owner != Owner::User);
        self.push(checkpoint, Owner::Job);
        let too_many = self.held.len().saturating_sub(self.keep);
        self.held
            .drain(..too_many)
            .map(|held| held.offer.snapshot)
            .collect()
    }

    /// The savepoint of a stop is complete, as its checkpoint is.
    pub fn anchored(&mut self, savepoint: SnapshotRef) {
        self.push(savepoint, Owner::User);
    }

    fn push(&mut self, snapshot: SnapshotRef, owner: Owner) {
        self.uncommitted = Some(snapshot.checkpoint);
        self.held.push(Held {
            offer: Offer::usable(snapshot),
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
