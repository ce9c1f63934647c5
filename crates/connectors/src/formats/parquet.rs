//! Parquet.

mod dictionaries;

use std::borrow::Borrow;
use std::mem;

use arrow::array::RecordBatch;
use millstream_core::{Error, Result, codes};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{FileEncoder, FileFormat};

/// Rows of a row group at most, about what Parquet's own documentation recommends for scans.
const ROW_GROUP_ROWS: usize = 1024 * 1024;

/// Batches that wait at most before a file is begun: small ones take much more memory than their rows.
const BATCHES_FIRST: usize = 256;

/// Parquet files, compressed with Snappy, which every reader knows.
///
/// The rows of an unfinished row group wait in memory, encoded: that is what
/// [`row_group_bytes`](Self::row_group_bytes) bounds, for each writer.
#[derive(Debug, Clone, Copy)]
pub struct ParquetFile {
    row_group_bytes: usize,
}

impl Default for ParquetFile {
    /// Row groups of 16 MiB: large enough for scans, small enough for a writer that must share a
    /// small machine.
    fn default() -> Self {
        Self {
            row_group_bytes: 16 * 1024 * 1024,
        }
    }
}

impl ParquetFile {
    /// Ends a row group at about this many bytes. Also about the memory that a writer needs.
    #[must_use]
    pub fn row_group_bytes(mut self, bytes: usize) -> Self {
        self.row_group_bytes = bytes.max(1);
        self
    }
}

impl<T: Borrow<RecordBatch>> FileFormat<T> for ParquetFile {
    fn extension(&self) -> &'static str {
        "parquet"
    }

    fn encoder(&self) -> Box<dyn FileEncoder<T>> {
        Box::new(ParquetEncoder {
            row_group_bytes: self.row_group_bytes,
            first: First::default(),
            writer: None,
        })
    }
}

/// The first rows of a file, until they are enough to tell how its columns are best written.
#[derive(Default)]
struct First {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
}

struct ParquetEncoder {
    row_group_bytes: usize,
    first: First,
    /// The present file. What the writer hands to its vector is taken out after every batch.
    writer: Option<ArrowWriter<Vec<u8>>>,
}

impl<T: Borrow<RecordBatch>> FileEncoder<T> for ParquetEncoder {
    fn records(&self, record: &T) -> u64 {
        record.borrow().num_rows() as u64
    }

    fn encode(&mut self, record: &T, out: &mut Vec<u8>) -> Result<()> {
        let batch = record.borrow();
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.write(batch, out).map_err(|error| not_written(&error))
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.begin(out).map_err(|error| not_written(&error))?;
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let rest = writer.into_inner().map_err(|error| not_written(&error))?;
        out.extend_from_slice(&rest);
        Ok(())
    }

    fn buffered(&self) -> usize {
        let writer = self.writer.as_ref();
        self.first.bytes + writer.map_or(0, ArrowWriter::in_progress_size)
    }
}

impl ParquetEncoder {
    fn write(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        if let Some(writer) = &mut self.writer {
            return append(writer, batch, self.row_group_bytes, out);
        }
        let first = &mut self.first;
        first.rows += batch.num_rows();
        // Also rows without bytes, as those of nulls alone, are kept back.
        first.bytes += bytes_of(batch).max(1);
        first.batches.push(batch.clone());
        let is_enough =
            first.rows >= dictionaries::ROWS_LEAST || first.batches.len() >= BATCHES_FIRST;
        if is_enough || first.bytes >= self.row_group_bytes {
            self.begin(out)?;
        }
        Ok(())
    }

    /// Opens the file for what waits, if anything does.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        let first = mem::take(&mut self.first).batches;
        let Some(schema) = first.first().map(RecordBatch::schema) else {
            return Ok(());
        };
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
        for column in dictionaries::columns_without(&first)? {
            properties = properties.set_column_dictionary_enabled(column, false);
        }
        let writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties.build()))?;
        let writer = self.writer.insert(writer);
        let mut batches = first.iter();
        batches.try_for_each(|batch| append(writer, batch, self.row_group_bytes, out))
    }
}

fn append(
    writer: &mut ArrowWriter<Vec<u8>>,
    batch: &RecordBatch,
    row_group_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(), ParquetError> {
    writer.write(batch)?;
    if writer.memory_size() >= row_group_bytes {
        writer.flush()?;
    }
    writer.sync()?;
    let written = writer.inner_mut();
    if out.is_empty() {
        mem::swap(out, written);
    } else {
        out.extend_from_slice(written);
        written.clear();
    }
    Ok(())
}

/// Bytes of the rows, as far as they can be told from those of other rows in the same buffers.
fn bytes_of(batch: &RecordBatch) -> usize {
    let sizes = batch.columns().iter().map(|column| {
        let own = column.to_data().get_slice_memory_size();
        own.unwrap_or_else(|_| column.get_array_memory_size())
    });
    sizes.sum()
}

fn not_written(error: &ParquetError) -> Error {
    Error::new(&codes::SINK_WRITE, "rows can't be written as Parquet")
        .cause(error)
        .next("give the sink rows of one schema with types that Parquet knows")
}
