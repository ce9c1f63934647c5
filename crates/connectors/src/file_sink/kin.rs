//! Which hidden files a run may remove: a question of lineage.
//!
//! - **A file in progress** is named by no snapshot. It may go once its writer is dead: the writer is an earlier run of this
//!   job or of the job that this one went on from under its lock, or its own lock is free.
//! - **A prepared file** may be named by a snapshot. It may go only if no snapshot can name it that was not given up for
//!   good: that of an earlier run of this job (which has recovered from its newest snapshot); that of the job that this one
//!   went on from, behind the snapshot where it was left; that of a job that went on from there too and died before it had
//!   a snapshot of its own. The last two need the lock of the predecessor, which proves both that it is dead and that
//!   its newest snapshot is the one gone on from. A fork has no such proof: it removes nothing that others have prepared.

use millstream_core::{Ancestor, CheckpointId, JobId, Lineage};

use super::lock::WriterState;
use super::names::{Author, Hidden, Stage};
use super::prepared::SinkState;
use super::writers::Writers;

/// A run of a job and those that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kin {
    pub(super) job: JobId,
    pub(super) run: u64,
    /// As it stands in the names of the run's files: the job that this one went on from under its lock, or the job itself.
    pub(super) origin: JobId,
    /// The job that this one went on from under its lock, while the newest snapshot is still that job's.
    predecessor: Option<Ancestor>,
    /// All jobs that went before.
    ancestors: Vec<JobId>,
}

impl Kin {
    /// A run that was started with this lineage, and with what the sink has in the snapshot that it goes on from.
    pub(super) fn new(job: JobId, run: u64, lineage: &Lineage, restored: &[SinkState]) -> Self {
        let last = lineage.ancestors.last().filter(|last| last.owned);
        // Behind its own first snapshot the job has nothing to do with its predecessor any more.
        let is_behind = |last: &&Ancestor| restored.iter().all(|state| state.job == last.job);
        Self {
            job,
            run,
            origin: last.map_or(job, |last| last.job),
            predecessor: last.filter(is_behind).copied(),
            ancestors: lineage.ancestors.iter().map(|other| other.job).collect(),
        }
    }

    /// Whether this run may remove a hidden file.
    pub(super) fn may_remove(&self, hidden: &Hidden, writers: &Writers) -> bool {
        let author = hidden.author;
        match hidden.stage {
            Stage::InProgress(writer) | Stage::Lock(writer) => {
                match writers.state(author, writer) {
                    WriterState::Alive => false,
                    WriterState::Gone => true,
                    WriterState::GoneElsewhere => self.is_related(author),
                    WriterState::Unknown => self.is_earlier(author),
                }
            }
            Stage::Prepared(checkpoint) => {
                !writers.is_alive(author)
                    && self.is_earlier(author)
                    && self.is_behind(author, checkpoint)
            }
        }
    }

    /// Whether it is proven by the locks of jobs that the author is dead.
    fn is_earlier(&self, author: Author) -> bool {
        let is_own = author.job == self.job && author.run < self.run;
        let is_before = self.predecessor.is_some_and(|predecessor| {
            if author.job == predecessor.job {
                author.run < self.run
            } else {
                author.origin == predecessor.job && author.job != self.job
            }
        });
        is_own || is_before
    }

    /// Whether no snapshot names what this author, who is dead, prepared for this snapshot.
    fn is_behind(&self, author: Author, checkpoint: CheckpointId) -> bool {
        // Only the predecessor has snapshots: those of this job have been recovered from, others had none.
        let left = self.predecessor.filter(|other| other.job == author.job);
        left.is_none_or(|predecessor| checkpoint > predecessor.left_at)
    }

    fn is_related(&self, author: Author) -> bool {
        let knows = |job: JobId| job == self.job || self.ancestors.contains(&job);
        knows(author.job) || knows(author.origin)
    }
}

#[cfg(test)]
mod tests;
