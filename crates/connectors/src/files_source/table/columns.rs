//! Columns that grow field by field.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, Decimal128Array, PrimitiveArray,
    StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit,
};
use arrow::error::ArrowError;
use millstream_core::columns::MAX_CHARACTERS;

use super::fields::{Field, FieldTable};
use super::values::{Date, Micros, Millis, Parse, decimal, trimmed};

/// The types of columns, by what parses them.
pub(crate) enum Column {
    Text(TextColumn),
    /// Bytes that need be no text.
    Bytes(BytesColumn),
    Boolean(ValueColumn<bool>),
    Int8(ValueColumn<i8>),
    Int16(ValueColumn<i16>),
    Int32(ValueColumn<i32>),
    Int64(ValueColumn<i64>),
    Float32(ValueColumn<f32>),
    Float64(ValueColumn<f64>),
    Date(ValueColumn<Date>),
    Millis(ValueColumn<Millis>),
    Micros(ValueColumn<Micros>),
    Decimal(DecimalColumn),
}

/// Does the same with the column of whatever type.
macro_rules! any {
    ($column:expr, $inner:ident => $work:expr) => {
        match $column {
            Column::Text($inner) => $work,
            Column::Bytes($inner) => $work,
            Column::Boolean($inner) => $work,
            Column::Int8($inner) => $work,
            Column::Int16($inner) => $work,
            Column::Int32($inner) => $work,
            Column::Int64($inner) => $work,
            Column::Float32($inner) => $work,
            Column::Float64($inner) => $work,
            Column::Date($inner) => $work,
            Column::Millis($inner) => $work,
            Column::Micros($inner) => $work,
            Column::Decimal($inner) => $work,
        }
    };
}

impl Column {
    /// An empty column; `None` if values of that type are not read from text.
    pub(crate) fn new(field: &arrow::datatypes::Field) -> Option<Self> {
        Some(match field.data_type() {
            DataType::Utf8 => Self::Text(TextColumn {
                characters: characters_of(field),
                ..TextColumn::default()
            }),
            DataType::Binary => Self::Bytes(BytesColumn::default()),
            DataType::Int8 => Self::Int8(ValueColumn::default()),
            DataType::Boolean => Self::Boolean(ValueColumn::default()),
            DataType::Int16 => Self::Int16(ValueColumn::default()),
            DataType::Int32 => Self::Int32(ValueColumn::default()),
            DataType::Int64 => Self::Int64(ValueColumn::default()),
            DataType::Float32 => Self::Float32(ValueColumn::default()),
            DataType::Float64 => Self::Float64(ValueColumn::default()),
            DataType::Date32 => Self::Date(ValueColumn::default()),
            DataType::Timestamp(TimeUnit::Millisecond, None) => {
                Self::Millis(ValueColumn::default())
            }
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                Self::Micros(ValueColumn::default())
            }
            DataType::Decimal128(digits, behind @ 0..) => {
                Self::Decimal(DecimalColumn::new(*digits, *behind))
            }
            _ => return None,
        })
    }

    /// Appends the fields of column number `column` of a table. Rows whose value does not fit are told;
    /// they have a null for the time being.
    pub(crate) fn append(
        &mut self,
        table: &FieldTable,
        column: usize,
        text: &[u8],
        misfit: &mut dyn FnMut(usize, Field),
    ) {
        any!(self, values => values.append(table, column, text, misfit));
    }

    /// Forgets what was appended behind the first `rows` values.
    pub(crate) fn truncate(&mut self, rows: usize) {
        any!(self, values => values.truncate(rows));
    }

    /// What the values are, in words that finish "is not …".
    pub(crate) fn kind(&self) -> Cow<'static, str> {
        any!(self, values => values.kind())
    }

    /// Bytes that the column takes.
    pub(crate) fn bytes(&self) -> usize {
        any!(self, values => values.bytes())
    }

    /// Takes the values out as an array.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Text(texts) => Arc::new(texts.finish()?),
            Self::Bytes(bytes) => Arc::new(bytes.finish()?),
            Self::Boolean(values) => {
                let (values, nulls) = values.take();
                Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls))
            }
            Self::Int8(values) => Arc::new(primitive::<Int8Type>(values.take())),
            Self::Int16(values) => Arc::new(primitive::<Int16Type>(values.take())),
            Self::Int32(values) => Arc::new(primitive::<Int32Type>(values.take())),
            Self::Int64(values) => Arc::new(primitive::<Int64Type>(values.take())),
            Self::Float32(values) => Arc::new(primitive::<Float32Type>(values.take())),
            Self::Float64(values) => Arc::new(primitive::<Float64Type>(values.take())),
            Self::Date(values) => Arc::new(primitive::<Date32Type>(values.take())),
            Self::Millis(values) => {
                let (values, nulls) = values.take();
                let values = ScalarBuffer::from(values);
                Arc::new(TimestampMillisecondArray::new(values, nulls))
            }
            Self::Micros(values) => {
                let (values, nulls) = values.take();
                let values = ScalarBuffer::from(values);
                Arc::new(TimestampMicrosecondArray::new(values, nulls))
            }
            Self::Decimal(values) => Arc::new(values.finish()?),
        })
    }
}

fn primitive<T: ArrowPrimitiveType>(
    (values, nulls): (Vec<T::Native>, Option<NullBuffer>),
) -> PrimitiveArray<T> {
    PrimitiveArray::new(ScalarBuffer::from(values), nulls)
}

/// Which rows are null: nothing is kept while none is.
#[derive(Debug, Default)]
struct Nulls {
    rows: Vec<u32>,
}

impl Nulls {
    fn truncate(&mut self, rows: usize) {
        let kept = self.rows.partition_point(|row| (*row as usize) < rows);
        self.rows.truncate(kept);
    }

    fn take(&mut self, rows: usize) -> Option<NullBuffer> {
        if self.rows.is_empty() {
            return None;
        }
        let mut valid = vec![true; rows];
        for row in self.rows.drain(..) {
            if let Some(valid) = valid.get_mut(row as usize) {
                *valid = false;
            }
        }
        Some(NullBuffer::from(valid))
    }
}

/// A column of values of one kind.
pub(crate) struct ValueColumn<P: Parse> {
    values: Vec<P::Value>,
    nulls: Nulls,
}

impl<P: Parse> Default for ValueColumn<P> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            nulls: Nulls::default(),
        }
    }
}

impl<P: Parse> ValueColumn<P> {
    fn kind(&self) -> Cow<'static, str> {
        P::KIND.into()
    }

    fn append(
        &mut self,
        table: &FieldTable,
        column: usize,
        text: &[u8],
        misfit: &mut dyn FnMut(usize, Field),
    ) {
        self.values.reserve(table.rows());
        for (row, field) in table.column(column).enumerate() {
            let content = table.content(text, field);
            let value = P::parse(content).or_else(|| P::parse(trimmed(content)));
            if value.is_none() {
                if trimmed(content).is_empty() {
                    self.nulls.rows.push(self.values.len() as u32);
                } else {
                    misfit(row, field);
                }
            }
            self.values.push(value.unwrap_or_default());
        }
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.nulls.truncate(rows);
    }

    fn bytes(&self) -> usize {
        self.values.len() * size_of::<P::Value>()
    }

    fn take(&mut self) -> (Vec<P::Value>, Option<NullBuffer>) {
        let nulls = self.nulls.take(self.values.len());
        let fresh = Vec::with_capacity(self.values.len());
        (std::mem::replace(&mut self.values, fresh), nulls)
    }
}

/// A column of exact decimals.
pub(crate) struct DecimalColumn {
    digits: u8,
    /// So many of the digits stand behind the point.
    behind: i8,
    values: Vec<i128>,
    nulls: Nulls,
}

impl DecimalColumn {
    fn new(digits: u8, behind: i8) -> Self {
        Self {
            digits,
            behind,
            values: Vec::new(),
            nulls: Nulls::default(),
        }
    }

    fn kind(&self) -> Cow<'static, str> {
        let (digits, behind) = (self.digits, self.behind);
        format!("a Decimal({digits},{behind})").into()
    }

    fn append(
        &mut self,
        table: &FieldTable,
        column: usize,
        text: &[u8],
        misfit: &mut dyn FnMut(usize, Field),
    ) {
        self.values.reserve(table.rows());
        for (row, field) in table.column(column).enumerate() {
            let content = trimmed(table.content(text, field));
            let value = decimal(content, self.digits, self.behind.unsigned_abs());
            if value.is_none() {
                if content.is_empty() {
                    self.nulls.rows.push(self.values.len() as u32);
                } else {
                    misfit(row, field);
                }
            }
            self.values.push(value.unwrap_or_default());
        }
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.nulls.truncate(rows);
    }

    fn bytes(&self) -> usize {
        self.values.len() * size_of::<i128>()
    }

    fn finish(&mut self) -> Result<Decimal128Array, ArrowError> {
        let nulls = self.nulls.take(self.values.len());
        let values = ScalarBuffer::from(std::mem::take(&mut self.values));
        Decimal128Array::new(values, nulls).with_precision_and_scale(self.digits, self.behind)
    }
}

/// The most characters of the texts of a column, if there is such a limit.
fn characters_of(field: &arrow::datatypes::Field) -> Option<usize> {
    field.metadata().get(MAX_CHARACTERS)?.parse().ok()
}

/// A column of texts.
#[derive(Debug)]
pub(crate) struct TextColumn {
    bytes: Vec<u8>,
    /// The end of each text, with a leading 0.
    ends: Vec<i32>,
    nulls: Nulls,
    /// The most characters that a text may have.
    characters: Option<usize>,
}

impl Default for TextColumn {
    fn default() -> Self {
        Self {
            characters: None,
            bytes: Vec::new(),
            ends: vec![0],
            nulls: Nulls::default(),
        }
    }
}

/// Texts up to this long are copied in one piece of this length.
const SHORT: usize = 32;

/// Copies `length` bytes, and perhaps some that lie behind: they are written over by the next copy.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8], length: usize) {
    // A copy of known length is one or two instructions.
    match (from.first_chunk::<SHORT>(), to.first_chunk_mut::<SHORT>()) {
        (Some(from), Some(to)) if length <= SHORT => *to = *from,
        _ => {
            if let (Some(from), Some(to)) = (from.get(..length), to.get_mut(..length)) {
                to.copy_from_slice(from);
            }
        }
    }
}

impl TextColumn {
    fn kind(&self) -> Cow<'static, str> {
        match self.characters {
            Some(characters) => format!("a String of at most {characters} characters").into(),
            None => "a String".into(),
        }
    }

    /// Every text fits that is not too long.
    fn append(
        &mut self,
        table: &FieldTable,
        column: usize,
        text: &[u8],
        misfit: &mut dyn FnMut(usize, Field),
    ) {
        self.ends.reserve(table.rows());
        if let Some(most) = self.characters {
            for (row, field) in table.column(column).enumerate() {
                let content = table.content(text, field);
                if content.len() > most && characters(content) > most {
                    misfit(row, field);
                }
            }
        }
        let mut at = self.bytes.len();
        // A text may lie in several places, so room is made by what the fields come to.
        let total: usize = table.column(column).map(Field::length).sum();
        self.bytes.resize(at + total + SHORT, 0);
        for field in table.column(column) {
            let (bytes, from, to) = table.place(text, field);
            let length = to.saturating_sub(from);
            let source = bytes.get(from..).unwrap_or_default();
            let room = self.bytes.get_mut(at..).unwrap_or_default();
            copy(source, room, length);
            if field.is_null() {
                self.nulls.rows.push(self.ends.len() as u32 - 1);
            }
            at += length;
            self.ends.push(at as i32);
        }
        self.bytes.truncate(at);
    }

    fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows + 1);
        let end = self.ends.last().copied().unwrap_or_default();
        self.bytes.truncate(end as usize);
        self.nulls.truncate(rows);
    }

    fn bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<i32>()
    }

    fn finish(&mut self) -> Result<StringArray, ArrowError> {
        let (ends, bytes, nulls) = self.take();
        StringArray::try_new(ends, bytes, nulls)
    }

    fn take(&mut self) -> (OffsetBuffer<i32>, Buffer, Option<NullBuffer>) {
        let rows = self.ends.len() - 1;
        let nulls = self.nulls.take(rows);
        let mut fresh = Vec::with_capacity(rows + 1);
        fresh.push(0);
        let ends = std::mem::replace(&mut self.ends, fresh);
        let room = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 8);
        let bytes = std::mem::replace(&mut self.bytes, room);
        (
            OffsetBuffer::new(ScalarBuffer::from(ends)),
            Buffer::from_vec(bytes),
            nulls,
        )
    }
}

/// A column of bytes: what a text is without being one.
#[derive(Debug, Default)]
pub(crate) struct BytesColumn(TextColumn);

impl BytesColumn {
    fn kind(&self) -> Cow<'static, str> {
        "a Binary".into()
    }

    fn append(
        &mut self,
        table: &FieldTable,
        column: usize,
        text: &[u8],
        misfit: &mut dyn FnMut(usize, Field),
    ) {
        self.0.append(table, column, text, misfit);
    }

    fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows);
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn finish(&mut self) -> Result<BinaryArray, ArrowError> {
        let (ends, bytes, nulls) = self.0.take();
        BinaryArray::try_new(ends, bytes, nulls)
    }
}

/// How many characters a text of UTF-8 has.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests;
