//! The values of a column by its type, and the streams that they become.

use arrow::array::{Array, ArrayRef, AsArray, GenericByteArray};
use arrow::datatypes::{ArrowPrimitiveType, ByteArrayType, DataType, FieldRef, TimeUnit};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use orc_rust::proto::column_encoding::Kind as Encoding;
use orc_rust::proto::stream::Kind;

use super::super::bytes::{Bits, Bytes};
use super::super::index::Mark;
use super::super::integers::{Integers, varint, zigzag};
use super::super::statistics::Bounds;
use super::super::times::{millis, parts};
use super::Column;

/// The values of a column by its type. There is none for a null, neither of its own nor of what it is a part of.
pub(super) enum Values {
    Booleans(Bits),
    Bytes(Bytes),
    Numbers(Integers),
    Floats(Vec<u8>),
    Texts {
        data: Vec<u8>,
        lengths: Integers,
    },
    Times {
        seconds: Integers,
        behind: Integers,
    },
    Decimals {
        data: Vec<u8>,
        scales: Integers,
    },
    Struct(Vec<Column>),
    /// A list has one part, a map two.
    Many {
        lengths: Integers,
        parts: Vec<Column>,
    },
}

impl Values {
    /// Of a type that is [`stored`](super::super::types::stored).
    pub(super) fn new(data_type: &DataType) -> Self {
        let part = |field: &FieldRef| Column::new(field.data_type());
        match data_type {
            DataType::Boolean => Self::Booleans(Bits::default()),
            DataType::Int8 => Self::Bytes(Bytes::default()),
            DataType::Float32 | DataType::Float64 => Self::Floats(Vec::new()),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => {
                Self::Texts {
                    data: Vec::new(),
                    lengths: Integers::unsigned(),
                }
            }
            DataType::Timestamp(..) => Self::Times {
                seconds: Integers::signed(),
                behind: Integers::unsigned(),
            },
            DataType::Decimal128(..) => Self::Decimals {
                data: Vec::new(),
                scales: Integers::signed(),
            },
            DataType::Struct(fields) => Self::Struct(fields.iter().map(part).collect()),
            DataType::List(item) => Self::Many {
                lengths: Integers::unsigned(),
                parts: vec![part(item)],
            },
            DataType::Map(entries, _) => {
                let parts = match entries.data_type() {
                    DataType::Struct(both) => both.iter().map(part).collect(),
                    _ => Vec::new(),
                };
                Self::Many {
                    lengths: Integers::unsigned(),
                    parts,
                }
            }
            _ => Self::Numbers(Integers::signed()),
        }
    }

    /// How they are encoded.
    pub(super) fn encoding(&self) -> Encoding {
        match self {
            Self::Booleans(_) | Self::Bytes(_) | Self::Floats(_) | Self::Struct(_) => {
                Encoding::Direct
            }
            _ => Encoding::DirectV2,
        }
    }

    /// The bytes that wait for the end of the stripe.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Booleans(bits) => bits.size(),
            Self::Bytes(bytes) => bytes.size(),
            Self::Numbers(numbers) => numbers.size(),
            Self::Floats(data) => data.len(),
            Self::Texts { data, lengths } => data.len() + lengths.size(),
            Self::Times { seconds, behind } => seconds.size() + behind.size(),
            Self::Decimals { data, scales } => data.len() + scales.size(),
            Self::Struct(parts) => parts.iter().map(Column::size).sum(),
            Self::Many { lengths, parts } => {
                lengths.size() + parts.iter().map(Column::size).sum::<usize>()
            }
        }
    }

    /// A group of rows begins here: where that is in each stream of the column's own, in their order.
    pub(super) fn begin_group(&mut self) -> Vec<Mark> {
        match self {
            Self::Booleans(bits) => vec![bits.mark()],
            Self::Bytes(bytes) => vec![bytes.mark()],
            Self::Numbers(numbers) => vec![numbers.mark()],
            Self::Floats(data) => vec![Mark::Plain(data.len())],
            Self::Texts { data, lengths } => vec![Mark::Plain(data.len()), lengths.mark()],
            Self::Times { seconds, behind } => vec![seconds.mark(), behind.mark()],
            Self::Decimals { data, scales } => vec![Mark::Plain(data.len()), scales.mark()],
            Self::Struct(parts) => {
                parts.iter_mut().for_each(Column::begin_group);
                Vec::new()
            }
            Self::Many { lengths, parts } => {
                parts.iter_mut().for_each(Column::begin_group);
                vec![lengths.mark()]
            }
        }
    }

    /// Ends the streams of the column's own, in the order of their marks.
    pub(super) fn take(&mut self) -> Vec<(Kind, Vec<u8>)> {
        match self {
            Self::Booleans(bits) => vec![(Kind::Data, bits.take())],
            Self::Bytes(bytes) => vec![(Kind::Data, bytes.take())],
            Self::Numbers(numbers) => vec![(Kind::Data, numbers.take())],
            Self::Floats(data) => vec![(Kind::Data, std::mem::take(data))],
            Self::Texts { data, lengths } => vec![
                (Kind::Data, std::mem::take(data)),
                (Kind::Length, lengths.take()),
            ],
            Self::Times { seconds, behind } => vec![
                (Kind::Data, seconds.take()),
                (Kind::Secondary, behind.take()),
            ],
            Self::Decimals { data, scales } => vec![
                (Kind::Data, std::mem::take(data)),
                (Kind::Secondary, scales.take()),
            ],
            Self::Struct(_) => Vec::new(),
            Self::Many { lengths, .. } => vec![(Kind::Length, lengths.take())],
        }
    }

    /// The columns that this one is made of.
    pub(super) fn parts(&mut self) -> &mut [Column] {
        match self {
            Self::Struct(parts) | Self::Many { parts, .. } => parts,
            _ => &mut [],
        }
    }

    /// Appends values, and says between which they lie.
    ///
    /// # Errors
    /// A value is none of ORC's.
    pub(super) fn push(&mut self, array: &ArrayRef) -> Result<Bounds, String> {
        match self {
            Self::Booleans(bits) => {
                let values = array.as_boolean().values();
                values.iter().for_each(|value| bits.push(value));
                return Ok(Bounds::True(values.count_set_bits() as u64));
            }
            Self::Bytes(bytes) => {
                let values = array.as_primitive::<Int8Type>().values();
                values.iter().for_each(|value| bytes.push(*value as u8));
                return Ok(whole(values.iter().map(|value| i64::from(*value))));
            }
            Self::Numbers(numbers) => return Ok(push_numbers(numbers, array)),
            Self::Floats(data) => return Ok(push_floats(data, array)),
            Self::Texts { data, lengths } => return Ok(push_any_texts(data, lengths, array)),
            Self::Times { seconds, behind } => return push_times(seconds, behind, array),
            Self::Decimals { data, scales } => return Ok(push_decimals(data, scales, array)),
            Self::Struct(parts) => {
                let columns = array.as_struct().columns();
                for (part, column) in parts.iter_mut().zip(columns) {
                    part.push(column)?;
                }
            }
            Self::Many { lengths, parts } => push_many(lengths, parts, array)?,
        }
        Ok(Bounds::Unknown)
    }
}

/// The bounds of whole numbers.
fn whole(mut values: impl Iterator<Item = i64> + Clone) -> Bounds {
    let both = values.clone().min().zip(values.clone().max());
    let sum = values.try_fold(0_i64, i64::checked_add);
    both.map_or(Bounds::Nothing, |(least, most)| {
        Bounds::Whole(least, most, sum)
    })
}

fn push_numbers(numbers: &mut Integers, array: &ArrayRef) -> Bounds {
    fn all<T: ArrowPrimitiveType<Native: Into<i64>>>(
        numbers: &mut Integers,
        array: &ArrayRef,
    ) -> Bounds {
        let values = array.as_primitive::<T>().values().iter();
        let values = values.map(|value| (*value).into());
        values.clone().for_each(|value| numbers.push(value));
        whole(values)
    }
    match array.data_type() {
        DataType::Int16 => all::<Int16Type>(numbers, array),
        DataType::Int32 => all::<Int32Type>(numbers, array),
        DataType::Int64 => all::<Int64Type>(numbers, array),
        _ => {
            all::<Date32Type>(numbers, array);
            let days = array.as_primitive::<Date32Type>().values().iter();
            let both = days.clone().min().zip(days.max());
            both.map_or(Bounds::Nothing, |(least, most)| Bounds::Days(*least, *most))
        }
    }
}

fn push_floats(data: &mut Vec<u8>, array: &ArrayRef) -> Bounds {
    if let Some(values) = array.as_primitive_opt::<Float32Type>() {
        let values = values.values().iter();
        values
            .clone()
            .for_each(|value| data.extend(value.to_le_bytes()));
        return Bounds::of_reals(values.map(|value| f64::from(*value)));
    }
    let values = array.as_primitive::<Float64Type>().values().iter();
    values
        .clone()
        .for_each(|value| data.extend(value.to_le_bytes()));
    Bounds::of_reals(values.copied())
}

fn push_any_texts(data: &mut Vec<u8>, lengths: &mut Integers, array: &ArrayRef) -> Bounds {
    match array.data_type() {
        DataType::Utf8 => push_texts(data, lengths, array.as_string::<i32>()),
        DataType::LargeUtf8 => push_texts(data, lengths, array.as_string::<i64>()),
        DataType::LargeBinary => {
            push_texts(data, lengths, array.as_binary::<i64>());
            Bounds::Unknown
        }
        _ => {
            push_texts(data, lengths, array.as_binary::<i32>());
            Bounds::Unknown
        }
    }
}

fn push_texts<T: ByteArrayType>(
    data: &mut Vec<u8>,
    lengths: &mut Integers,
    array: &GenericByteArray<T>,
) -> Bounds {
    let text = |row| -> &[u8] { array.value(row).as_ref() };
    let texts = || (0..array.len()).map(text);
    let before = data.len();
    for text in texts() {
        data.extend_from_slice(text);
        lengths.push(text.len() as i64);
    }
    match texts().min().zip(texts().max()) {
        Some((least, most)) => Bounds::of_texts(least, most, data.len() - before),
        None => Bounds::Nothing,
    }
}

fn push_decimals(data: &mut Vec<u8>, scales: &mut Integers, array: &ArrayRef) -> Bounds {
    let array = array.as_primitive::<Decimal128Type>();
    let scale = array.scale();
    for value in array.values() {
        varint(zigzag(*value), data);
        scales.push(i64::from(scale));
    }
    let values = array.values().iter();
    let both = values.clone().min().zip(values.max());
    both.map_or(Bounds::Nothing, |(least, most)| {
        Bounds::Decimals(*least, *most, scale)
    })
}

fn push_times(
    seconds: &mut Integers,
    behind: &mut Integers,
    array: &ArrayRef,
) -> Result<Bounds, String> {
    let (values, unit) = match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => (
            array.as_primitive::<TimestampSecondType>().values(),
            TimeUnit::Second,
        ),
        DataType::Timestamp(TimeUnit::Millisecond, _) => (
            array.as_primitive::<TimestampMillisecondType>().values(),
            TimeUnit::Millisecond,
        ),
        DataType::Timestamp(TimeUnit::Microsecond, _) => (
            array.as_primitive::<TimestampMicrosecondType>().values(),
            TimeUnit::Microsecond,
        ),
        _ => (
            array.as_primitive::<TimestampNanosecondType>().values(),
            TimeUnit::Nanosecond,
        ),
    };
    for value in values {
        let (second, part) = parts(*value, unit).map_err(|why| why.to_string())?;
        seconds.push(second);
        behind.push(part);
    }
    let both = values.iter().min().zip(values.iter().max());
    Ok(both.map_or(Bounds::Nothing, |(least, most)| {
        let both = millis(*least, unit).zip(millis(*most, unit));
        both.map_or(Bounds::Unknown, |(least, most)| Bounds::Times(least, most))
    }))
}

/// Lists and maps: how many entries each has, and the entries.
fn push_many(lengths: &mut Integers, parts: &mut [Column], array: &ArrayRef) -> Result<(), String> {
    let (offsets, entries) = match array.as_map_opt() {
        Some(map) => (map.offsets(), map.entries().columns().to_vec()),
        None => {
            let list = array.as_list::<i32>();
            (list.offsets(), vec![list.values().clone()])
        }
    };
    offsets
        .lengths()
        .for_each(|length| lengths.push(length as i64));
    let from = offsets
        .first()
        .map_or(0, |from| from.unsigned_abs() as usize);
    let to = offsets.last().map_or(0, |to| to.unsigned_abs() as usize);
    for (part, entries) in parts.iter_mut().zip(entries) {
        part.push(&entries.slice(from, to - from))?;
    }
    Ok(())
}
