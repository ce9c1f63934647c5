//! The print sink: records on the standard output, in Flink's format.
//!
//! A line is `prefix:N> record`: the prefix if one is given, and the 1-based number of the subtask if
//! there is more than one. Record batches are printed as JSON, one line a row.
//!
//! **At least once**: what is printed can't be taken back, so after a restart the records since the
//! snapshot are printed again. What a subtask is given at once is written at once: lines of different subtasks do not mix.
//!
//! Where the output is a terminal, control characters of records are written out (`\u{1b}`), so that nobody's data can command it;
//! a pipe or a file gets them as they are.
//!
//! Each writer prints on a thread of its own: a terminal or a pipe whose reader is slow holds up the stream, but no worker.

mod printer;

use std::borrow::Borrow;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    CommitterContext, Prepared, Sink, SinkCommitter, SinkContext, SinkWriter, WriteStatus,
};
use millstream_log::Harmless;

use crate::commit_nothing::NothingToCommit;
use crate::formats::JsonRows;
use printer::Printer;

/// No more than about this many bytes are printed at once.
const LARGE_LOT: usize = 1024 * 1024;

/// Appends the lines of a record, each behind a prefix; how many records it is: more than one for batches of rows.
type Format<T> = dyn Fn(&T, &[u8], &mut Vec<u8>) -> Result<u64> + Send + Sync;
/// Where all writers of a sink print to.
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
            writeln!(out, "{record}").map(|()| 1).map_err(|error| {
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
            Ok(batch.num_rows() as u64)
        })
    }
}

impl<T> PrintSink<T> {
    fn with_format(
        format: impl Fn(&T, &[u8], &mut Vec<u8>) -> Result<u64> + Send + Sync + 'static,
    ) -> Self {
        let target = shared(io::stdout());
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
        Self {
            target: shared(io::stderr()),
            ..self
        }
    }

    /// Prints to `target` instead. All subtasks share it; it is flushed after each batch.
    #[must_use]
    pub fn to(mut self, target: impl Write + Send + 'static) -> Self {
        self.target = Arc::new(Mutex::new(target));
        self
    }
}

/// An output of the process for all writers of a sink.
fn shared(output: impl Write + IsTerminal + Send + 'static) -> Target {
    if output.is_terminal() {
        return Arc::new(Mutex::new(Harmless::new(output)));
    }
    Arc::new(Mutex::new(output))
}

impl<T: 'static> Sink<T> for PrintSink<T> {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(PrintWriter {
            prefix: line_prefix(&self.prefix, context.subtask, context.parallelism).into_bytes(),
            format: self.format.clone(),
            printer: Printer::start(self.target.clone(), context.subtask, context.waker)?,
            preparing: None,
            written: 0,
        }))
    }

    fn committer(&self, _: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
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
    printer: Printer,
    /// The snapshot that waits for its records to be printed, and how many lots they are.
    preparing: Option<(CheckpointId, u64)>,
    /// Records that were taken.
    written: u64,
}

impl<T> SinkWriter<T> for PrintWriter<T> {
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus> {
        while !records.is_empty() {
            if !self.printer.has_room()? {
                return Ok(WriteStatus::Full);
            }
            let mut taken = 0;
            let mut lot = Vec::new();
            for record in records.iter() {
                self.written += (self.format)(record, &self.prefix, &mut lot)?;
                taken += 1;
                if lot.len() >= LARGE_LOT {
                    break;
                }
            }
            if !lot.is_empty() {
                self.printer.print(lot);
            }
            records.drain(..taken);
        }
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        let lots = match self.preparing {
            Some((preparing, lots)) if preparing == checkpoint => lots,
            _ => self.printer.handed_over(),
        };
        self.preparing = Some((checkpoint, lots));
        if !self.printer.has_printed(lots)? {
            return Ok(Prepared::Pending);
        }
        self.preparing = None;
        Ok(Prepared::Ready(Vec::new()))
    }

    fn written(&self) -> Option<u64> {
        Some(self.written)
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
