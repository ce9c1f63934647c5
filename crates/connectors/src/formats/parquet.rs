//! Parquet.

use std::borrow::Borrow;

use arrow::array::RecordBatch;
use millstream_core::{Error, Result, codes};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{FileEncoder, FileFormat};

/// Rows of a row group at most, about what Parquet's own documentation recommends for scans.
const ROW_GROUP_ROWS: usize = 1024 * 1024;

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
            writer: None,
        })
    }
}

struct ParquetEncoder {
    row_group_bytes: usize,
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
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let rest = writer.into_inner().map_err(|error| not_written(&error))?;
        out.extend_from_slice(&rest);
        Ok(())
    }

    fn buffered(&self) -> usize {
        self.writer
            .as_ref()
            .map_or(0, ArrowWriter::in_progress_size)
    }
}

impl ParquetEncoder {
    fn write(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
                    .build();
                let writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
                self.writer.insert(writer)
            }
        };
        writer.write(batch)?;
        if writer.memory_size() >= self.row_group_bytes {
            writer.flush()?;
        }
        writer.sync()?;
        let written = writer.inner_mut();
        out.extend_from_slice(written);
        written.clear();
        Ok(())
    }
}

fn not_written(error: &ParquetError) -> Error {
    Error::new(&codes::SINK_WRITE, "rows can't be written as Parquet")
        .cause(error)
        .next("give the sink rows of one schema with types that Parquet knows")
}
