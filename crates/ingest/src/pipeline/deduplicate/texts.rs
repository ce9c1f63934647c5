//! The values of a column as the texts by which keys are compared.
//!
//! They are pinned: a change here would have every key that is remembered be another one. Numbers are decimal digits, so
//! that a key is the same whether its column is an Int, a BigInt or a String, and times are milliseconds, of whatever
//! precision their column is.

use std::fmt::{self, Display};
use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Decimal256Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
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
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::UInt64
            | DataType::Float32
            | DataType::Float64
            | DataType::Decimal128(_, _)
            | DataType::Decimal256(_, _)
            | DataType::Date32
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Timestamp(_, _)
            | DataType::Binary
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
        DataType::UInt8 => numbers::<UInt8Type>(array, &mut texts)?,
        DataType::UInt16 => numbers::<UInt16Type>(array, &mut texts)?,
        DataType::UInt32 => numbers::<UInt32Type>(array, &mut texts)?,
        DataType::UInt64 => numbers::<UInt64Type>(array, &mut texts)?,
        // Days, and the digits without the point: as they lie there.
        DataType::Date32 => numbers::<Date32Type>(array, &mut texts)?,
        DataType::Decimal128(_, _) => numbers::<Decimal128Type>(array, &mut texts)?,
        DataType::Decimal256(_, _) => numbers::<Decimal256Type>(array, &mut texts)?,
        DataType::Time32(_) | DataType::Time64(_) | DataType::Timestamp(_, _) => {
            times(array, &mut texts)?;
        }
        DataType::Binary => {
            let values = array.as_binary_opt::<i32>()?.iter();
            values.for_each(|value| texts.push(value));
        }
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
    T: ArrowPrimitiveType,
    T::Native: Display,
{
    let values = array.as_primitive_opt::<T>()?.iter();
    values.for_each(|value| texts.push_written(value));
    Some(())
}

/// The texts of times, since 1970 or of a day.
fn times(array: &ArrayRef, texts: &mut Texts<'_>) -> Option<()> {
    const SECOND: i128 = 1_000_000_000;
    match array.data_type() {
        DataType::Time32(TimeUnit::Second) => of_unit::<Time32SecondType>(array, SECOND, texts),
        DataType::Time32(_) => numbers::<Time32MillisecondType>(array, texts),
        DataType::Time64(TimeUnit::Microsecond) => {
            of_unit::<Time64MicrosecondType>(array, 1_000, texts)
        }
        DataType::Time64(_) => of_unit::<Time64NanosecondType>(array, 1, texts),
        DataType::Timestamp(TimeUnit::Second, _) => {
            of_unit::<TimestampSecondType>(array, SECOND, texts)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers::<TimestampMillisecondType>(array, texts)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            of_unit::<TimestampMicrosecondType>(array, 1_000, texts)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            of_unit::<TimestampNanosecondType>(array, 1, texts)
        }
        _ => None,
    }
}

/// The texts of times in a unit of so many nanoseconds.
fn of_unit<T>(array: &ArrayRef, nanoseconds: i128, texts: &mut Texts<'_>) -> Option<()>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i128>,
{
    let values = array.as_primitive_opt::<T>()?.iter();
    values.for_each(|value| {
        let time = value.map(|value| {
            let value: i128 = value.into();
            Nanoseconds(value * nanoseconds)
        });
        texts.push_written(time);
    });
    Some(())
}

/// Shown as milliseconds, with a fraction where there is one: `-1`, `1.5`.
struct Nanoseconds(i128);

impl Display for Nanoseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MILLISECOND: u128 = 1_000_000;
        let all = self.0.unsigned_abs();
        let (whole, fraction) = (all / MILLISECOND, all % MILLISECOND);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        write!(f, "{whole}")?;
        if fraction > 0 {
            let digits = format!("{fraction:06}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}
