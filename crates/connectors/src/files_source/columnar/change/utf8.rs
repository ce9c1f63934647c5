//! Texts that a column is declared to have, and values that are none of them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::{cast, mismatch};

/// Bytes as the texts in UTF-8 that they are. Rows whose bytes are none are told; they have a null for the time being.
pub(in crate::files_source::columnar) fn texts_of_bytes(
    array: &ArrayRef,
    misfit: &mut dyn FnMut(usize),
) -> Result<ArrayRef, ArrowError> {
    let array = match array.data_type() {
        DataType::Dictionary(_, value) => cast(array, value)?,
        _ => Arc::clone(array),
    };
    let bytes = array
        .as_binary_opt::<i32>()
        .ok_or_else(|| mismatch(array.data_type()))?;
    // All of them at once, as nearly always.
    if let Ok(texts) = StringArray::try_from_binary(bytes.clone()) {
        return Ok(Arc::new(texts));
    }
    let mut texts = StringBuilder::new();
    for (row, value) in bytes.iter().enumerate() {
        match value.map(std::str::from_utf8) {
            None => texts.append_null(),
            Some(Ok(text)) => texts.append_value(text),
            Some(Err(_)) => {
                misfit(row);
                texts.append_null();
            }
        }
    }
    Ok(Arc::new(texts.finish()))
}

/// The texts with more than `most` characters, each with its row.
pub(in crate::files_source::columnar) fn longer_than(
    texts: &StringArray,
    most: usize,
) -> impl Iterator<Item = (usize, &str)> {
    texts.iter().enumerate().filter_map(move |(row, text)| {
        // Hardly any text has to be counted.
        let text = text.filter(|text| text.len() > most)?;
        (text.chars().count() > most).then_some((row, text))
    })
}
