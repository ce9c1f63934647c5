//! Where a job comes from: the jobs that went before it, and the snapshot at which each was left. What is newer is decided
//! along this, never by a clock.

mod gone_on;
mod kin;

pub use gone_on::GoneOn;
pub use kin::{Author, Kin};

use serde::{Deserialize, Serialize};

use crate::ids::{CheckpointId, JobId};

/// A job that went before, and where it was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ancestor {
    /// The job.
    pub job: JobId,
    /// The number of its snapshot that the next one went on from.
    pub left_at: CheckpointId,
    /// The next job went on from its newest snapshot, under its lock: no other job goes on from there. `false`: a fork, beside
    /// which the job may live on.
    #[serde(default)]
    pub owned: bool,
}

/// Where a job comes from. The same over all restarts of the job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Lineage {
    /// A logical clock of runs: a job that starts takes one more than the highest that it can see. 0: written before there
    /// were lineages.
    pub generation: u64,
    /// The jobs that went before, the oldest first.
    #[serde(default)]
    pub ancestors: Vec<Ancestor>,
}

impl Lineage {
    /// The lineage of a job that begins with nothing.
    pub const fn fresh(generation: u64) -> Self {
        Self {
            generation,
            ancestors: Vec::new(),
        }
    }

    /// The lineage of a job that goes on from snapshot `left_at` of `job`, which has the present lineage: a fork, until it is
    /// said to be [owned](Self::owned).
    #[must_use]
    pub fn behind(&self, job: JobId, left_at: CheckpointId, generation: u64) -> Self {
        let mut ancestors = self.ancestors.clone();
        ancestors.push(Ancestor {
            job,
            left_at,
            owned: false,
        });
        Self {
            generation: generation.max(self.generation.saturating_add(1)),
            ancestors,
        }
    }

    /// The same, of a job that holds the lock of the last that went before for as long as it runs, and goes on from the newest
    /// snapshot there is of it. What that job, and those that went on from there and died, have left behind is its to remove.
    #[must_use]
    pub fn owned(mut self) -> Self {
        if let Some(last) = self.ancestors.last_mut() {
            last.owned = true;
        }
        self
    }

    /// The first of all jobs that went before `job`, which has this lineage, or `job` itself: all that come from it are one family.
    ///
    /// ```
    /// use millstream_core::lineage::Lineage;
    /// let (first, second, third) = ("1".repeat(32).parse()?, "2".repeat(32).parse()?, "3".repeat(32).parse()?);
    /// assert_eq!(Lineage::fresh(1).family(first), first);
    /// let second_runs = Lineage::fresh(1).behind(first, 7, 2).owned();
    /// assert_eq!(second_runs.behind(second, 9, 3).family(third), first);
    /// # Ok::<(), millstream_core::Error>(())
    /// ```
    pub fn family(&self, job: JobId) -> JobId {
        self.ancestors.first().map_or(job, |first| first.job)
    }

    /// Where `job` was left, if it went before.
    pub fn left_at(&self, job: JobId) -> Option<CheckpointId> {
        let of_job = self.ancestors.iter().filter(|other| other.job == job);
        of_job.map(|other| other.left_at).max()
    }
}

/// A point in the history of a job: one of its snapshots, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point<'a> {
    /// The job.
    pub job: JobId,
    /// The number of the snapshot.
    pub number: CheckpointId,
    /// Where the job comes from.
    pub lineage: &'a Lineage,
}

/// What one point is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The same boundary of the same job.
    Same,
    /// The other one goes on from it, at once or over other jobs.
    Ancestor,
    /// It goes on from the other one.
    Descendant,
    /// Both come from one point, and neither from the other: a fork.
    Sibling,
    /// They have nothing in common.
    Unrelated,
}

impl Point<'_> {
    /// What this point is to `other`.
    ///
    /// ```
    /// use millstream_core::lineage::{Lineage, Point, Relation};
    /// let (first, second) = ("1".repeat(32).parse()?, "2".repeat(32).parse()?);
    /// let start = Lineage::fresh(1);
    /// let went_on = start.behind(first, 7, 2);
    /// let savepoint = Point { job: first, number: 7, lineage: &start };
    /// let later = Point { job: second, number: 9, lineage: &went_on };
    /// assert_eq!(savepoint.relation(&later), Relation::Ancestor);
    /// let left_behind = Point { number: 8, ..savepoint };
    /// assert_eq!(left_behind.relation(&later), Relation::Sibling);
    /// # Ok::<(), millstream_core::Error>(())
    /// ```
    pub fn relation(&self, other: &Point<'_>) -> Relation {
        if self.is_ancestor_of(other) {
            Relation::Ancestor
        } else if other.is_ancestor_of(self) {
            Relation::Descendant
        } else if self.job == other.job {
            Relation::Same
        } else if self.shares_past_with(other) {
            Relation::Sibling
        } else {
            Relation::Unrelated
        }
    }

    /// Whether `other` goes on from here.
    pub fn is_ancestor_of(&self, other: &Point<'_>) -> bool {
        if self.job == other.job {
            return self.number < other.number;
        }
        let left = other.lineage.left_at(self.job);
        left.is_some_and(|left| self.number <= left)
    }

    fn shares_past_with(&self, other: &Point<'_>) -> bool {
        let knows = |point: &Point<'_>, job: JobId| {
            point.job == job || point.lineage.left_at(job).is_some()
        };
        knows(self, other.job)
            || knows(other, self.job)
            || self
                .lineage
                .ancestors
                .iter()
                .any(|ancestor| knows(other, ancestor.job))
    }
}

#[cfg(test)]
mod tests;
