//! From the values of a column to an array of its type.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, PrimitiveArray, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};

use super::Misfit;
use super::input::Texts;
use crate::hive::types::{Column, Kind};
use crate::hive::values::{date, decimal, timestamp};

/// The values of a column as they come: big-endian, or texts.
#[derive(Debug)]
pub(super) enum Values {
    Bools(Vec<u8>),
    Bytes(Vec<u8>),
    Shorts(Vec<u8>),
    Ints(Vec<u8>),
    Longs(Vec<u8>),
    Doubles(Vec<u8>),
    Texts(Texts),
    /// As many, which nobody wants.
    Passed(usize),
}

impl Values {
    /// How many there are.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Bools(bytes) | Self::Bytes(bytes) => bytes.len(),
            Self::Shorts(bytes) => bytes.len() / 2,
            Self::Ints(bytes) => bytes.len() / 4,
            Self::Longs(bytes) | Self::Doubles(bytes) => bytes.len() / 8,
            Self::Texts(texts) => texts.offsets.len().saturating_sub(1),
            Self::Passed(count) => *count,
        }
    }
}

/// The array. `nulls`: a bit for each row, the least of a byte first, set where there is no value; it may be shorter.
///
/// # Errors
/// The values are of another type than the column.
pub(super) fn make(
    place: usize,
    column: &Column,
    values: Values,
    nulls: &[u8],
    misfits: &mut Vec<Misfit>,
) -> Result<ArrayRef, String> {
    let rows = values.rows();
    let valid = valid(nulls, rows);
    Ok(match (column.kind, values) {
        (kind, Values::Passed(_)) => new_null_array(&kind.data_type(), rows),
        (Kind::Boolean, Values::Bools(bytes)) => {
            let bits = BooleanBuffer::from_iter(bytes.iter().map(|byte| *byte != 0));
            Arc::new(BooleanArray::new(bits, valid))
        }
        (Kind::TinyInt, Values::Bytes(bytes)) => {
            numbers::<Int8Type, 1>(&bytes, valid, i8::from_be_bytes)
        }
        (Kind::SmallInt, Values::Shorts(bytes)) => {
            numbers::<Int16Type, 2>(&bytes, valid, i16::from_be_bytes)
        }
        (Kind::Int, Values::Ints(bytes)) => {
            numbers::<Int32Type, 4>(&bytes, valid, i32::from_be_bytes)
        }
        (Kind::BigInt, Values::Longs(bytes)) => {
            numbers::<Int64Type, 8>(&bytes, valid, i64::from_be_bytes)
        }
        (Kind::Float, Values::Doubles(bytes)) => {
            numbers::<Float32Type, 8>(&bytes, valid, |bytes| f64::from_be_bytes(bytes) as f32)
        }
        (Kind::Double, Values::Doubles(bytes)) => {
            numbers::<Float64Type, 8>(&bytes, valid, f64::from_be_bytes)
        }
        (Kind::Text, Values::Texts(texts)) => {
            let (offsets, bytes) = parts(texts);
            let array = StringArray::try_new(offsets, bytes, valid);
            Arc::new(
                array.map_err(|_| format!("text in column `{}` that is not UTF-8", column.name))?,
            )
        }
        (Kind::Binary, Values::Texts(texts)) => {
            let (offsets, bytes) = parts(texts);
            let array = BinaryArray::try_new(offsets, bytes, valid);
            Arc::new(array.map_err(|error| error.to_string())?)
        }
        (kind, Values::Texts(texts)) => {
            let parsing = Parsing {
                texts: &texts,
                valid: valid.as_ref(),
                place,
                misfits,
            };
            parsing.parse(kind, column)?
        }
        _ => {
            return Err(format!(
                "values in column `{}` that are none of its type",
                column.name
            ));
        }
    })
}

fn parts(texts: Texts) -> (OffsetBuffer<i32>, Buffer) {
    // Lengths are never below 0, so that ends only grow.
    let offsets = OffsetBuffer::new(ScalarBuffer::from(texts.offsets));
    (offsets, Buffer::from_vec(texts.bytes))
}

fn valid(nulls: &[u8], rows: usize) -> Option<NullBuffer> {
    if nulls.iter().all(|byte| *byte == 0) {
        return None;
    }
    let is_null = |row: usize| {
        nulls
            .get(row / 8)
            .is_some_and(|byte| byte >> (row % 8) & 1 == 1)
    };
    let bits = BooleanBuffer::collect_bool(rows, |row| !is_null(row));
    Some(NullBuffer::new(bits))
}

fn numbers<T: ArrowPrimitiveType, const N: usize>(
    bytes: &[u8],
    valid: Option<NullBuffer>,
    read: impl Fn([u8; N]) -> T::Native,
) -> ArrayRef {
    let (pieces, _) = bytes.as_chunks::<N>();
    let values: Vec<T::Native> = pieces.iter().map(|piece| read(*piece)).collect();
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), valid))
}

/// Values that come as text and are something else.
struct Parsing<'a> {
    texts: &'a Texts,
    valid: Option<&'a NullBuffer>,
    place: usize,
    misfits: &'a mut Vec<Misfit>,
}

impl Parsing<'_> {
    fn parse(mut self, kind: Kind, column: &Column) -> Result<ArrayRef, String> {
        Ok(match kind {
            Kind::Date => Arc::new(Date32Array::from(self.each(date))),
            Kind::Timestamp => Arc::new(TimestampMicrosecondArray::from(self.each(timestamp))),
            Kind::Decimal(digits, behind) => {
                let values = self.each(|text| decimal(text, digits, behind));
                let array = Decimal128Array::from(values).with_precision_and_scale(digits, behind);
                Arc::new(array.map_err(|error| error.to_string())?)
            }
            _ => return Err(format!("text in column `{}` of another type", column.name)),
        })
    }

    fn each<T>(&mut self, parse: impl Fn(&[u8]) -> Option<T>) -> Vec<Option<T>> {
        let ends = self.texts.offsets.windows(2);
        let mut values = Vec::with_capacity(ends.len());
        for (row, ends) in ends.enumerate() {
            let text = match ends {
                [start, end] => self.texts.bytes.get(*start as usize..*end as usize),
                _ => None,
            };
            let text = text.filter(|_| self.valid.is_none_or(|valid| valid.is_valid(row)));
            let value = text.map(|text| parse(text).ok_or(text));
            values.push(match value {
                None => None,
                Some(Ok(value)) => Some(value),
                Some(Err(text)) => {
                    self.misfits.push(Misfit {
                        row,
                        column: self.place,
                        text: text.to_vec(),
                    });
                    None
                }
            });
        }
        values
    }
}
