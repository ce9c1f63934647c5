//! A connector's source as an erased operator.

use millstream_core::{CheckpointId, EventTime, Result};

use super::{OperatorContext, SourceOperator, SourceOperatorFactory};
use crate::chunk::{Chunk, Record};
use crate::connector::{
    Source, SourceContext, SourceProgress, SourceReader, SourceStatus, StateEntry,
};

/// Makes a [`Source`] of any record type fit the dataflow.
pub struct SourceFactory<T> {
    source: Box<dyn Source<T>>,
}

impl<T: Record> SourceFactory<T> {
    /// Wraps `source`.
    pub fn new(source: impl Source<T>) -> Self {
        Self {
            source: Box::new(source),
        }
    }
}

impl<T: Record> SourceOperatorFactory for SourceFactory<T> {
    fn is_bounded(&self) -> bool {
        self.source.is_bounded()
    }

    fn open(&self, context: &OperatorContext) -> Result<Box<dyn SourceOperator>> {
        let reader = self.source.open(SourceContext {
            job: context.job,
            subtask: context.subtask,
            parallelism: context.parallelism,
            restored: context
                .restored
                .as_ref()
                .map(|restored| restored.entries.clone()),
            waker: context.waker.clone(),
            progress: context.progress.clone(),
        })?;
        Ok(Box::new(ErasedReader {
            reader,
            progress: context.progress.clone(),
        }))
    }
}

struct ErasedReader<T> {
    reader: Box<dyn SourceReader<T>>,
    progress: SourceProgress,
}

impl<T: Record> SourceOperator for ErasedReader<T> {
    fn poll(&mut self, out: &mut Vec<Chunk>, limit: usize) -> Result<SourceStatus> {
        let mut records = Vec::new();
        let status = self.reader.poll(&mut records, limit)?;
        if !records.is_empty() {
            out.push(Chunk::new(records));
        }
        if let SourceStatus::Ready(count) = status {
            self.progress.records.add(count as u64);
        }
        Ok(status)
    }

    fn snapshot(&mut self) -> Result<Vec<StateEntry>> {
        self.reader.snapshot()
    }

    fn watermark(&self) -> EventTime {
        self.reader.watermark()
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.reader.checkpoint_completed(checkpoint)
    }
}
