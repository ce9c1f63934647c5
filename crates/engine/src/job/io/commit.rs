//! Commits, and the notes that they are done.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_protocol::{CommitResult, Uncommitted};
use millstream_storage::{Reached, mark_committed};

use super::{IoWorker, spell};
use crate::attempt::worker::panicked;
use crate::connector::{CommitOutcome, Committable};

/// Does work of a sink, whose panic is an error.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panicked(panic.as_ref()))
}

impl IoWorker {
    /// Commits what a snapshot holds, and notes beside it that this is done: beside its checkpoint, and its savepoint.
    pub(super) fn commit_all(
        &mut self,
        checkpoint: CheckpointId,
        prepared: &[(String, Committable)],
        (directory, savepoint): (Option<&Path>, Option<&Path>),
    ) -> CommitResult {
        let reached = directory.map_or(Ok(()), |_| self.note_reached(checkpoint));
        if prepared.is_empty() {
            // Nothing becomes visible here, so nothing needs to be noted; but sources act on it that the checkpoint was completed.
            if let Some(error) = reached
                .err()
                .filter(|error| error.code() == codes::OWNERSHIP_TAKEN.id)
            {
                return not_begun(&error);
            }
            self.committed(checkpoint, directory);
            return Tally::default().result();
        }
        let all = prepared.iter().map(|(_, committable)| committable.clone());
        self.owed.asked(checkpoint, all.collect());
        if let Err(error) = self.start.keeper.check().and(reached) {
            return not_begun(&error);
        }
        // Commits are safe to repeat, so one that panics is tried again.
        let result =
            guarded(|| self.commit(prepared)).unwrap_or_else(|error| unreachable("a sink", &error));
        if !matches!(result, CommitResult::Done { .. }) {
            return result;
        }
        // The savepoint first: what is noted beside the checkpoint tells that nothing more is owed to it.
        for directory in savepoint.into_iter().chain(directory) {
            if let Err(error) = mark_committed(directory) {
                if savepoint != Some(directory) || !self.has_gone(directory) {
                    return unreachable(&format!("of {}", directory.display()), &error);
                }
                tracing::warn!("The savepoint is gone, so nothing is noted beside it: {error}");
            }
        }
        self.committed(checkpoint, directory);
        result
    }

    /// All that a snapshot holds is committed. `directory`: where its checkpoint is in place.
    fn committed(&mut self, checkpoint: CheckpointId, directory: Option<&Path>) {
        self.owed.committed(checkpoint);
        if directory.is_some() {
            self.leave_given_up(checkpoint);
        }
    }

    /// Notes how far output is committed with this snapshot of the job, which is in place.
    fn note_reached(&mut self, number: CheckpointId) -> Result<()> {
        let Some((_, run)) = &self.run else {
            return Ok(());
        };
        let lineage = run.lineage.clone();
        self.start.keeper.check()?;
        self.start.keeper.reached(&Reached {
            job_id: self.start.layout.job(),
            job_name: self.start.graph.name.clone(),
            lineage,
            number,
        })
    }

    /// Commits what a snapshot holds, all of one sink at once.
    fn commit(&mut self, prepared: &[(String, Committable)]) -> CommitResult {
        let mut of_sinks: BTreeMap<&str, Vec<Committable>> = BTreeMap::new();
        for (uid, committable) in prepared {
            of_sinks.entry(uid).or_default().push(committable.clone());
        }
        let mut total = Tally::default();
        for (uid, committables) in of_sinks {
            let Some(committer) = self.committers.get_mut(uid) else {
                let reason = format!("the sink with uid {uid} has no committer");
                total.lose(&committables, &reason);
                continue;
            };
            let outcomes = committer.commit(&committables);
            match outcomes.and_then(|outcomes| checked(uid, outcomes, &committables)) {
                Ok(outcomes) => total.count(&committables, outcomes),
                Err(error) => {
                    let name = committables.first().map(|first| first.name.as_str());
                    return unreachable(name.unwrap_or_default(), &error);
                }
            }
        }
        total.result()
    }
}

/// What keeps a commit from beginning.
fn not_begun(error: &Error) -> CommitResult {
    if error.code() == codes::OWNERSHIP_TAKEN.id {
        return CommitResult::Taken {
            code: codes::OWNERSHIP_TAKEN.id,
            reason: spell(error),
        };
    }
    unreachable("of the job", error)
}

fn unreachable(output: &str, error: &Error) -> CommitResult {
    CommitResult::Unreachable {
        output: output.to_owned(),
        reason: error.to_string(),
    }
}

/// The outcomes of a sink, one for each output.
pub(super) fn checked(
    uid: &str,
    outcomes: Vec<CommitOutcome>,
    committables: &[Committable],
) -> Result<Vec<CommitOutcome>> {
    let (answered, outputs) = (outcomes.len(), committables.len());
    if answered == outputs {
        return Ok(outcomes);
    }
    let message =
        format!("the sink with uid {uid} answered {answered} outcomes for {outputs} outputs");
    Err(Error::new(&codes::PROGRAM_FAILED, message).next("mend the sink"))
}

/// Counts outcomes.
#[derive(Default)]
pub(super) struct Tally {
    committed: u64,
    already: u64,
    lost: Vec<Uncommitted>,
    unknown: Vec<Uncommitted>,
}

impl Tally {
    pub(super) fn count(&mut self, committables: &[Committable], outcomes: Vec<CommitOutcome>) {
        for (committable, outcome) in committables.iter().zip(outcomes) {
            let output = committable.name.clone();
            match outcome {
                CommitOutcome::Committed => self.committed += 1,
                CommitOutcome::AlreadyCommitted => self.already += 1,
                CommitOutcome::Lost(reason) => self.lost.push(Uncommitted { output, reason }),
                CommitOutcome::Unknown(reason) => self.unknown.push(Uncommitted { output, reason }),
            }
        }
    }

    fn lose(&mut self, committables: &[Committable], reason: &str) {
        self.lost
            .extend(committables.iter().map(|committable| Uncommitted {
                output: committable.name.clone(),
                reason: reason.to_owned(),
            }));
    }

    pub(super) fn result(self) -> CommitResult {
        let Self {
            committed,
            already,
            lost,
            unknown,
        } = self;
        if lost.is_empty() && unknown.is_empty() {
            return CommitResult::Done { committed, already };
        }
        CommitResult::Incomplete { lost, unknown }
    }
}
