//! The values of a column as the texts by which keys are compared.
//!
//! They are pinned: a change here would have every key that is remembered be another one. Numbers are decimal digits, so
//! that a key is the same whether its column is an Int, a BigInt or a String.

use std::fmt::Display;
use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMillisecondType,
};

/// A text for each row; `None`: the row has no value.
pub(super) enum Texts<'a> {
    Column(&'a StringArray),
    Made {
        bytes: Vec<u8>,
        /// Where the text of a row ends; it begins where the one before ends.
        ends: Vec<(usize, bool)>,
    },
}

impl Texts<'_> {
    /// No row yet, with room for `rows`.
    pub(super) fn with_room(rows: usize) -> Self {
        Self::Made {
            bytes: Vec::new(),
            ends: Vec::with_capacity(rows),
        }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, text: Option<&[u8]>) {
        if let Self::Made { bytes, ends } = self {
            bytes.extend_from_slice(text.unwrap_or_default());
            ends.push((bytes.len(), text.is_some()));
        }
    }

    /// Adds a row with a value that is written.
    fn push_written(&mut self, value: Option<impl Display>) {
        if let Self::Made { bytes, ends } = self {
            // Writing to memory does not fail.
            let written = value.and_then(|value| write!(bytes, "{value}").ok());
            ends.push((bytes.len(), written.is_some()));
        }
    }

    /// The text of a row.
    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Column(array) => {
                let is_there = row < array.len() && array.is_valid(row);
                is_there.then(|| array.value(row).as_bytes())
            }
            Self::Made { bytes, ends } => {
                let (end, is_there) = *ends.get(row)?;
                let before = row.checked_sub(1).and_then(|before| ends.get(before));
                let start = before.map_or(0, |(end, _)| *end);
                is_there.then(|| bytes.get(start..end).unwrap_or_default())
            }
        }
    }
}

/// Whether values of this type can be compared.
pub(super) fn is_comparable(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8
            | DataType::Boolean
            | DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Decimal128(_, _)
            | DataType::Date32
            | DataType::Timestamp(TimeUnit::Millisecond, _)
    )
}

/// The texts of a column; `None`: its type [can't be compared](is_comparable).
pub(super) fn of(array: &ArrayRef) -> Option<Texts<'_>> {
    let mut texts = Texts::with_room(array.len());
    match array.data_type() {
        DataType::Utf8 => return array.as_string_opt().map(Texts::Column),
        DataType::Boolean => {
            let values = array.as_boolean_opt()?;
            values.iter().for_each(|value| texts.push_written(value));
        }
        DataType::Int8 => numbers::<Int8Type>(array, &mut texts)?,
        DataType::Int16 => numbers::<Int16Type>(array, &mut texts)?,
        DataType::Int32 => numbers::<Int32Type>(array, &mut texts)?,
        DataType::Int64 => numbers::<Int64Type>(array, &mut texts)?,
        // Days, milliseconds, and the digits without the point: as they lie there.
        DataType::Date32 => numbers::<Date32Type>(array, &mut texts)?,
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers::<TimestampMillisecondType>(array, &mut texts)?;
        }
        DataType::Decimal128(_, _) => numbers::<Decimal128Type>(array, &mut texts)?,
        // 0 and -0 are equal, and so are a number that is none and itself.
        DataType::Float32 => {
            let values = array.as_primitive_opt::<Float32Type>()?.iter();
            values.for_each(|value| texts.push_written(value.map(|value| value + 0.0)));
        }
        DataType::Float64 => {
            let values = array.as_primitive_opt::<Float64Type>()?.iter();
            values.for_each(|value| texts.push_written(value.map(|value| value + 0.0)));
        }
        _ => return None,
    }
    Some(texts)
}

fn numbers<T>(array: &ArrayRef, texts: &mut Texts<'_>) -> Option<()>
where
    T: arrow::datatypes::ArrowPrimitiveType,
    T::Native: Display,
{
    let values = array.as_primitive_opt::<T>()?.iter();
    values.for_each(|value| texts.push_written(value));
    Some(())
}
