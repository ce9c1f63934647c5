//! The committer of sinks that have nothing to commit.

use millstream_core::Result;
use millstream_engine::connector::{CommitOutcome, Committable, SinkCommitter, StateEntry};

const WHY: &str = "this sink commits nothing; the output was prepared by another kind of sink";

/// For sinks whose output is visible as soon as it is written. Output that a snapshot holds all the same was prepared by
/// another sink under the same uid: nobody here can tell what became of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingToCommit;

impl SinkCommitter for NothingToCommit {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        Ok(committables
            .iter()
            .map(|_| CommitOutcome::Unknown(WHY.to_owned()))
            .collect())
    }

    fn recover(
        &mut self,
        committables: &[Committable],
        _restored: &[StateEntry],
    ) -> Result<Vec<CommitOutcome>> {
        self.commit(committables)
    }
}
