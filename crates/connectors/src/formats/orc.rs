//! ORC.

use std::borrow::Borrow;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use millstream_core::guard::guarded;
use millstream_core::{Error, Result, codes};
use orc_rust::ArrowWriterBuilder;
use orc_rust::arrow_writer::ArrowWriter;
use orc_rust::compression::CompressionType;

use super::{FileEncoder, FileFormat};

/// ORC files, compressed with Zstandard.
///
/// Columns of numbers, text, bytes, dates, timestamps without a zone and booleans. What else arrow knows (decimals, lists,
/// structs, maps, …) is refused by name.
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

/// Bytes with which a file begins before there is a stripe.
const MAGIC: usize = 3;

/// What the writer of a file has written and nobody has taken out.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take_into(&self, out: &mut Vec<u8>) {
        out.append(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct OrcEncoder {
    stripe_bytes: usize,
    file: Option<OpenFile>,
}

/// The present file.
struct OpenFile {
    writer: ArrowWriter<Written>,
    written: Written,
    /// The schema as it came, and as the file has it.
    given: SchemaRef,
    schema: SchemaRef,
    /// Bytes of rows that may wait in the writer, at most.
    waiting: usize,
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
        let limit = self.stripe_bytes;
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenFile::begin(batch.schema_ref(), limit)?,
        };
        let file = self.file.insert(file);
        file.write(batch, limit)?;
        let before = out.len();
        file.written.take_into(out);
        if out.len() - before > MAGIC {
            file.waiting = 0;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let written = file.written.clone();
        told(guarded(|| file.writer.close()))?;
        written.take_into(out);
        Ok(())
    }

    fn buffered(&self) -> usize {
        self.file.as_ref().map_or(0, |file| file.waiting)
    }
}

impl OpenFile {
    fn begin(given: &SchemaRef, stripe_bytes: usize) -> Result<Self> {
        let fields = given.fields().iter().map(|field| {
            check(field)?;
            Ok(field.as_ref().clone().with_nullable(true))
        });
        let fields = fields.collect::<Result<Vec<_>>>()?;
        let schema = Arc::new(Schema::new(fields));
        let written = Written::default();
        let builder = ArrowWriterBuilder::new(written.clone(), Arc::clone(&schema))
            .with_stripe_byte_size(stripe_bytes)
            .with_compression(CompressionType::Zstd);
        let writer = told(guarded(|| builder.try_build()))?;
        Ok(Self {
            writer,
            written,
            given: Arc::clone(given),
            schema,
            waiting: 0,
        })
    }

    fn write(&mut self, batch: &RecordBatch, stripe_bytes: usize) -> Result<()> {
        if batch.schema_ref() != &self.given && batch.schema_ref().fields() != self.given.fields() {
            return Err(not_written("a batch has another schema than the file"));
        }
        let columns = batch.columns().to_vec();
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        let rows = rows.map_err(|error| not_written(&error.to_string()))?;
        let writer = &mut self.writer;
        told(guarded(|| writer.write(&rows)))?;
        let columns = batch.columns().iter();
        let bytes: usize = columns
            .map(|column| column.to_data().get_slice_memory_size().unwrap_or(0))
            .sum();
        self.waiting = (self.waiting + bytes).min(stripe_bytes);
        Ok(())
    }
}

/// Whether a column can be written.
fn check(field: &Field) -> Result<()> {
    match field.data_type() {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::Timestamp(
            TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond,
            None,
        ) => Ok(()),
        other => {
            let message = format!(
                "column {} of type {other} can't be written as ORC",
                field.name()
            );
            Err(Error::new(&codes::SINK_WRITE, message)
                .next("cast the column in the SQL, or choose Parquet"))
        }
    }
}

/// What the writer came to; a panic of it is an error.
fn told<T>(done: Result<Result<T, orc_rust::error::OrcError>, String>) -> Result<T> {
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(not_written(&error.to_string())),
        Err(panic) => Err(not_written(&panic)),
    }
}

fn not_written(why: &str) -> Error {
    Error::new(&codes::SINK_WRITE, "rows can't be written as ORC")
        .cause(why)
        .next("give the sink rows of one schema with types that ORC's writer knows")
}
