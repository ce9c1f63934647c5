//! The print sink: records on the standard output, in Flink's format.
//!
//! A line is `prefix:N> record`: the prefix if one is given, and the 1-based number of the subtask if
//! there is more than one. Record batches are printed as JSON, one line a row.
//!
//! **At least once**: what is printed can't be taken back, so after a restart the records since the
//! snapshot are printed again. What a subtask is given at once is written at once: lines of different subtasks do not mix.

use std::borrow::Borrow;
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Prepared, Sink, SinkCommitter, SinkContext, SinkWriter, WriteStatus,
};

use crate::commit_nothing::NothingToCommit;
use crate::formats::JsonRows;

/// A buffer that has become larger than this is given back after it was printed.
const KEPT_BUFFER: usize = 1024 * 1024;

/// Appends the lines of a record, each behind a prefix.
type Format<T> = dyn Fn(&T, &[u8], &mut Vec<u8>) -> Result<()> + Send + Sync;
type Target = Arc<Mutex<dyn Write + Send>>;

/// Prints records; see the [module](self).
pub struct PrintSink<T> {
    prefix: String,
    format: Arc<Format<T>>,
    target: Target,
}

impl<T: Display> PrintSink<T> {
    /// Prints records as they display themselves, to the standard output.
    pub fn new() -> Self {
        Self::with_format(|record: &T, prefix, out| {
            out.extend_from_slice(prefix);
            writeln!(out, "{record}").map_err(|error| {
                Error::new(
                    &codes::PROGRAM_FAILED,
                    "a record can't be displayed as text",
                )
                .cause(error)
                .next("mend the `Display` of the record's type")
            })
        })
    }
}

impl<T: Display> Default for PrintSink<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Borrow<RecordBatch>> PrintSink<T> {
    /// Prints the rows of record batches as JSON, to the standard output.
    pub fn rows() -> Self {
        Self::with_format(|record: &T, prefix, out| {
            let batch = record.borrow();
            let mut rows = JsonRows::new(batch)?;
            for row in 0..batch.num_rows() {
                out.extend_from_slice(prefix);
                rows.append(row, out);
                out.push(b'\n');
            }
            Ok(())
        })
    }
}

impl<T> PrintSink<T> {
    fn with_format(
        format: impl Fn(&T, &[u8], &mut Vec<u8>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        let target: Target = Arc::new(Mutex::new(io::stdout()));
        Self {
            prefix: String::new(),
            format: Arc::new(format),
            target,
        }
    }

    /// Begins each line with `prefix`, Flink's "sink identifier". Empty: no prefix.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Prints to the standard error, as Flink's `printToErr`.
    #[must_use]
    pub fn to_stderr(self) -> Self {
        self.to(io::stderr())
    }

    /// Prints to `target` instead. All subtasks share it; it is flushed after each batch.
    #[must_use]
    pub fn to(mut self, target: impl Write + Send + 'static) -> Self {
        self.target = Arc::new(Mutex::new(target));
        self
    }
}

impl<T: 'static> Sink<T> for PrintSink<T> {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(PrintWriter {
            prefix: line_prefix(&self.prefix, context.subtask, context.parallelism).into_bytes(),
            format: self.format.clone(),
            target: self.target.clone(),
            buffer: Vec::new(),
        }))
    }

    fn committer(&self) -> Result<Box<dyn SinkCommitter>> {
        Ok(Box::new(NothingToCommit))
    }
}

/// What stands before each line, as Flink's `PrintSinkOutputWriter` makes it.
fn line_prefix(prefix: &str, subtask: usize, parallelism: usize) -> String {
    let number = subtask + 1;
    match (prefix.is_empty(), parallelism > 1) {
        (true, false) => String::new(),
        (true, true) => format!("{number}> "),
        (false, false) => format!("{prefix}> "),
        (false, true) => format!("{prefix}:{number}> "),
    }
}

struct PrintWriter<T> {
    prefix: Vec<u8>,
    format: Arc<Format<T>>,
    target: Target,
    buffer: Vec<u8>,
}

impl<T> PrintWriter<T> {
    fn print(&mut self) -> Result<()> {
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let printed = target.write_all(&self.buffer).and_then(|()| target.flush());
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BUFFER);
        printed.map_err(|error| {
            let next = match error.kind() {
                io::ErrorKind::BrokenPipe => {
                    "its reader has gone (`| head`?): keep it open, or use a file sink"
                }
                _ => "see to where the output goes, or use a file sink",
            };
            Error::new(&codes::SINK_WRITE, "can't print to the output")
                .cause(error)
                .next(next)
        })
    }
}

impl<T> SinkWriter<T> for PrintWriter<T> {
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus> {
        for record in records.drain(..) {
            (self.format)(&record, &self.prefix, &mut self.buffer)?;
            if self.buffer.len() >= KEPT_BUFFER {
                self.print()?;
            }
        }
        if !self.buffer.is_empty() {
            self.print()?;
        }
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, _checkpoint: CheckpointId) -> Result<Prepared> {
        // Nothing is kept back: everything written has been flushed.
        Ok(Prepared::Ready(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::line_prefix;

    #[test]
    fn the_prefix_is_flinks() {
        assert_eq!(line_prefix("", 0, 1), "");
        assert_eq!(line_prefix("", 2, 4), "3> ");
        assert_eq!(line_prefix("counts", 0, 1), "counts> ");
        assert_eq!(line_prefix("counts", 1, 2), "counts:2> ");
    }
}
