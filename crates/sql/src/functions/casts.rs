//! What casts become that DataFusion does otherwise; no query calls these by a name.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringBuilder};
use arrow::compute::{cast, kernels::nullif::nullif};
use arrow::datatypes::{DataType, Float64Type, TimeUnit, TimestampNanosecondType};
use chrono::{DateTime, NaiveDateTime, Timelike};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// `time_as_text(time)`: the form that sources read and sinks write.
pub(crate) fn time_as_text() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(TimeAsText {
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

/// `finite(number, what it was made of)`: an error, or null, where the number is infinite and what it was made of
/// is not.
pub(crate) fn finite(or_null: bool) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Finite {
        or_null,
        signature: Signature::any(2, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TimeAsText {
    signature: Signature,
}

impl ScalarUDFImpl for TimeAsText {
    fn name(&self) -> &str {
        "time_as_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [times] = arguments.args.as_slice() else {
            return exec_err!("time_as_text takes a time");
        };
        let array = times.to_array(1)?;
        let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 24);
        let mut text = String::new();
        let DataType::Timestamp(unit, _) = array.data_type().clone() else {
            return exec_err!("time_as_text takes a time");
        };
        let values = if unit == TimeUnit::Nanosecond {
            array.as_primitive::<TimestampNanosecondType>().clone()
        } else {
            // The same numbers under another unit: they are only taken apart here.
            cast(&array, &DataType::Int64)?
                .as_primitive::<arrow::datatypes::Int64Type>()
                .reinterpret_cast::<TimestampNanosecondType>()
        };
        for value in &values {
            let Some(value) = value else {
                texts.append_null();
                continue;
            };
            let Some(time) = time_of(value, unit) else {
                return exec_err!("a time that no calendar has: {value}");
            };
            text.clear();
            write_time(time, &mut text);
            texts.append_value(&text);
        }
        let texts: ArrayRef = Arc::new(texts.finish());
        finish(times, texts)
    }
}

fn time_of(value: i64, unit: TimeUnit) -> Option<NaiveDateTime> {
    let time = match unit {
        TimeUnit::Second => DateTime::from_timestamp(value, 0)?,
        TimeUnit::Millisecond => DateTime::from_timestamp_millis(value)?,
        TimeUnit::Microsecond => DateTime::from_timestamp_micros(value)?,
        TimeUnit::Nanosecond => DateTime::from_timestamp_nanos(value),
    };
    Some(time.naive_utc())
}

/// `yyyy-MM-dd HH:mm:ss`, and 3, 6 or 9 digits of a fraction where it is not 0.
fn write_time(time: NaiveDateTime, out: &mut String) {
    let nanos = time.nanosecond();
    let written = match nanos {
        0 => write!(out, "{}", time.format("%Y-%m-%d %H:%M:%S")),
        _ if nanos.is_multiple_of(1_000_000) => {
            write!(out, "{}", time.format("%Y-%m-%d %H:%M:%S%.3f"))
        }
        _ if nanos.is_multiple_of(1_000) => {
            write!(out, "{}", time.format("%Y-%m-%d %H:%M:%S%.6f"))
        }
        _ => write!(out, "{}", time.format("%Y-%m-%d %H:%M:%S%.9f")),
    };
    debug_assert!(written.is_ok(), "text has room for text");
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Finite {
    or_null: bool,
    signature: Signature,
}

impl ScalarUDFImpl for Finite {
    fn name(&self) -> &str {
        if self.or_null {
            "finite_or_null"
        } else {
            "finite"
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Float64))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [numbers, made_of] = arguments.args.as_slice() else {
            return exec_err!("finite takes a number and what it was made of");
        };
        let rows = match numbers {
            ColumnarValue::Array(array) => array.len(),
            ColumnarValue::Scalar(_) => 1,
        };
        let array = numbers.to_array(rows)?;
        let wide = cast(&array, &DataType::Float64)?;
        let wide = wide.as_primitive::<Float64Type>();
        if wide.iter().flatten().all(|number| !number.is_infinite()) {
            return Ok(numbers.clone());
        }
        let made_of = cast(&made_of.to_array(rows)?, &DataType::Utf8)?;
        let made_of = made_of.as_string::<i32>();
        let too_large = |row: usize| {
            wide.is_valid(row)
                && wide.value(row).is_infinite()
                && made_of.is_valid(row)
                && made_of.value(row).bytes().any(|byte| byte.is_ascii_digit())
        };
        let first = (0..rows).find(|row| too_large(*row));
        match first {
            None => Ok(numbers.clone()),
            Some(row) if !self.or_null => exec_err!(
                "'{}' is too large for {}",
                made_of.value(row),
                array.data_type()
            ),
            Some(_) => {
                let mask: BooleanArray = (0..rows).map(|row| Some(too_large(row))).collect();
                finish(numbers, nullif(&array, &mask)?)
            }
        }
    }
}

/// `array`, as a scalar where `like` is one.
fn finish(like: &ColumnarValue, array: ArrayRef) -> Result<ColumnarValue> {
    Ok(match like {
        ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?),
        ColumnarValue::Array(_) => ColumnarValue::Array(array),
    })
}
