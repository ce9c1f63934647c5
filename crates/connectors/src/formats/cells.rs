//! The values of a column as text, one virtual call each.
//!
//! What rows are made of in practice (text, whole numbers, floats, decimals, booleans, timestamps, dates, lists
//! and structs of them) is written by the code here, everything else by arrow's own formatters.

mod decimals;
mod more;
mod text;

use std::sync::LazyLock;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Date32Type, FieldRef, Fields, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_json::writer::{EncoderOptions, NullableEncoder, make_encoder};

pub(crate) use self::more::texts;
use self::text::{Text, offset_text};
use super::datetime::{append_date, append_timestamp};
use super::escape::{append_csv_text, append_json_text};
use super::short::Repeated;

/// How arrow's own encoder is asked to write; a constant that borrows for as long as it likes.
static ARROW_JSON: LazyLock<EncoderOptions> =
    LazyLock::new(|| EncoderOptions::default().with_explicit_nulls(true));

/// The rules of the text around a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// JSON: text in quotes with escapes, null as `null`.
    Json,
    /// RFC 4180: quotes only where they are needed, null as nothing.
    Csv,
}

/// Writes single values of one column.
trait Cell {
    /// Appends the value of a row that is not null.
    fn append(&mut self, row: usize, out: &mut Vec<u8>);
}

/// One column of a batch, ready to be written value by value.
pub(super) struct Column<'a> {
    cell: Box<dyn Cell + 'a>,
    nulls: Option<NullBuffer>,
    null: &'static [u8],
}

impl<'a> Column<'a> {
    /// Looks at the type of `array` once.
    ///
    /// # Errors
    /// Values of this type can't be written as text.
    pub(super) fn new(
        field: &'a FieldRef,
        array: &'a ArrayRef,
        style: Style,
    ) -> Result<Self, ArrowError> {
        let null: &'static [u8] = match style {
            Style::Json => b"null",
            Style::Csv => b"",
        };
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        Ok(Self {
            cell: cell(field, array, style)?,
            nulls,
            null,
        })
    }

    /// Appends the value of `row`, which must be below the batch's number of rows.
    #[inline]
    pub(super) fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => out.extend_from_slice(self.null),
            _ => self.cell.append(row, out),
        }
    }

    /// Whether `row` is null.
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}

fn cell<'a>(
    field: &'a FieldRef,
    array: &'a ArrayRef,
    style: Style,
) -> Result<Box<dyn Cell + 'a>, ArrowError> {
    Ok(match array.data_type() {
        DataType::Utf8 => offset_text::<i32>(array, style),
        DataType::LargeUtf8 => offset_text::<i64>(array, style),
        DataType::Utf8View => Box::new(Text {
            array: array.as_string_view(),
            style,
        }),
        DataType::Boolean => Box::new(Booleans(array.as_boolean())),
        DataType::Int8 => number::<Int8Type>(array),
        DataType::Int16 => number::<Int16Type>(array),
        DataType::Int32 => number::<Int32Type>(array),
        DataType::Int64 => number::<Int64Type>(array),
        DataType::UInt8 => number::<UInt8Type>(array),
        DataType::UInt16 => number::<UInt16Type>(array),
        DataType::UInt32 => number::<UInt32Type>(array),
        DataType::UInt64 => number::<UInt64Type>(array),
        DataType::Float32 if style == Style::Json => number::<Float32Type>(array),
        DataType::Float64 if style == Style::Json => number::<Float64Type>(array),
        DataType::Float32 => Box::new(CsvFloats {
            array: array.as_primitive::<Float32Type>(),
        }),
        DataType::Float64 => Box::new(CsvFloats {
            array: array.as_primitive::<Float64Type>(),
        }),
        DataType::Date32 => Box::new(Dates {
            array: array.as_primitive(),
            style,
        }),
        DataType::Timestamp(unit, None) => timestamps(*unit, array, style),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => more::bytes(array, style)
            .ok_or_else(|| ArrowError::JsonError("a column of bytes is none".to_owned()))?,
        DataType::Decimal128(_, 0..) => decimals::decimals(array)
            .ok_or_else(|| ArrowError::JsonError("a column of decimals is none".to_owned()))?,
        nested if style == Style::Csv && nested.is_nested() => Box::new(JsonInCsv {
            json: cell(field, array, Style::Json)?,
            scratch: Vec::new(),
        }),
        DataType::Struct(fields) => structs(fields, array)?,
        DataType::List(item) => lists(item, array)?,
        DataType::Map(entries, _) => more::maps(entries, array)?,
        _ if style == Style::Csv => {
            let formatter = ArrayFormatter::try_new(array, &FormatOptions::new())?;
            Box::new(Formatted { formatter })
        }
        _ => Box::new(ArrowJson {
            encoder: make_encoder(field, array, &ARROW_JSON)?,
        }),
    })
}

/// The name of a column as it stands before its value in a JSON object, with the colon.
pub(super) fn key(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 3);
    append_json_text(name.as_bytes(), &mut out);
    out.push(b':');
    out
}

/// Whole numbers, and floats in JSON, where what is not a number becomes `null`.
struct Numbers<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
}

fn number<T>(array: &ArrayRef) -> Box<dyn Cell + '_>
where
    T: ArrowPrimitiveType,
    T::Native: serde::Serialize,
{
    Box::new(Numbers {
        array: array.as_primitive::<T>(),
    })
}

impl<T> Cell for Numbers<'_, T>
where
    T: ArrowPrimitiveType,
    T::Native: serde::Serialize,
{
    #[inline]
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        // Writing a number into memory can't fail.
        drop(serde_json::to_writer(out, &self.array.value(row)));
    }
}

/// Floats in CSV, where the three that are no numbers have names (those of Java and SQL).
struct CsvFloats<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
}

impl<T> Cell for CsvFloats<'_, T>
where
    T: ArrowPrimitiveType,
    T::Native: serde::Serialize + Into<f64>,
{
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        let value = self.array.value(row);
        let wide: f64 = value.into();
        if wide.is_finite() {
            drop(serde_json::to_writer(out, &value));
        } else if wide.is_nan() {
            out.extend_from_slice(b"NaN");
        } else if wide > 0.0 {
            out.extend_from_slice(b"Infinity");
        } else {
            out.extend_from_slice(b"-Infinity");
        }
    }
}

struct Booleans<'a>(&'a BooleanArray);

impl Cell for Booleans<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.0.value(row) { b"true" } else { b"false" });
    }
}

struct Dates<'a> {
    array: &'a PrimitiveArray<Date32Type>,
    style: Style,
}

impl Cell for Dates<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        let days = i64::from(self.array.value(row));
        append_quoted(self.style, out, |out| append_date(days, out));
    }
}

struct Timestamps<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    per_second: i64,
    style: Style,
}

fn timestamps(unit: TimeUnit, array: &ArrayRef, style: Style) -> Box<dyn Cell + '_> {
    fn of<T: ArrowPrimitiveType<Native = i64>>(
        array: &ArrayRef,
        per_second: i64,
        style: Style,
    ) -> Box<dyn Cell + '_> {
        Box::new(Timestamps {
            array: array.as_primitive::<T>(),
            per_second,
            style,
        })
    }
    match unit {
        TimeUnit::Second => of::<TimestampSecondType>(array, 1, style),
        TimeUnit::Millisecond => of::<TimestampMillisecondType>(array, 1_000, style),
        TimeUnit::Microsecond => of::<TimestampMicrosecondType>(array, 1_000_000, style),
        TimeUnit::Nanosecond => of::<TimestampNanosecondType>(array, 1_000_000_000, style),
    }
}

impl<T: ArrowPrimitiveType<Native = i64>> Cell for Timestamps<'_, T> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        let value = self.array.value(row);
        let seconds = value.div_euclid(self.per_second);
        let rest = value.rem_euclid(self.per_second) * (1_000_000_000 / self.per_second);
        append_quoted(self.style, out, |out| {
            append_timestamp(seconds, rest as u32, out)
        });
    }
}

fn append_quoted(style: Style, out: &mut Vec<u8>, append: impl FnOnce(&mut Vec<u8>)) {
    if style == Style::Csv {
        return append(out);
    }
    out.push(b'"');
    append(out);
    out.push(b'"');
}

struct Structs<'a> {
    columns: Vec<(Repeated, Column<'a>)>,
}

fn structs<'a>(fields: &'a Fields, array: &'a ArrayRef) -> Result<Box<dyn Cell + 'a>, ArrowError> {
    let columns = fields.iter().zip(array.as_struct().columns());
    let columns = columns.map(|(field, array)| {
        let column = Column::new(field, array, Style::Json)?;
        Ok((Repeated::new(key(field.name())), column))
    });
    let columns = columns.collect::<Result<_, ArrowError>>()?;
    Ok(Box::new(Structs { columns }))
}

impl Cell for Structs<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (key, column)) in self.columns.iter_mut().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            key.append(out);
            column.append(row, out);
        }
        out.push(b'}');
    }
}

struct Lists<'a> {
    offsets: &'a [i32],
    values: Column<'a>,
}

fn lists<'a>(item: &'a FieldRef, array: &'a ArrayRef) -> Result<Box<dyn Cell + 'a>, ArrowError> {
    let list = array.as_list::<i32>();
    let values = Column::new(item, list.values(), Style::Json)?;
    Ok(Box::new(Lists {
        offsets: list.value_offsets(),
        values,
    }))
}

impl Cell for Lists<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        let offset = |index: usize| self.offsets.get(index).map_or(0, |offset| *offset as usize);
        let (start, end) = (offset(row), offset(row + 1));
        out.push(b'[');
        for index in start..end {
            if index > start {
                out.push(b',');
            }
            self.values.append(index, out);
        }
        out.push(b']');
    }
}

/// What has parts is one field of JSON in CSV.
struct JsonInCsv<'a> {
    json: Box<dyn Cell + 'a>,
    scratch: Vec<u8>,
}

impl Cell for JsonInCsv<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        self.scratch.clear();
        self.json.append(row, &mut self.scratch);
        append_csv_text(&self.scratch, out);
    }
}

/// Every other type in CSV, as arrow displays it.
struct Formatted<'a> {
    formatter: ArrayFormatter<'a>,
}

impl Cell for Formatted<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        append_csv_text(self.formatter.value(row).to_string().as_bytes(), out);
    }
}

/// Every other type in JSON, as arrow writes it.
struct ArrowJson<'a> {
    encoder: NullableEncoder<'a>,
}

impl Cell for ArrowJson<'_> {
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        self.encoder.encode(row, out);
    }
}
