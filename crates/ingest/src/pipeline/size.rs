//! Rows that are too large to be messages are bad records.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use millstream::{Collector, DataStream, Numbers};
use millstream_connectors::kafka::KafkaSink;
use millstream_connectors::rows::{Reason, Rows};
use millstream_core::Result;

use super::bad_records::{Answered, Judged};

/// As many bytes a byte in memory becomes at most in JSON: a control character is `\u0000`.
const LARGEST_GROWTH: usize = 6;
/// Bytes that JSON takes for a column of a row besides its name and what it has in memory, at most.
const COLUMN: usize = 64;

/// The sink, which knows what its messages may be.
#[derive(Clone)]
pub(super) struct Sized {
    pub(super) sink: KafkaSink,
    /// Bytes that a message has besides what the sink counts.
    pub(super) more: usize,
}

impl Sized {
    /// Takes the rows out that are too large.
    pub(super) fn judge<J: Judged>(self, judged: DataStream<J>) -> DataStream<Answered> {
        let judge =
            move |judged: J, out: &mut Collector<Answered>, _: &mut Numbers| -> Result<()> {
                out.collect(self.sift(judged)?);
                Ok(())
            };
        judged.flat_map_counting(judge).name("Sizes")
    }

    fn sift<J: Judged>(&self, judged: J) -> Result<Answered> {
        let read = judged.read();
        let (rows, mut bad) = judged.into_parts();
        let Some(rows) = rows else {
            return Ok(Answered { read, rows, bad });
        };
        let limit = self.sink.largest_message().saturating_sub(self.more);
        if largest(&rows.batch) <= limit {
            let rows = Some(rows);
            return Ok(Answered { read, rows, bad });
        }
        let sizes = self.sink.message_bytes(&rows.batch)?;
        let fits: BooleanArray = sizes.iter().map(|size| Some(*size <= limit)).collect();
        let large = sizes.iter().enumerate().filter(|(_, size)| **size > limit);
        for (row, size) in large {
            let error = format!("a message of {size} bytes is too large: the topic takes {limit}");
            bad.push(rows.origin.bad(row, Reason::TooLarge, error));
        }
        let rows = Some(left(&rows, &fits)?).filter(|rows| !rows.is_empty());
        Ok(Answered { read, rows, bad })
    }
}

/// No row of the batch is a larger message than this.
fn largest(batch: &RecordBatch) -> usize {
    let columns = batch.schema_ref().fields().iter().zip(batch.columns());
    columns
        .map(|(field, column)| {
            let value = longest(column).saturating_mul(LARGEST_GROWTH);
            value.saturating_add(field.name().len() * LARGEST_GROWTH + COLUMN)
        })
        .fold(0, usize::saturating_add)
}

/// No value of the column has more bytes in memory.
fn longest(column: &ArrayRef) -> usize {
    if let Some(texts) = column.as_string_opt::<i32>() {
        let longest = texts.offsets().lengths().max();
        return longest.unwrap_or(0);
    }
    match column.data_type().primitive_width() {
        Some(width) => width,
        None => column.get_array_memory_size(),
    }
}

fn left(rows: &Rows, fits: &BooleanArray) -> Result<Rows> {
    let numbers: Vec<usize> = fits.values().set_indices().collect();
    rows.only(&numbers)
}
