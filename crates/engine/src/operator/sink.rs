//! A connector's sink as an erased operator.

use millstream_core::{CheckpointId, EventTime, Numbers, Result};

use super::{Operator, OperatorContext, OperatorFactory, OperatorSnapshot, Port};
use crate::chunk::{Chunk, Record};
use crate::connector::{
    CommitterContext, Prepared, Sink, SinkCommitter, SinkContext, SinkWriter, SnapshotKind,
    SnapshotRequest, WriteStatus,
};

/// Makes a [`Sink`] of any record type fit the dataflow.
pub struct SinkFactory<T> {
    sink: Box<dyn Sink<T>>,
}

impl<T: Record> SinkFactory<T> {
    /// Wraps `sink`.
    pub fn new(sink: impl Sink<T>) -> Self {
        Self {
            sink: Box::new(sink),
        }
    }
}

impl<T: Record> OperatorFactory for SinkFactory<T> {
    fn open(&self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        let writer = self.sink.open(SinkContext {
            job: context.job,
            uid: context.uid.clone(),
            subtask: context.subtask,
            parallelism: context.parallelism,
            lineage: context.lineage.clone(),
            run: context.run,
            next_checkpoint: context.next_checkpoint,
            restored: context
                .restored
                .as_ref()
                .map(|restored| restored.entries.clone()),
            waker: context.waker.clone(),
            gauges: context.progress.gauges.clone(),
            held_up: context.progress.sink_held_up.clone(),
        })?;
        Ok(Box::new(ErasedWriter {
            writer,
            backlog: Vec::new(),
            taken: 0,
            at_end: false,
        }))
    }

    fn committer(&self, context: CommitterContext) -> Result<Option<Box<dyn SinkCommitter>>> {
        self.sink.committer(context).map(Some)
    }
}

struct ErasedWriter<T> {
    writer: Box<dyn SinkWriter<T>>,
    /// Records that the sink was too full to take.
    backlog: Vec<T>,
    /// Records that the sink has taken.
    taken: u64,
    /// Event time has come to its end.
    at_end: bool,
}

impl<T: Record> Operator for ErasedWriter<T> {
    fn process(&mut self, _port: Port, chunk: Chunk, _out: &mut Vec<Chunk>) -> Result<()> {
        let records = chunk.into_records::<T>()?;
        self.taken += records.len() as u64;
        if self.backlog.is_empty() {
            self.backlog = records;
        } else {
            self.backlog.extend(records);
        }
        self.is_blocked().map(drop)
    }

    fn is_blocked(&mut self) -> Result<bool> {
        if self.backlog.is_empty() {
            return Ok(false);
        }
        match self.writer.write(&mut self.backlog)? {
            WriteStatus::Taken => {
                self.backlog = Vec::new();
                Ok(false)
            }
            WriteStatus::Full => Ok(!self.backlog.is_empty()),
        }
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        self.writer.prepare(checkpoint)
    }

    fn snapshot(&mut self, request: &SnapshotRequest) -> Result<OperatorSnapshot> {
        // Before the savepoint of a drain event time ends, and input may be left.
        if self.at_end && request.kind == SnapshotKind::Checkpoint {
            self.writer.end_of_input();
        }
        Ok(OperatorSnapshot {
            states: Vec::new(),
            entries: self.writer.snapshot(request.checkpoint)?,
        })
    }

    fn numbers(&self) -> Option<Numbers> {
        Some(Numbers {
            written: self.writer.written().unwrap_or(self.taken),
            ..Numbers::default()
        })
    }

    fn left_out(&self) -> Numbers {
        self.writer.left_out()
    }

    fn advance_to(&mut self, time: EventTime, _: usize, _: &mut Vec<Chunk>) -> Result<bool> {
        self.at_end |= time == EventTime::MAX;
        Ok(false)
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        if completed {
            self.writer.committed(checkpoint)?;
        }
        Ok(())
    }
}
