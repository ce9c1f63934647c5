//! A connector's source as an erased operator.

use millstream_core::{CheckpointId, Result};

use super::{OperatorContext, SourceOperator, SourceOperatorFactory};
use crate::chunk::{Chunk, Record};
use crate::connector::{
    Announced, Enumerator, EnumeratorContext, Limit, Owner, Source, SourceContext, SourceOutput,
    SourceProgress, SourceReader, SourceSnapshot, SourceStatus, StateEntry,
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

    /// The restored entries that a subtask takes.
    fn own(&self, entries: &[StateEntry], context: &OperatorContext) -> Vec<StateEntry> {
        let is_its = |entry: &&StateEntry| match self.source.owner(&entry.key, context.parallelism)
        {
            Owner::Subtask(subtask) => subtask == context.subtask,
            Owner::Everyone => true,
        };
        entries.iter().filter(is_its).cloned().collect()
    }
}

impl<T: Record> SourceOperatorFactory for SourceFactory<T> {
    fn is_bounded(&self) -> bool {
        self.source.is_bounded()
    }

    fn open(&self, context: &OperatorContext) -> Result<Box<dyn SourceOperator>> {
        let restored = context.restored.as_ref();
        let reader = self.source.open(SourceContext {
            job: context.job,
            uid: context.uid.clone(),
            subtask: context.subtask,
            parallelism: context.parallelism,
            lineage: context.lineage.clone(),
            run: context.run,
            restored: restored.map(|restored| self.own(&restored.entries, context)),
            snapshot: restored.and_then(|restored| restored.keyed.clone()),
            waker: context.waker.clone(),
            progress: context.progress.clone(),
        })?;
        Ok(Box::new(ErasedReader {
            reader,
            out: SourceOutput::new(),
            progress: context.progress.clone(),
            read: 0,
        }))
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        self.source.enumerator(context)
    }
}

struct ErasedReader<T> {
    reader: Box<dyn SourceReader<T>>,
    out: SourceOutput<T>,
    progress: SourceProgress,
    read: u64,
}

impl<T: Record> SourceOperator for ErasedReader<T> {
    fn poll(&mut self, out: &mut Vec<Chunk>, limit: Limit) -> Result<SourceStatus> {
        let status = self.reader.poll(&mut self.out, limit)?;
        let (records, bytes) = self.out.take();
        if !records.is_empty() {
            out.push(Chunk::new(records).with_bytes(bytes));
        }
        if let SourceStatus::Ready(count) = status {
            self.progress.records.add(count as u64);
            self.read += count as u64;
        }
        Ok(status)
    }

    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot> {
        self.reader.snapshot(checkpoint)
    }

    fn records_read(&self) -> u64 {
        self.read
    }

    fn announced(&self) -> Announced {
        self.out.announced()
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        self.reader.checkpoint_ended(checkpoint, completed)
    }

    fn found(&mut self, announcement: &[u8]) -> Result<()> {
        self.reader.found(announcement)
    }
}
