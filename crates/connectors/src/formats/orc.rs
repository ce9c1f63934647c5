//! ORC. What writes it is our own: see decision 43.

mod bytes;
mod column;
mod file;
mod index;
mod integers;
mod misfits;
mod statistics;
mod times;
mod types;

#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::fmt::Display;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Fields, SchemaRef};
use arrow::error::ArrowError;
use millstream_core::type_names::{in_words, type_in_words};
use millstream_core::{Error, Result, codes};

use self::file::OrcWriter;
use self::types::stored;
use super::{FileEncoder, FileFormat};

/// ORC files, compressed with Zstandard.
///
/// Columns of every type that ORC has: numbers, decimals of up to 38 digits, text, bytes, booleans, dates, timestamps with
/// and without a zone, lists, structs and maps. Numbers without a sign become wider ones with one. Times of day, intervals and
/// unions are refused by name.
///
/// The rows of an unfinished stripe wait in memory, encoded: that is what [`stripe_bytes`](Self::stripe_bytes) bounds,
/// for each writer.
#[derive(Debug, Clone, Copy)]
pub struct OrcFile {
    stripe_bytes: usize,
}

impl Default for OrcFile {
    /// Stripes of 16 MiB, as the row groups of [`ParquetFile`](super::ParquetFile).
    fn default() -> Self {
        Self {
            stripe_bytes: 16 * 1024 * 1024,
        }
    }
}

impl OrcFile {
    /// Ends a stripe at about this many bytes. Also about the memory that a writer needs.
    #[must_use]
    pub fn stripe_bytes(mut self, bytes: usize) -> Self {
        self.stripe_bytes = bytes.max(1);
        self
    }

    /// The rows of a batch that have a time which ORC has not, by their numbers, and why: parts of the last second before
    /// 1970 from its first millisecond on, which readers take for those of the second behind it (ORC-763).
    pub fn misfits(batch: &RecordBatch) -> Vec<(usize, String)> {
        misfits::of(batch)
    }
}

impl<T: Borrow<RecordBatch>> FileFormat<T> for OrcFile {
    fn extension(&self) -> &'static str {
        "orc"
    }

    fn encoder(&self) -> Box<dyn FileEncoder<T>> {
        Box::new(OrcEncoder {
            stripe_bytes: self.stripe_bytes,
            file: None,
        })
    }
}

/// Whether a stripe is full is looked at behind so many rows.
const TOGETHER: usize = 1024;

struct OrcEncoder {
    stripe_bytes: usize,
    file: Option<OpenFile>,
}

/// The present file.
struct OpenFile {
    writer: OrcWriter,
    /// The schema as it came, and the columns as the file has them.
    given: SchemaRef,
    stored: Fields,
}

impl<T: Borrow<RecordBatch>> FileEncoder<T> for OrcEncoder {
    fn records(&self, record: &T) -> u64 {
        record.borrow().num_rows() as u64
    }

    fn encode(&mut self, record: &T, out: &mut Vec<u8>) -> Result<()> {
        let batch = record.borrow();
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenFile::begin(batch.schema_ref(), out)?,
        };
        self.file.insert(file).write(batch, self.stripe_bytes, out)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        match self.file.take() {
            Some(file) => file.writer.finish(out).map_err(not_written),
            None => Ok(()),
        }
    }

    fn buffered(&self) -> usize {
        self.file.as_ref().map_or(0, |file| file.writer.waiting())
    }
}

impl OpenFile {
    fn begin(given: &SchemaRef, out: &mut Vec<u8>) -> Result<Self> {
        let fields = given.fields().iter().map(|field| {
            let data_type = stored(field.data_type()).ok_or_else(|| refused(field))?;
            Ok(Field::new(field.name(), data_type, true))
        });
        let stored: Fields = fields.collect::<Result<_>>()?;
        Ok(Self {
            writer: OrcWriter::begin(stored.clone(), out).map_err(not_written)?,
            given: Arc::clone(given),
            stored,
        })
    }

    fn write(&mut self, batch: &RecordBatch, stripe_bytes: usize, out: &mut Vec<u8>) -> Result<()> {
        if batch.schema_ref() != &self.given && batch.schema_ref().fields() != self.given.fields() {
            return Err(not_written("a batch has another schema than the file"));
        }
        let columns = batch.columns().iter().zip(&self.stored);
        let columns = columns.map(|(array, field)| as_stored(array, field.data_type()));
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>().map_err(not_written)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = TOGETHER.min(batch.num_rows() - from);
            let rows = rows.min(self.writer.room());
            let columns = columns.iter().map(|array| array.slice(from, rows));
            let columns: Vec<ArrayRef> = columns.collect();
            self.writer.push(&columns, rows).map_err(not_written)?;
            from += rows;
            if self.writer.waiting() >= stripe_bytes {
                self.writer.end_stripe(out).map_err(not_written)?;
            }
        }
        Ok(())
    }
}

/// The values in the type that the file has.
fn as_stored(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, to, &options)
}

fn refused(field: &Field) -> Error {
    let (name, data_type) = (field.name(), type_in_words(field.data_type()));
    let message = format!("column {name} of type {data_type} can't be written as ORC");
    Error::new(&codes::SINK_WRITE, message).next("cast the column in the SQL, or choose Parquet")
}

fn not_written(why: impl Display) -> Error {
    Error::new(&codes::SINK_WRITE, "rows can't be written as ORC")
        .cause(in_words(&why.to_string()))
        .next("give the sink rows of one schema with values that ORC has")
}
