//! JSON lines.

use std::borrow::Borrow;

use arrow::array::{Array, RecordBatch, StringArray};
use memchr::memchr2;
use millstream_core::type_names::{in_words, type_in_words};
use millstream_core::{Error, Result, codes};

use super::cells::{Column, Style, key};
use super::short::Repeated;
use super::{FileEncoder, FileFormat};
use crate::rows::json_texts;

/// One JSON object a row, ended by `\n`.
///
/// Every column stands in every line, in the order of the schema and a null as `null`, so that a
/// reader sees the whole schema in each line. Dates are `"yyyy-MM-dd"`, timestamps without a zone
/// `"yyyy-MM-dd HH:mm:ss"` with a fraction where there is one; floats that are no numbers are `null`, as
/// JSON has no word for them; lists are arrays, structs and maps objects; bytes are Base64; what else arrow knows (decimals,
/// …) is written as arrow writes it.
///
/// Rows that are [whole records](crate::rows::json_schema) are written as they are, without the ends of lines that may
/// stand between their values.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonLines;

impl<T: Borrow<RecordBatch>> FileFormat<T> for JsonLines {
    fn extension(&self) -> &'static str {
        "json"
    }

    fn encoder(&self) -> Box<dyn FileEncoder<T>> {
        Box::new(Self)
    }
}

impl<T: Borrow<RecordBatch>> FileEncoder<T> for JsonLines {
    fn records(&self, record: &T) -> u64 {
        record.borrow().num_rows() as u64
    }

    fn encode(&mut self, record: &T, out: &mut Vec<u8>) -> Result<()> {
        let batch = record.borrow();
        let mut rows = JsonRows::new(batch)?;
        for row in 0..batch.num_rows() {
            rows.append(row, out);
            out.push(b'\n');
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

/// The rows of one batch as JSON objects, for whoever wants them one by one: a line, a message.
pub struct JsonRows<'a> {
    /// What stands before a column's value, from the brace or comma to the colon; and the column.
    columns: Vec<(Repeated, Column<'a>)>,
    /// The rows themselves, where each is one text.
    texts: Option<&'a StringArray>,
}

impl<'a> JsonRows<'a> {
    /// Looks at the columns of `batch` once.
    ///
    /// # Errors
    /// A column has a type that JSON can't hold.
    pub fn new(batch: &'a RecordBatch) -> Result<Self> {
        if let Some(texts) = json_texts(batch) {
            return Ok(Self {
                columns: Vec::new(),
                texts: Some(texts),
            });
        }
        let schema = batch.schema_ref();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let column = Column::new(field, array, Style::Json).map_err(|error| {
                Error::new(
                    &codes::SINK_WRITE,
                    format!(
                        "column {} of type {} can't be written as JSON",
                        field.name(),
                        type_in_words(field.data_type())
                    ),
                )
                .cause(in_words(&error.to_string()))
                .next("cast the column in the SQL, or choose Parquet")
            })?;
            let mut before = vec![if columns.is_empty() { b'{' } else { b',' }];
            before.extend(key(field.name()));
            columns.push((Repeated::new(before), column));
        }
        Ok(Self {
            columns,
            texts: None,
        })
    }

    /// Appends `row` to `out`, without an end of line.
    ///
    /// # Panics
    /// The batch has no such row.
    pub fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        if let Some(texts) = self.texts {
            append_text(texts, row, out);
            return;
        }
        if self.columns.is_empty() {
            out.push(b'{');
        }
        for (before, column) in &mut self.columns {
            before.append(out);
            column.append(row, out);
        }
        out.push(b'}');
    }
}

/// Appends a row that is JSON already, on one line.
fn append_text(texts: &StringArray, row: usize, out: &mut Vec<u8>) {
    if texts.is_null(row) {
        out.extend_from_slice(b"null");
        return;
    }
    let mut rest = texts.value(row).as_bytes();
    // Between values an end of line means nothing, and within them none can stand as it is.
    while let Some(place) = memchr2(b'\n', b'\r', rest) {
        let (piece, behind) = rest.split_at(place);
        out.extend_from_slice(piece);
        rest = behind.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
