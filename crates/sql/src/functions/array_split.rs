//! `arraySplit(text [, separator])`: a string cut into an array of strings.
//!
//! The separator is plain text, `,` where it is not given, and may be any expression. Every piece
//! is kept, also the empty ones in front, behind and between two separators, as in Flink's
//! `SPLIT`. An empty separator cuts between all characters. An empty text gives an empty array. Null
//! gives null.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, ListArray, NullBufferBuilder, StringArray,
    StringBuilder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use memchr::memmem::Finder;

const DEFAULT_SEPARATOR: &str = ",";

/// The function as the registry takes it.
pub(super) fn function() -> Arc<ScalarUDF> {
    let one = TypeSignature::Exact(vec![DataType::Utf8]);
    let two = TypeSignature::Exact(vec![DataType::Utf8, DataType::Utf8]);
    Arc::new(ScalarUDF::from(ArraySplit {
        signature: Signature::one_of(vec![one, two], Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArraySplit {
    signature: Signature,
}

impl ScalarUDFImpl for ArraySplit {
    fn name(&self) -> &str {
        "arraySplit"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item_field()))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let default = ColumnarValue::Scalar(ScalarValue::from(DEFAULT_SEPARATOR));
        let (text, separator) = match arguments.args.as_slice() {
            [text] => (text, &default),
            [text, separator] => (text, separator),
            other => return exec_err!("arraySplit takes 1 or 2 arguments, not {}", other.len()),
        };
        match (text, separator) {
            (ColumnarValue::Scalar(_), ColumnarValue::Scalar(separator)) => {
                let list = split_by_constant(text.to_array(1)?.as_string(), separator)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                    &list, 0,
                )?))
            }
            (text, ColumnarValue::Scalar(separator)) => {
                let list = split_by_constant(text.to_array(rows)?.as_string(), separator)?;
                Ok(ColumnarValue::Array(list))
            }
            (text, ColumnarValue::Array(separators)) => {
                let list =
                    split_by_column(text.to_array(rows)?.as_string(), separators.as_string());
                Ok(ColumnarValue::Array(list))
            }
        }
    }
}

fn item_field() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Utf8, true))
}

fn split_by_constant(text: &StringArray, separator: &ScalarValue) -> Result<ArrayRef> {
    let Some(separator) = separator.try_as_str().flatten() else {
        return Ok(arrow::array::new_null_array(
            &DataType::List(item_field()),
            text.len(),
        ));
    };
    let splitter = Splitter::new(separator);
    let mut pieces = Pieces::with_capacity(text);
    for row in text {
        match row {
            Some(row) => pieces.push(row, &splitter),
            None => pieces.push_null(),
        }
    }
    Ok(pieces.finish())
}

fn split_by_column(text: &StringArray, separators: &StringArray) -> ArrayRef {
    let mut pieces = Pieces::with_capacity(text);
    for (row, separator) in text.iter().zip(separators) {
        match (row, separator) {
            (Some(row), Some(separator)) => pieces.push(row, &Splitter::new(separator)),
            _ => pieces.push_null(),
        }
    }
    pieces.finish()
}

/// How to find the ends of pieces; made once for a separator that is a constant.
enum Splitter<'a> {
    /// The separator is empty: every character is a piece.
    Characters,
    Byte(u8),
    Text(Box<Finder<'a>>),
}

impl<'a> Splitter<'a> {
    fn new(separator: &'a str) -> Self {
        match separator.as_bytes() {
            [] => Self::Characters,
            // A single byte of a `str` is ASCII, so it never is a part of another character.
            [byte] => Self::Byte(*byte),
            bytes => Self::Text(Box::new(Finder::new(bytes))),
        }
    }
}

/// The list array under construction: the pieces of all rows behind one another, and where each
/// row's pieces end.
struct Pieces {
    values: StringBuilder,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Pieces {
    /// Room for the rows of `text`: the pieces can't hold more bytes than the text does.
    fn with_capacity(text: &StringArray) -> Self {
        let bytes = text.value_offsets();
        let bytes = match (bytes.first(), bytes.last()) {
            (Some(first), Some(last)) => usize::try_from(last - first).unwrap_or(0),
            _ => 0,
        };
        let mut offsets = Vec::with_capacity(text.len() + 1);
        offsets.push(0);
        Self {
            values: StringBuilder::with_capacity(text.len() * 4, bytes),
            offsets,
            nulls: NullBufferBuilder::new(text.len()),
        }
    }

    fn push(&mut self, row: &str, splitter: &Splitter<'_>) {
        match splitter {
            _ if row.is_empty() => {}
            Splitter::Characters => {
                let mut character = [0; 4];
                for c in row.chars() {
                    self.values.append_value(c.encode_utf8(&mut character));
                }
            }
            Splitter::Byte(byte) => {
                self.push_between(row, 1, memchr::memchr_iter(*byte, row.as_bytes()))
            }
            Splitter::Text(finder) => {
                self.push_between(row, finder.needle().len(), finder.find_iter(row.as_bytes()));
            }
        }
        self.end_row(true);
    }

    /// Appends what lies between the separators at `found`, each `width` bytes long.
    fn push_between(&mut self, row: &str, width: usize, found: impl Iterator<Item = usize>) {
        let mut start = 0;
        for at in found {
            // Separators are whole characters, so these are character boundaries.
            self.values
                .append_value(row.get(start..at).unwrap_or_default());
            start = at + width;
        }
        self.values
            .append_value(row.get(start..).unwrap_or_default());
    }

    fn push_null(&mut self) {
        self.end_row(false);
    }

    fn end_row(&mut self, valid: bool) {
        // There are at most as many pieces as bytes and rows, both counted in i32 by the input.
        let end = i32::try_from(self.values.len()).unwrap_or(i32::MAX);
        self.offsets.push(end);
        self.nulls.append(valid);
    }

    fn finish(mut self) -> ArrayRef {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let values = Arc::new(self.values.finish());
        Arc::new(ListArray::new(
            item_field(),
            offsets,
            values,
            self.nulls.finish(),
        ))
    }
}
