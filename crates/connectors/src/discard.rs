//! The sink that throws everything away: to measure what lies before it.

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{
    CommitterContext, Prepared, Sink, SinkCommitter, SinkContext, SinkWriter, WriteStatus,
};

use crate::commit_nothing::NothingToCommit;

/// Takes every record and forgets it, as Flink's `DiscardingSink`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiscardSink;

impl<T> Sink<T> for DiscardSink {
    fn open(&self, _context: SinkContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(Self))
    }

    fn committer(&self, _: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        Ok(Box::new(NothingToCommit))
    }
}

impl<T> SinkWriter<T> for DiscardSink {
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus> {
        records.clear();
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, _checkpoint: CheckpointId) -> Result<Prepared> {
        Ok(Prepared::Ready(Vec::new()))
    }
}
