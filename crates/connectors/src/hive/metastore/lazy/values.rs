//! Columns that grow value by value, of what Hive takes for values of their types.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder,
    Float64Builder, Int8Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, TimeUnit};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::decimals::decimal;
use super::times;
use crate::files_source::values::Parse;

/// A column of values.
pub(in super::super) enum Values {
    Boolean(BooleanBuilder),
    Int8(Int8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder, u8, i8),
    Bytes(BinaryBuilder),
    Text(StringBuilder),
}

impl Values {
    /// An empty column of the type; of types that are not read from text a column of texts.
    pub(in super::super) fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Int8 => Self::Int8(Int8Builder::new()),
            DataType::Int16 => Self::Int16(Int16Builder::new()),
            DataType::Int32 => Self::Int32(Int32Builder::new()),
            DataType::Int64 => Self::Int64(Int64Builder::new()),
            DataType::Float32 => Self::Float32(Float32Builder::new()),
            DataType::Float64 => Self::Float64(Float64Builder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                Self::Timestamp(TimestampMicrosecondBuilder::new())
            }
            DataType::Decimal128(digits, behind) => {
                let builder = Decimal128Builder::new().with_data_type(data_type.clone());
                Self::Decimal(builder, *digits, *behind)
            }
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Whether its values are texts, so that their bytes have to be UTF-8.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Appends what a field holds; `None`: null. False: null was appended, as there is no value.
    pub(in super::super) fn append(&mut self, field: Option<&[u8]>) -> bool {
        /// Appends what was parsed.
        macro_rules! append {
            ($builder:expr, $parse:expr) => {{
                let value = field.and_then($parse);
                $builder.append_option(value);
                value.is_some()
            }};
        }
        match self {
            Self::Boolean(values) => append!(values, boolean),
            Self::Int8(values) => append!(values, |text| i8::try_from(whole(text)?).ok()),
            Self::Int16(values) => append!(values, |text| i16::try_from(whole(text)?).ok()),
            Self::Int32(values) => append!(values, |text| i32::try_from(whole(text)?).ok()),
            Self::Int64(values) => append!(values, whole),
            Self::Float32(values) => append!(values, |text| f32::parse(text.trim_ascii())),
            Self::Float64(values) => append!(values, |text| f64::parse(text.trim_ascii())),
            Self::Date(values) => append!(values, times::date),
            Self::Timestamp(values) => append!(values, times::timestamp),
            Self::Decimal(values, digits, behind) => {
                let behind = behind.unsigned_abs();
                append!(values, |text| decimal(text, *digits, behind))
            }
            Self::Bytes(values) => {
                let value = field.map(bytes);
                values.append_option(value.as_deref());
                value.is_some()
            }
            Self::Text(values) => {
                let value = field.map(String::from_utf8_lossy);
                values.append_option(value.as_deref());
                value.is_some()
            }
        }
    }

    /// Takes the values out.
    pub(in super::super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(values) => Arc::new(values.finish()),
            Self::Int8(values) => Arc::new(values.finish()),
            Self::Int16(values) => Arc::new(values.finish()),
            Self::Int32(values) => Arc::new(values.finish()),
            Self::Int64(values) => Arc::new(values.finish()),
            Self::Float32(values) => Arc::new(values.finish()),
            Self::Float64(values) => Arc::new(values.finish()),
            Self::Date(values) => Arc::new(values.finish()),
            Self::Timestamp(values) => Arc::new(values.finish()),
            Self::Decimal(values, _, _) => Arc::new(values.finish()),
            Self::Bytes(values) => Arc::new(values.finish()),
            Self::Text(values) => Arc::new(values.finish()),
        }
    }
}

fn boolean(text: &[u8]) -> Option<bool> {
    if text.eq_ignore_ascii_case(b"true") {
        return Some(true);
    }
    text.eq_ignore_ascii_case(b"false").then_some(false)
}

/// A whole number. Digits behind a point are left out.
fn whole(text: &[u8]) -> Option<i64> {
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let number = i64::parse(parts.next()?)?;
    let behind = parts.next().unwrap_or_default();
    behind.iter().all(u8::is_ascii_digit).then_some(number)
}

/// What Base64 stands for, with all of its padding or none; the text's own bytes where it is none.
fn bytes(text: &[u8]) -> Vec<u8> {
    const ANY: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    static PADDED: GeneralPurpose = GeneralPurpose::new(&STANDARD, ANY);
    static BARE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        ANY.with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    let decoded = PADDED.decode(text).or_else(|_| BARE.decode(text));
    decoded.unwrap_or_else(|_| text.to_vec())
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{DataType, Int8Type};

    use super::Values;

    fn of(data_type: DataType, texts: &[&str]) -> arrow::array::ArrayRef {
        let mut values = Values::new(&data_type);
        for text in texts {
            values.append(Some(text.as_bytes()));
        }
        let array = values.finish();
        assert_eq!(array.data_type(), &data_type);
        array
    }

    #[test]
    fn what_is_no_value_is_null() {
        let array = of(DataType::Int8, &["7", "-7.9", "128", "", "x", "1.x"]);
        let values: Vec<_> = array.as_primitive::<Int8Type>().iter().collect();
        assert_eq!(values, [Some(7), Some(-7), None, None, None, None]);
        let array = of(DataType::Boolean, &["TRUE", "false", "1"]);
        let values: Vec<_> = array.as_boolean().iter().collect();
        assert_eq!(values, [Some(true), Some(false), None]);
        assert_eq!(of(DataType::Float64, &["", "1e3", "x"]).null_count(), 2);
        assert_eq!(
            of(DataType::Date32, &["2020-02-30", "2020-02-29"]).null_count(),
            1
        );
    }

    #[test]
    fn base64_is_that_of_hive() {
        let texts = ["AP8=", "AP8", "Zh", "AA=", "hello", "AP8=A", "A", "x y", ""];
        let array = of(DataType::Binary, &texts);
        let values: Vec<_> = array.as_binary::<i32>().iter().flatten().collect();
        let expected: [&[u8]; 9] = [
            b"\x00\xff",
            b"\x00\xff",
            b"f",
            b"AA=",
            b"hello",
            b"AP8=A",
            b"A",
            b"x y",
            b"",
        ];
        assert_eq!(values, expected);
    }
}
