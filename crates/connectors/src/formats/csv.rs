//! Comma-separated values.

use std::borrow::Borrow;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use millstream_core::type_names::{in_words, type_in_words};
use millstream_core::{Error, Result, codes};

use super::cells::{Column, Style};
use super::escape::append_csv_text;
use super::{FileEncoder, FileFormat};

/// Comma-separated values after RFC 4180, with the names of the columns in the first line of each
/// file and `\n` at the end of a line.
///
/// A null is an empty field, an empty string is `""`: a reader can tell them apart. (Where there is only one
/// column a null is `""` too, since an empty line would be no record to most readers.) Dates and
/// timestamps are written as in [`JsonLines`](super::JsonLines), lists and structs as JSON in a quoted field, floats that are no numbers as `NaN`,
/// `Infinity` and `-Infinity`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CsvLines;

impl<T: Borrow<RecordBatch>> FileFormat<T> for CsvLines {
    fn extension(&self) -> &'static str {
        "csv"
    }

    fn encoder(&self) -> Box<dyn FileEncoder<T>> {
        Box::new(CsvEncoder { header: None })
    }
}

struct CsvEncoder {
    /// The schema whose header the present file has.
    header: Option<SchemaRef>,
}

impl<T: Borrow<RecordBatch>> FileEncoder<T> for CsvEncoder {
    fn records(&self, record: &T) -> u64 {
        record.borrow().num_rows() as u64
    }

    fn encode(&mut self, record: &T, out: &mut Vec<u8>) -> Result<()> {
        let batch = record.borrow();
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.begin(batch.schema_ref(), out)?;
        append_rows(batch, out)
    }

    fn finish(&mut self, _out: &mut Vec<u8>) -> Result<()> {
        self.header = None;
        Ok(())
    }
}

impl CsvEncoder {
    /// Writes the header of a new file, or holds `schema` against the header that is there.
    fn begin(&mut self, schema: &SchemaRef, out: &mut Vec<u8>) -> Result<()> {
        if let Some(header) = &self.header {
            let same = std::ptr::eq(header.as_ref(), schema.as_ref())
                || header.fields().len() == schema.fields().len()
                    && header
                        .fields()
                        .iter()
                        .zip(schema.fields())
                        .all(|(a, b)| a.name() == b.name());
            return if same {
                Ok(())
            } else {
                Err(other_columns(header, schema))
            };
        }
        for (index, field) in schema.fields().iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            append_csv_text(field.name().as_bytes(), out);
        }
        out.push(b'\n');
        self.header = Some(schema.clone());
        Ok(())
    }
}

fn append_rows(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
    let mut rows = CsvRows::new(batch)?;
    for row in 0..batch.num_rows() {
        rows.append(row, out);
        out.push(b'\n');
    }
    Ok(())
}

/// The rows of one batch as records of CSV, for whoever wants them one by one: a line, a message.
pub struct CsvRows<'a> {
    columns: Vec<Column<'a>>,
}

impl<'a> CsvRows<'a> {
    /// Looks at the columns of `batch` once.
    ///
    /// # Errors
    /// A column has a type that CSV can't hold.
    pub fn new(batch: &'a RecordBatch) -> Result<Self> {
        let schema = batch.schema_ref();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let column = Column::new(field, array, Style::Csv).map_err(|error| {
                let (name, data_type) = (field.name(), type_in_words(field.data_type()));
                let message = format!("column {name} of type {data_type} can't be written as CSV");
                Error::new(&codes::SINK_WRITE, message)
                    .cause(in_words(&error.to_string()))
                    .next("cast the column in the SQL, or choose Parquet")
            })?;
            columns.push(column);
        }
        Ok(Self { columns })
    }

    /// Appends `row` to `out`, without an end of line.
    ///
    /// # Panics
    /// The batch has no such row.
    pub fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        let single = self.columns.len() == 1;
        for (index, column) in self.columns.iter_mut().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if single && column.is_null(row) {
                append_csv_text(b"", out);
            } else {
                column.append(row, out);
            }
        }
    }
}

fn other_columns(header: &SchemaRef, schema: &SchemaRef) -> Error {
    let names = |schema: &SchemaRef| {
        schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect::<Vec<_>>()
            .join(",")
    };
    Error::new(
        &codes::SINK_WRITE,
        format!(
            "a CSV file with columns {} can't take rows of {}",
            names(header),
            names(schema)
        ),
    )
    .next("give the sink rows of one schema, or choose JSON lines")
}
