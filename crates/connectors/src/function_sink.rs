//! A function as a sink.

use std::sync::Arc;

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{
    CommitterContext, Prepared, Sink, SinkCommitter, SinkContext, SinkWriter, WriteStatus,
};

use crate::commit_nothing::NothingToCommit;

type Function<T> = dyn Fn(usize, T) -> Result<()> + Send + Sync;

/// Calls a function with the number of the subtask and each record.
///
/// At least once: after a restart the records since the snapshot come again. The function runs on the
/// worker's thread and holds up everything else there while it runs.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use millstream_connectors::function_sink::FunctionSink;
///
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// let keep = seen.clone();
/// let sink = FunctionSink::new(move |_subtask, word: String| {
///     keep.lock().expect("nobody panicked").push(word);
///     Ok(())
/// });
/// # drop(sink);
/// ```
pub struct FunctionSink<T> {
    function: Arc<Function<T>>,
}

impl<T> FunctionSink<T> {
    /// A sink that calls `function` for each record. An error of the function fails the job.
    pub fn new(function: impl Fn(usize, T) -> Result<()> + Send + Sync + 'static) -> Self {
        Self {
            function: Arc::new(function),
        }
    }
}

impl<T: 'static> Sink<T> for FunctionSink<T> {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(FunctionWriter {
            function: self.function.clone(),
            subtask: context.subtask,
        }))
    }

    fn committer(&self, _: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        Ok(Box::new(NothingToCommit))
    }
}

struct FunctionWriter<T> {
    function: Arc<Function<T>>,
    subtask: usize,
}

impl<T> SinkWriter<T> for FunctionWriter<T> {
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus> {
        for record in records.drain(..) {
            (self.function)(self.subtask, record)?;
        }
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, _checkpoint: CheckpointId) -> Result<Prepared> {
        Ok(Prepared::Ready(Vec::new()))
    }
}
