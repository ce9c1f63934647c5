//! The columns of a stripe, and the streams that they become.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, GenericByteArray};
use arrow::compute::filter;
use arrow::datatypes::{ArrowPrimitiveType, ByteArrayType, DataType, FieldRef, TimeUnit};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use orc_rust::proto::column_encoding::Kind as Encoding;
use orc_rust::proto::stream::Kind;

use super::bytes::{Bits, Bytes};
use super::integers::{Integers, varint, zigzag};
use super::statistics::{Bounds, Statistics};
use super::times::parts;

/// The bytes of one part of a column.
pub(super) struct Stream {
    pub(super) kind: Kind,
    /// The number of the column.
    pub(super) column: u32,
    pub(super) bytes: Vec<u8>,
}

/// What the columns of a stripe have become, in the order of their numbers.
pub(super) struct Finished {
    pub(super) streams: Vec<Stream>,
    pub(super) encodings: Vec<Encoding>,
    pub(super) statistics: Vec<Statistics>,
}

impl Finished {
    /// A stripe of so many rows: the struct of all columns is the first one, and has no streams.
    pub(super) fn of_rows(rows: u64) -> Self {
        Self {
            streams: Vec::new(),
            encodings: vec![Encoding::Direct],
            statistics: vec![Statistics {
                values: rows,
                ..Statistics::default()
            }],
        }
    }
}

/// A column of a stripe: which of its rows have a value, and the values.
pub(super) struct Column {
    /// Which rows have a value; where all do there is no such stream.
    present: Option<Bits>,
    values: Values,
    statistics: Statistics,
}

/// The values of a column by its type. There is none for a null, neither of its own nor of what it is a part of.
enum Values {
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

impl Column {
    /// A column of a type that is [`stored`](super::types::stored).
    pub(super) fn new(data_type: &DataType) -> Self {
        Self {
            present: None,
            values: Values::new(data_type),
            statistics: Statistics::default(),
        }
    }

    /// Appends the rows of an array.
    ///
    /// # Errors
    /// A value is none of ORC's.
    pub(super) fn push(&mut self, array: &ArrayRef) -> Result<(), String> {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let Some(nulls) = nulls else {
            if let Some(present) = &mut self.present {
                (0..array.len()).for_each(|_| present.push(true));
            }
            return self.push_values(array);
        };
        let before = self.statistics.values;
        let present = self.present.get_or_insert_with(|| {
            let mut present = Bits::default();
            (0..before).for_each(|_| present.push(true));
            present
        });
        nulls.iter().for_each(|valid| present.push(valid));
        self.statistics.has_null = true;
        let valid = BooleanArray::new(nulls.inner().clone(), None);
        let values = filter(array, &valid).map_err(|error| error.to_string())?;
        self.push_values(&values)
    }

    /// Appends values without a null among them.
    fn push_values(&mut self, array: &ArrayRef) -> Result<(), String> {
        self.statistics.values += array.len() as u64;
        let bounds = self.values.push(array)?;
        self.statistics.bounds.add(bounds);
        Ok(())
    }

    /// The bytes that wait for the end of the stripe.
    pub(super) fn size(&self) -> usize {
        self.present.as_ref().map_or(0, Bits::size) + self.values.size()
    }

    /// Ends the stripe; the next row begins another one.
    pub(super) fn finish(&mut self, finished: &mut Finished) {
        let column = finished.encodings.len() as u32;
        finished.encodings.push(self.values.encoding());
        finished
            .statistics
            .push(std::mem::take(&mut self.statistics));
        let mut stream = |kind, bytes| {
            finished.streams.push(Stream {
                kind,
                column,
                bytes,
            });
        };
        if let Some(mut present) = self.present.take() {
            stream(Kind::Present, present.take());
        }
        match &mut self.values {
            Values::Booleans(bits) => stream(Kind::Data, bits.take()),
            Values::Bytes(bytes) => stream(Kind::Data, bytes.take()),
            Values::Numbers(numbers) => stream(Kind::Data, numbers.take()),
            Values::Floats(data) => stream(Kind::Data, std::mem::take(data)),
            Values::Texts { data, lengths } => {
                stream(Kind::Data, std::mem::take(data));
                stream(Kind::Length, lengths.take());
            }
            Values::Times { seconds, behind } => {
                stream(Kind::Data, seconds.take());
                stream(Kind::Secondary, behind.take());
            }
            Values::Decimals { data, scales } => {
                stream(Kind::Data, std::mem::take(data));
                stream(Kind::Secondary, scales.take());
            }
            Values::Struct(parts) => parts.iter_mut().for_each(|part| part.finish(finished)),
            Values::Many { lengths, parts } => {
                stream(Kind::Length, lengths.take());
                parts.iter_mut().for_each(|part| part.finish(finished));
            }
        }
    }
}

impl Values {
    fn new(data_type: &DataType) -> Self {
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

    fn encoding(&self) -> Encoding {
        match self {
            Self::Booleans(_) | Self::Bytes(_) | Self::Floats(_) | Self::Struct(_) => {
                Encoding::Direct
            }
            _ => Encoding::DirectV2,
        }
    }

    fn size(&self) -> usize {
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

    /// Appends values, and says between which they lie.
    fn push(&mut self, array: &ArrayRef) -> Result<Bounds, String> {
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
            Self::Times { seconds, behind } => push_times(seconds, behind, array)?,
            Self::Decimals { data, scales } => {
                let values = array.as_primitive::<Decimal128Type>();
                let scale = i64::from(values.scale());
                for value in values.values() {
                    varint(zigzag(*value), data);
                    scales.push(scale);
                }
            }
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

fn push_times(
    seconds: &mut Integers,
    behind: &mut Integers,
    array: &ArrayRef,
) -> Result<(), String> {
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
    Ok(())
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
