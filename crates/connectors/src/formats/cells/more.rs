//! Bytes, maps, and whole columns as text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::escape::append_json_text;
use super::{Cell, Column, Style, append_quoted};

/// Bytes, as Base64.
struct Bytes<'a, F> {
    of: F,
    style: Style,
    scratch: String,
    array: &'a ArrayRef,
}

/// A column of bytes of any layout; `None`: it is none.
pub(super) fn bytes(array: &ArrayRef, style: Style) -> Option<Box<dyn Cell + '_>> {
    fn cell<'a, F>(array: &'a ArrayRef, style: Style, of: F) -> Option<Box<dyn Cell + 'a>>
    where
        F: Fn(&'a ArrayRef, usize) -> &'a [u8] + 'a,
    {
        Some(Box::new(Bytes {
            of,
            style,
            scratch: String::new(),
            array,
        }))
    }
    match array.data_type() {
        DataType::Binary => cell(array, style, |array, row| {
            array.as_binary::<i32>().value(row)
        }),
        DataType::LargeBinary => cell(array, style, |array, row| {
            array.as_binary::<i64>().value(row)
        }),
        DataType::BinaryView => cell(array, style, |array, row| array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => cell(array, style, |array, row| {
            array.as_fixed_size_binary().value(row)
        }),
        _ => None,
    }
}

impl<'a, F: Fn(&'a ArrayRef, usize) -> &'a [u8]> Cell for Bytes<'a, F> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        self.scratch.clear();
        STANDARD.encode_string((self.of)(self.array, row), &mut self.scratch);
        // No character of it has to be escaped; nothing is told from null by quotes.
        if self.style == Style::Csv && self.scratch.is_empty() {
            out.extend_from_slice(b"\"\"");
            return;
        }
        let text = self.scratch.as_bytes();
        append_quoted(self.style, out, |out| out.extend_from_slice(text));
    }
}

/// Maps, as objects. A key that is no text is the text of its value.
struct Maps<'a> {
    offsets: &'a [i32],
    keys: Column<'a>,
    values: Column<'a>,
    scratch: Vec<u8>,
}

/// A column of maps.
pub(super) fn maps<'a>(
    entries: &'a Field,
    array: &'a ArrayRef,
) -> Result<Box<dyn Cell + 'a>, ArrowError> {
    let map = array.as_map();
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(ArrowError::JsonError("a map without entries".to_owned()));
    };
    let [key, value] = fields.as_ref() else {
        return Err(ArrowError::JsonError("a map without values".to_owned()));
    };
    Ok(Box::new(Maps {
        offsets: map.value_offsets(),
        keys: Column::new(key, map.keys(), Style::Json)?,
        values: Column::new(value, map.values(), Style::Json)?,
        scratch: Vec::new(),
    }))
}

impl Cell for Maps<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        let offset = |index: usize| self.offsets.get(index).map_or(0, |offset| *offset as usize);
        let (start, end) = (offset(row), offset(row + 1));
        out.push(b'{');
        for index in start..end {
            if index > start {
                out.push(b',');
            }
            self.scratch.clear();
            self.keys.append(index, &mut self.scratch);
            if self.scratch.first() == Some(&b'"') {
                out.extend_from_slice(&self.scratch);
            } else {
                append_json_text(&self.scratch, out);
            }
            out.push(b':');
            self.values.append(index, out);
        }
        out.push(b'}');
    }
}

/// The values of a column as text: as they stand in JSON, but for the quotes around what is text there. Floats that
/// are no numbers have their names.
///
/// # Errors
/// Values of this type can't be written as text.
pub(crate) fn texts(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    let field = Arc::new(Field::new("", array.data_type().clone(), true));
    let style = if array.data_type().is_floating() {
        Style::Csv
    } else {
        Style::Json
    };
    let mut column = Column::new(&field, array, style)?;
    let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let mut scratch = Vec::new();
    for row in 0..array.len() {
        if column.is_null(row) {
            texts.append_null();
            continue;
        }
        scratch.clear();
        column.append(row, &mut scratch);
        if scratch.first() == Some(&b'"') {
            let text: String = serde_json::from_slice(&scratch)
                .map_err(|error| ArrowError::JsonError(error.to_string()))?;
            texts.append_value(text);
        } else {
            texts.append_value(String::from_utf8_lossy(&scratch));
        }
    }
    Ok(texts.finish())
}
