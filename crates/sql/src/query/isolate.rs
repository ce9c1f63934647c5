//! Finding the rows of a batch that can't be answered.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::DataType;
use millstream_core::Result;

use super::branch::Answer;
use super::{Query, internal};
use crate::functions::bounded::bytes;
use crate::plan::describe;

/// What a batch gave where bad rows are set aside.
#[derive(Debug)]
pub struct Evaluated {
    /// The answers of the good rows that WHERE kept, in their order.
    pub rows: RecordBatch,
    /// The rows that could not be answered, in their order; empty for nearly every batch.
    pub failures: Vec<RowFailure>,
    segments: Vec<Segment>,
}

/// A row that could not be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFailure {
    /// The row's index in the batch that was evaluated, from 0.
    pub row: usize,
    /// Where in the query and why, in one line: ``column `n`: Cannot cast string 'x' to …``.
    pub message: String,
}

/// A run of rows that were answered together.
#[derive(Debug)]
struct Segment {
    first: usize,
    length: usize,
    /// The rows that WHERE kept; none if all of them.
    kept: Option<BooleanArray>,
    /// Of which of these each row of the answer was made; none if of each in its order.
    spread: Option<Vec<u32>>,
}

impl Evaluated {
    /// How many rows of the batch gave rows. The others were left out by WHERE, had no values to become rows, or failed.
    pub fn answered(&self) -> usize {
        let answered = self.segments.iter().map(|segment| match &segment.spread {
            None => segment.kept().count(),
            Some(spread) => spread.chunk_by(|a, b| a == b).count(),
        });
        answered.sum()
    }

    /// Whether a row may have given several.
    pub fn is_spread(&self) -> bool {
        self.segments.iter().any(|segment| segment.spread.is_some())
    }

    /// For each of `rows`, in order, the index of the row in the evaluated batch that it came from.
    ///
    /// Worked out only when asked for.
    pub fn origins(&self) -> impl Iterator<Item = usize> + '_ {
        self.segments.iter().flat_map(Segment::origins)
    }

    pub(super) fn whole(length: usize, answer: Answer) -> Self {
        Self {
            rows: answer.rows,
            failures: Vec::new(),
            segments: vec![Segment {
                first: 0,
                length,
                kept: answer.kept,
                spread: answer.spread,
            }],
        }
    }
}

impl Segment {
    /// The rows that WHERE kept.
    fn kept(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.length).filter(|row| self.keeps(*row))
    }

    fn origins(&self) -> Vec<usize> {
        let kept = self.kept().map(|row| self.first + row);
        let Some(spread) = &self.spread else {
            return kept.collect();
        };
        let kept: Vec<usize> = kept.collect();
        let rows = spread.iter();
        rows.filter_map(|row| kept.get(*row as usize).copied())
            .collect()
    }

    fn keeps(&self, row: usize) -> bool {
        match &self.kept {
            None => true,
            Some(mask) => mask.is_valid(row) && mask.value(row),
        }
    }
}

/// Evaluates `batch`, of which some row is known to fail.
///
/// A row fails only if it fails when it is alone: in `WHERE a <> 0 AND 10 / a > 1` a batch can fail
/// at a division that `AND` guards, but the row alone does not.
pub(super) fn isolate(query: &Query, batch: &RecordBatch) -> Result<Evaluated> {
    let mut columns = batch.columns().iter();
    let mut search = Search {
        query,
        batch,
        has_bytes: columns.any(|column| may_have_bytes(column.data_type())),
        answers: Vec::new(),
        segments: Vec::new(),
        failures: Vec::new(),
        made: 0,
        most: MOST.saturating_add(batch_bytes(batch).saturating_mul(TIMES)),
    };
    search.halves(0, batch.num_rows());
    let rows = concat_batches(&Arc::clone(query.output_schema()), &search.answers);
    Ok(Evaluated {
        rows: rows.map_err(internal)?,
        failures: search.failures,
        segments: search.segments,
    })
}

struct Search<'a> {
    query: &'a Query,
    batch: &'a RecordBatch,
    /// Whether there are bytes that need not be text.
    has_bytes: bool,
    answers: Vec<RecordBatch>,
    segments: Vec<Segment>,
    failures: Vec<RowFailure>,
    /// Bytes of the answers.
    made: u64,
    /// What they may come to.
    most: u64,
}

/// What the answers of one batch that had to be cut may come to beyond so many times the batch; in bytes.
const MOST: u64 = 256 << 20;
const TIMES: u64 = 4;

impl Search<'_> {
    /// Answers the two halves of a run that failed as a whole, from left to right.
    fn halves(&mut self, first: usize, length: usize) {
        let left = length / 2;
        self.run(first, left);
        self.run(first + left, length - left);
    }

    fn run(&mut self, first: usize, length: usize) {
        if length == 0 {
            return;
        }
        if self.made >= self.most {
            let message = format!(
                "the rows before it came to {} bytes: there is no room",
                self.made
            );
            self.failures
                .extend((first..first + length).map(|row| RowFailure {
                    row,
                    message: message.clone(),
                }));
            return;
        }
        let piece = self.piece(first, length);
        match piece.and_then(|piece| self.query.answer(&piece)) {
            Ok(Answer { rows, kept, spread }) => {
                self.made = self.made.saturating_add(batch_bytes(&rows));
                self.answers.push(rows);
                self.segments.push(Segment {
                    first,
                    length,
                    kept,
                    spread,
                });
            }
            Err(message) if length == 1 => self.failures.push(RowFailure {
                row: first,
                message,
            }),
            Err(_) => self.halves(first, length),
        }
    }

    /// The rows of a run. Bytes are copied: a cast of a slice to text fails of those of the rows around it.
    fn piece(&self, first: usize, length: usize) -> Result<RecordBatch, String> {
        if !self.has_bytes {
            return Ok(self.batch.slice(first, length));
        }
        let rows = first as u64..(first + length) as u64;
        let rows = UInt64Array::from_iter_values(rows);
        take_record_batch(self.batch, &rows).map_err(|error| describe(&error.into()))
    }
}

fn may_have_bytes(data_type: &DataType) -> bool {
    data_type.is_binary() || data_type.is_nested()
}

fn batch_bytes(rows: &RecordBatch) -> u64 {
    rows.columns().iter().map(bytes::of_all).sum()
}
