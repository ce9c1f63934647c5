//! How values of a file become those of the column that is read: widened, without a zone, or as text.
//!
//! Whatever widens keeps every value. What would lose one is refused before anything is read, but for digits of a time
//! behind those that the column has, and for decimals where the schema asks for the CSP operator's `Decimal`, which is a Double.

mod cut;
mod doubles;
pub(super) mod utf8;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, make_array, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};
use arrow::error::ArrowError;

use crate::formats::texts;
use millstream_core::columns::INEXACT_DECIMAL;
use millstream_core::type_names::type_in_words;

/// The key, in the metadata of a column of bytes, that says that its file does not say what they are: older writers leave it out
/// where they are text.
const UNSAID: &str = "millstream.bytes-unsaid";

/// A column of bytes of which its file does not say what they are.
pub(super) fn unsaid(field: &Field) -> Field {
    let mut metadata: HashMap<String, String> = field.metadata().clone();
    metadata.insert(UNSAID.to_owned(), String::new());
    field.clone().with_metadata(metadata)
}

/// What is done with the values of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// Nothing.
    Keep,
    /// They are made those of a type that holds all of them.
    Cast,
    /// The same numbers are called otherwise: an instant is told by its time in UTC.
    Rename,
    /// A time loses its last digits: numbers of this many are one.
    Cut(i64),
    /// They become text.
    Text,
    /// Bytes are the text that they are in UTF-8.
    Utf8,
    /// Decimals become the Doubles next to them.
    Double,
    /// Each field by itself; `None`: there is none, and it is null.
    Struct(Vec<Option<(usize, Self)>>),
    /// Each item.
    List(Box<Self>),
    /// Keys and values.
    Map(Box<Self>),
}

/// The type as which a column of a file is read where no schema says otherwise. `None`: it isn't read.
pub(super) fn usual(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Timestamp(unit, _) => DataType::Timestamp(*unit, None),
        DataType::Null | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(digits, behind) | DataType::Decimal64(digits, behind) => {
            DataType::Decimal128(*digits, *behind)
        }
        DataType::Dictionary(_, value) => usual(value)?,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            DataType::List(Arc::new(Field::new("item", usual(item.data_type())?, true)))
        }
        DataType::Struct(fields) => DataType::Struct(usual_fields(fields)?),
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return None;
            };
            let [key, value] = fields.as_ref() else {
                return None;
            };
            let fields = [
                Field::new("key", usual(key.data_type())?, false),
                Field::new("value", usual(value.data_type())?, true),
            ];
            let entries = DataType::Struct(Fields::from(fields.to_vec()));
            DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
        }
        DataType::Boolean
        | DataType::Utf8
        | DataType::Binary
        | DataType::Date32
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => data_type.clone(),
        number if number.is_integer() || number.is_floating() => number.clone(),
        _ => return None,
    })
}

fn usual_fields(fields: &Fields) -> Option<Fields> {
    let fields = fields
        .iter()
        .map(|field| Some(Field::new(field.name(), usual(field.data_type())?, true)));
    fields.collect()
}

impl Change {
    /// The same as [`of`](Self::of) for a column of a file and one of the source, of which more may be said than their types.
    pub(super) fn of_column(from: &Field, to: &Field) -> Option<Self> {
        let plain = match from.data_type() {
            DataType::Dictionary(_, value) => value.as_ref(),
            plain => plain,
        };
        let is_inexact = || to.metadata().contains_key(INEXACT_DECIMAL);
        match (plain, to.data_type()) {
            (DataType::Binary, DataType::Utf8) if from.metadata().contains_key(UNSAID) => {
                Some(Self::Utf8)
            }
            (decimal, DataType::Float64) if decimal.is_decimal() && is_inexact() => {
                Some(Self::Double)
            }
            _ => Self::of(from.data_type(), to.data_type()),
        }
    }

    /// What makes values of `from` those of `to`; `None`: some could not be.
    pub(super) fn of(from: &DataType, to: &DataType) -> Option<Self> {
        if from == to {
            return Some(Self::Keep);
        }
        match (from, to) {
            (DataType::Null, _) => Some(Self::Cast),
            (DataType::Dictionary(_, value), _) => Self::of(value, to).map(|change| match change {
                Self::Keep => Self::Cast,
                change => change,
            }),
            (DataType::LargeUtf8 | DataType::Utf8View, DataType::Utf8) => Some(Self::Cast),
            (
                DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_),
                DataType::Binary,
            ) => Some(Self::Cast),
            (_, DataType::Utf8) => usual(from).map(|_| Self::Text),
            (DataType::Timestamp(then, _), DataType::Timestamp(now, None)) => {
                Some(of_times(*then, *now))
            }
            (DataType::Date32, DataType::Timestamp(_, None)) => Some(Self::Cast),
            (DataType::Struct(from), DataType::Struct(to)) => {
                let field = |field: &FieldRef| match place_of(from, field.name()) {
                    None => Some(None),
                    Some(place) => {
                        let change = Self::of(from.get(place)?.data_type(), field.data_type())?;
                        Some(Some((place, change)))
                    }
                };
                to.iter()
                    .map(field)
                    .collect::<Option<_>>()
                    .map(Self::Struct)
            }
            (
                DataType::List(from) | DataType::LargeList(from) | DataType::FixedSizeList(from, _),
                DataType::List(to),
            ) => {
                let item = Self::of(from.data_type(), to.data_type())?;
                Some(Self::List(Box::new(item)))
            }
            (DataType::Map(from, _), DataType::Map(to, _)) => {
                let (DataType::Struct(from), DataType::Struct(to)) =
                    (from.data_type(), to.data_type())
                else {
                    return None;
                };
                let pairs = from.iter().zip(to).enumerate();
                let pair = |(place, (from, to)): (usize, (&FieldRef, &FieldRef))| {
                    let change = Self::of(from.data_type(), to.data_type())?;
                    Some(Some((place, change)))
                };
                let entries = pairs.map(pair).collect::<Option<_>>()?;
                Some(Self::Map(Box::new(Self::Struct(entries))))
            }
            _ => widens(from, to).then_some(Self::Cast),
        }
    }

    /// Whether the values are in the order in which they were.
    pub(super) fn keeps_order(&self) -> bool {
        matches!(
            self,
            Self::Keep | Self::Cast | Self::Rename | Self::Cut(_) | Self::Double
        )
    }

    /// Does it with `array`, which becomes one of the type `to`.
    pub(super) fn apply(&self, array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Keep => Ok(Arc::clone(array)),
            Self::Cast => cast(array, to),
            Self::Rename => {
                let data = array.to_data().into_builder().data_type(to.clone());
                Ok(make_array(data.build()?))
            }
            Self::Cut(many) => cut::cut(array, to, *many),
            Self::Text => {
                let theirs = array.data_type();
                let plain = usual(theirs).ok_or_else(|| mismatch(theirs))?;
                let change = Self::of(theirs, &plain).ok_or_else(|| mismatch(theirs))?;
                Ok(Arc::new(texts(&change.apply(array, &plain)?)?))
            }
            Self::Utf8 => {
                let mut is_text = true;
                let texts = utf8::texts_of_bytes(array, &mut |_| is_text = false)?;
                match is_text {
                    true => Ok(texts),
                    false => Err(ArrowError::CastError("bytes that are not UTF-8".to_owned())),
                }
            }
            Self::Double => doubles::next_to(array),
            Self::Struct(fields) => {
                let DataType::Struct(to) = to else {
                    return Err(mismatch(to));
                };
                apply_struct(fields, array.as_struct_opt(), to)
            }
            Self::List(item) => apply_list(item, array, to),
            Self::Map(entries) => apply_map(entries, array, to),
        }
    }
}

/// The place of the field of this name; where there is none, of the only one that is the same but for capitals.
pub(super) fn place_of(fields: &Fields, name: &str) -> Option<usize> {
    if let Some((place, _)) = fields.find(name) {
        return Some(place);
    }
    let lower = name.to_lowercase();
    let mut same = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.name().to_lowercase() == lower);
    let first = same.next().map(|(place, _)| place);
    first.filter(|_| same.next().is_none())
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

fn of_times(then: TimeUnit, now: TimeUnit) -> Change {
    let (then, now) = (per_second(then), per_second(now));
    match then.cmp(&now) {
        std::cmp::Ordering::Equal => Change::Rename,
        std::cmp::Ordering::Less => Change::Cast,
        std::cmp::Ordering::Greater => Change::Cut(then / now),
    }
}

/// Whether every number of the type `from` is one of `to`.
fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{Decimal32, Decimal64, Decimal128, Decimal256, Float16, Float32, Float64};
    match (from, to) {
        (
            Decimal32(digits, behind)
            | Decimal64(digits, behind)
            | Decimal128(digits, behind)
            | Decimal256(digits, behind),
            Decimal128(more, more_behind) | Decimal256(more, more_behind),
        ) => {
            let before = i16::from(*digits) - i16::from(*behind);
            more_behind >= behind && i16::from(*more) - i16::from(*more_behind) >= before
        }
        (whole, Decimal128(digits, behind) | Decimal256(digits, behind)) if whole.is_integer() => {
            i16::from(*digits) - i16::from(*behind) >= digits_of(whole)
        }
        (Float16, Float32 | Float64) | (Float32, Float64) => true,
        (whole, Float32) if whole.is_integer() => bits(whole) <= 16,
        (whole, Float64) if whole.is_integer() => bits(whole) <= 32,
        (from, to) if from.is_integer() && to.is_integer() => {
            match (from.is_signed_integer(), to.is_signed_integer()) {
                (true, false) => false,
                (false, true) => bits(from) < bits(to),
                _ => bits(from) < bits(to),
            }
        }
        _ => false,
    }
}

fn bits(whole: &DataType) -> usize {
    whole.primitive_width().unwrap_or(8) * 8
}

/// The most decimal digits that a number of the type has.
fn digits_of(whole: &DataType) -> i16 {
    match bits(whole) {
        8 => 3,
        16 => 5,
        32 => 10,
        _ if whole.is_signed_integer() => 19,
        _ => 20,
    }
}

/// Makes values of another type of them; one that does not fit is an error.
pub(super) fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, to, &options)
}

fn apply_struct(
    fields: &[Option<(usize, Change)>],
    array: Option<&StructArray>,
    to: &Fields,
) -> Result<ArrayRef, ArrowError> {
    let array = array.ok_or_else(|| mismatch(&DataType::Struct(to.clone())))?;
    let columns = fields.iter().zip(to).map(|(field, to)| match field {
        None => Ok(new_null_array(to.data_type(), array.len())),
        Some((place, change)) => {
            let column = array.columns().get(*place);
            let column = column.ok_or_else(|| mismatch(to.data_type()))?;
            change.apply(column, to.data_type())
        }
    });
    let columns = columns.collect::<Result<_, _>>()?;
    let nulls = array.nulls().cloned();
    let made = StructArray::try_new_with_length(to.clone(), columns, nulls, array.len())?;
    Ok(Arc::new(made))
}

fn apply_list(item: &Change, array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let DataType::List(field) = to else {
        return Err(mismatch(to));
    };
    // Lists of other lengths of offsets first, which are the same but for them.
    let array = match array.data_type() {
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            cast(array, &DataType::List(Arc::clone(item)))?
        }
        _ => Arc::clone(array),
    };
    let list = array.as_list_opt::<i32>().ok_or_else(|| mismatch(to))?;
    let values = item.apply(list.values(), field.data_type())?;
    let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
    let made = ListArray::try_new(Arc::clone(field), offsets, values, nulls)?;
    Ok(Arc::new(made))
}

fn apply_map(entries: &Change, array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let (DataType::Map(field, ordered), Some(map)) = (to, array.as_map_opt()) else {
        return Err(mismatch(to));
    };
    let made: ArrayRef = Arc::new(map.entries().clone());
    let made = entries.apply(&made, field.data_type())?;
    let made = made.as_struct_opt().ok_or_else(|| mismatch(to))?.clone();
    let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
    let map = MapArray::try_new(Arc::clone(field), offsets, made, nulls, *ordered)?;
    Ok(Arc::new(map))
}

fn mismatch(data_type: &DataType) -> ArrowError {
    let kind = type_in_words(data_type);
    ArrowError::CastError(format!("a column is not read as {kind}"))
}

#[cfg(test)]
mod tests;
