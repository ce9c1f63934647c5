//! What a run may remove of that which others have left behind: a question of lineage.

use super::{Ancestor, Lineage};
use crate::ids::{CheckpointId, JobId};

/// Who has left something behind: a run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Author {
    /// The job that the author's went on from under its lock, or the author's own.
    pub origin: JobId,
    /// The author's job.
    pub job: JobId,
    /// The number of the run; 0: written before runs had numbers.
    pub run: u64,
}

/// A run of a job and those that it comes from.
///
/// What is prepared may be named by a snapshot. It may go only if no snapshot can name it that was not given up for good:
/// that of an earlier run of this job (which has recovered from its newest snapshot); that of the job that this one went on
/// from, behind the snapshot where it was left; that of a job that went on from there too and died before it had a snapshot
/// of its own. The last two need the lock of the predecessor, which proves both that it is dead and that its newest snapshot
/// is the one gone on from. A fork has no such proof: it removes nothing that others have prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kin {
    /// The run, as others know it by what it leaves behind.
    pub author: Author,
    /// The [first of the jobs](Lineage::family) that went before, or the job itself.
    pub family: JobId,
    /// The logical clock of its lineage: above that of every run that was known where it began.
    pub generation: u64,
    /// The job that this one went on from under its lock, while the newest snapshot is still that job's.
    predecessor: Option<Ancestor>,
    /// The jobs whose place this one has taken, over any number of others: each was gone on from under its lock.
    superseded: Vec<JobId>,
    /// All jobs that went before.
    ancestors: Vec<JobId>,
}

impl Kin {
    /// Run `run` of `job`, which has this lineage and goes on from a snapshot that these jobs wrote; none: from nothing.
    pub fn new(
        job: JobId,
        run: u64,
        lineage: &Lineage,
        restored: impl IntoIterator<Item = JobId>,
    ) -> Self {
        let last = lineage.ancestors.last().filter(|last| last.owned);
        let origin = last.map_or(job, |last| last.job);
        // Behind its own first snapshot the job has nothing to do with its predecessor any more.
        let is_behind = last.is_some_and(|last| restored.into_iter().all(|job| job == last.job));
        let superseded = lineage.ancestors.iter().rev();
        let superseded = superseded.take_while(|other| other.owned);
        Self {
            author: Author { origin, job, run },
            family: lineage.family(job),
            generation: lineage.generation,
            predecessor: last.filter(|_| is_behind).copied(),
            superseded: superseded.map(|other| other.job).collect(),
            ancestors: lineage.ancestors.iter().map(|other| other.job).collect(),
        }
    }

    /// Where the job before was left, while the newest snapshot is still that job's: it has committed nothing behind that, unless
    /// the snapshots that there are were put back from an older copy.
    pub fn left_at(&self) -> Option<Ancestor> {
        self.predecessor
    }

    /// Whether this run may remove what `author`, who is not known to live, prepared for this snapshot.
    pub fn may_remove_prepared(&self, author: Author, checkpoint: CheckpointId) -> bool {
        self.is_earlier(author) && self.is_behind(author, checkpoint)
    }

    /// Whether it is proven by the locks of jobs that the author is dead.
    pub fn is_earlier(&self, author: Author) -> bool {
        let Author { job, run, .. } = self.author;
        let is_own = author.job == job && author.run < run;
        let is_before = self.predecessor.is_some_and(|predecessor| {
            if author.job == predecessor.job {
                author.run < run
            } else {
                author.origin == predecessor.job && author.job != job
            }
        });
        is_own || is_before
    }

    /// Whether the author is a run of a job whose place this one has taken, at once or over others. It may live, as one does that
    /// slept and woke behind whoever went on; but what it has not prepared nobody asks for, nor what it has prepared once every sink
    /// of this job has recovered.
    pub fn is_superseded(&self, author: Author) -> bool {
        self.superseded.contains(&author.job) && author.run < self.author.run
    }

    /// Whether no snapshot names what this author, who is dead, prepared for this snapshot.
    fn is_behind(&self, author: Author, checkpoint: CheckpointId) -> bool {
        // Only the predecessor has snapshots: those of this job have been recovered from, others had none.
        let of_author = self.predecessor.filter(|other| other.job == author.job);
        of_author.is_none_or(|predecessor| checkpoint > predecessor.left_at)
    }

    /// Whether the author is of the lineage of this job.
    pub fn is_related(&self, author: Author) -> bool {
        let knows = |job: JobId| job == self.author.job || self.ancestors.contains(&job);
        knows(author.job) || knows(author.origin)
    }
}
