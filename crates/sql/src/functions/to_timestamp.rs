//! `to_timestamp` and its like: text to times over all years that there are, by patterns of strftime and of Java's.
//!
//! | function | gives | of a number |
//! |---|---|---|
//! | `to_timestamp` | microseconds | seconds since 1970, with a fraction if it has one |
//! | `to_timestamp_nanos`, `_micros`, `_millis`, `_seconds` | nanoseconds, microseconds, milliseconds, seconds | in that unit |
//! | `to_unixtime` | seconds since 1970, as a BigInt | itself |
//! | `to_date` | days | days since 1970 |

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use arrow::datatypes::{DataType, Date32Type, TimeUnit};
use chrono::{DateTime, Utc};
use datafusion_common::{DataFusionError, Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::over::over;
use super::reading::{Formats, names_zone};
use super::times::round_down;

/// The functions of this module; what they do not do with text is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let ours = [
        over(theirs, "to_timestamp_seconds", to_seconds),
        over(theirs, "to_timestamp_millis", to_millis),
        over(theirs, "to_timestamp_micros", to_micros),
        over(theirs, "to_timestamp_nanos", to_nanos),
        over(theirs, "to_unixtime", to_unixtime),
        over(theirs, "to_date", to_date),
    ];
    let mut functions: Vec<_> = ours.into_iter().flatten().collect();
    functions.push(Arc::new(ScalarUDF::from(ToTimestamp {
        signature: Signature::user_defined(Volatility::Immutable),
    })));
    functions
}

/// By formats what `to_timestamp` reads; else DataFusion's, which says of a text that is no day how it works inside.
fn to_date(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    if has_formats(&arguments.args) {
        let call = &arguments;
        let days = from_text(call, TimeUnit::Second, Some(Days { below, call }))?;
        return days.cast_to(&DataType::Date32, None);
    }
    let given = arguments.args.clone();
    let rows = arguments.number_rows.max(1);
    let made = below.invoke_with_args(arguments);
    let is_inner = |error: &DataFusionError| error.to_string().contains("i64 to i32");
    if !made.as_ref().is_err_and(is_inner) {
        return made;
    }
    let [texts] = given.as_slice() else {
        return exec_err!("a day lies outside of the years that a Date holds");
    };
    let texts = cast(&texts.to_array(rows)?, &DataType::Utf8)?;
    let mut texts = texts.as_string::<i32>().iter().flatten();
    let wrong = texts.find(|text| Date32Type::parse(text).is_none());
    exec_err!(
        "'{}' is no day; one is written like 2024-02-29",
        wrong.unwrap_or_default()
    )
}

/// Whether a text is to be read by formats.
fn has_formats(arguments: &[ColumnarValue]) -> bool {
    let is_text = |argument: &ColumnarValue| {
        let data_type = argument.data_type();
        data_type.is_string() || data_type.is_null()
    };
    arguments.len() > 1 && arguments.iter().all(is_text)
}

/// What `to_date` does otherwise than the others: formats that name a time zone are left to DataFusion, which reads them.
#[derive(Clone, Copy)]
struct Days<'a> {
    below: &'a ScalarUDF,
    call: &'a ScalarFunctionArgs,
}

impl Days<'_> {
    /// The first instant of the day that `text` is by a format with a time zone.
    fn read(self, text: &str, format: &str) -> Result<DateTime<Utc>> {
        const SECONDS_OF_A_DAY: i64 = 86_400;
        let mut call = self.call.clone();
        call.args = [text, format]
            .map(|text| ColumnarValue::Scalar(ScalarValue::from(text)))
            .to_vec();
        call.number_rows = 1;
        let day = self.below.invoke_with_args(call)?.to_array(1)?;
        let day = day.as_primitive::<Date32Type>().iter().flatten().next();
        let time =
            day.and_then(|day| DateTime::from_timestamp(i64::from(day) * SECONDS_OF_A_DAY, 0));
        time.ok_or_else(|| exec_datafusion_err!("`{text}` is not in the format `{format}`"))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToTimestamp {
    signature: Signature,
}

impl ScalarUDFImpl for ToTimestamp {
    fn name(&self) -> &str {
        "to_timestamp"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let Some((first, formats)) = types.split_first() else {
            return exec_err!("to_timestamp takes a text, a number, a day or a time");
        };
        let first = match first {
            text if text.is_string() => DataType::Utf8,
            number if number.is_integer() => DataType::Int64,
            number if number.is_numeric() => DataType::Float64,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => first.clone(),
            DataType::Null => DataType::Utf8,
            other => return exec_err!("to_timestamp takes no {other}"),
        };
        let mut types = vec![first];
        types.extend(formats.iter().map(|_| DataType::Utf8));
        Ok(types)
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Microsecond, None))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
        let Some(first) = arguments.args.first() else {
            return exec_err!("to_timestamp takes a text, a number, a day or a time");
        };
        match first.data_type() {
            text if text.is_string() => from_text(&arguments, TimeUnit::Microsecond, None),
            DataType::Int64 => first
                .cast_to(&DataType::Timestamp(TimeUnit::Second, None), None)?
                .cast_to(&micros, None),
            DataType::Float64 => from_floats(first),
            _ => first.cast_to(&micros, None),
        }
    }
}

fn to_seconds(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    text_or_below(below, arguments, TimeUnit::Second)
}

fn to_millis(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    text_or_below(below, arguments, TimeUnit::Millisecond)
}

fn to_micros(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    text_or_below(below, arguments, TimeUnit::Microsecond)
}

/// Text as the others read it; of all else it is DataFusion's.
fn to_nanos(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    match arguments.args.first() {
        Some(first) if first.data_type().is_string() => {
            from_text(&arguments, TimeUnit::Nanosecond, None)
        }
        _ => below.invoke_with_args(arguments),
    }
}

fn to_unixtime(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    text_or_below(below, arguments, TimeUnit::Second)?.cast_to(&DataType::Int64, None)
}

fn text_or_below(
    below: &ScalarUDF,
    mut arguments: ScalarFunctionArgs,
    unit: TimeUnit,
) -> Result<ColumnarValue> {
    let Some(first) = arguments.args.first_mut() else {
        return below.invoke_with_args(arguments);
    };
    match first.data_type() {
        text if text.is_string() => return from_text(&arguments, unit, None),
        DataType::Timestamp(..) => *first = round_down(first, unit)?,
        _ => {}
    }
    below.invoke_with_args(arguments)
}

/// Seconds with a fraction.
fn from_floats(seconds: &ColumnarValue) -> Result<ColumnarValue> {
    let array = seconds.to_array(1)?;
    let micros: Int64Array = array
        .as_primitive::<arrow::datatypes::Float64Type>()
        .try_unary(|seconds| {
            // The two parts apart, so that none of the digits is lost.
            let whole = seconds.floor();
            let rest = ((seconds - whole) * 1e6).round();
            if whole.abs() < 9e12 {
                Ok(whole as i64 * 1_000_000 + rest as i64)
            } else {
                Err(exec_datafusion_err!("{seconds} seconds are no time"))
            }
        })?;
    finish(
        seconds,
        &(Arc::new(micros) as ArrayRef),
        TimeUnit::Microsecond,
    )
}

/// The arguments as texts, a single one where it is the same for all rows.
fn texts_of(arguments: &ScalarFunctionArgs) -> Result<Vec<StringArray>> {
    let rows = arguments.number_rows;
    let columns = arguments.args.iter().map(|argument| {
        let array = argument.to_array(match argument {
            ColumnarValue::Scalar(_) => 1,
            ColumnarValue::Array(_) => rows,
        })?;
        let text = cast(&array, &DataType::Utf8)?;
        Ok(text.as_string::<i32>().clone())
    });
    columns.collect()
}

/// The text of the first argument, as the first of the formats that fits it; null where all of them are.
fn from_text(
    arguments: &ScalarFunctionArgs,
    unit: TimeUnit,
    days: Option<Days<'_>>,
) -> Result<ColumnarValue> {
    let text_columns = texts_of(arguments)?;
    let Some((texts, formats)) = text_columns.split_first() else {
        return exec_err!("to_timestamp takes a text, a number, a day or a time");
    };
    let count = if arguments.args.iter().all(is_scalar) {
        1
    } else {
        arguments.number_rows
    };
    let at = |column: &StringArray, row: usize| if column.len() == 1 { 0 } else { row };
    let mut known = Formats::default();
    let mut values = Vec::with_capacity(count);
    for row in 0..count {
        let place = at(texts, row);
        if texts.is_null(place) {
            values.push(None);
            continue;
        }
        let text = texts.value(place);
        let mut given = formats
            .iter()
            .filter(|format| format.is_valid(at(format, row)))
            .map(|format| format.value(at(format, row)))
            .peekable();
        if !formats.is_empty() && given.peek().is_none() {
            values.push(None);
            continue;
        }
        let time = time_of(text, given, !formats.is_empty(), &mut known, days)?;
        values.push(Some(match unit {
            TimeUnit::Second => time.timestamp(),
            TimeUnit::Millisecond => time.timestamp_millis(),
            TimeUnit::Microsecond => time.timestamp_micros(),
            TimeUnit::Nanosecond => time.timestamp_nanos_opt().ok_or_else(|| {
                exec_datafusion_err!("`{text}` is outside of the years that nanoseconds count")
            })?,
        }));
    }
    let values: ArrayRef = Arc::new(Int64Array::from(values));
    match arguments.args.first() {
        Some(first) if arguments.args.iter().all(is_scalar) => finish(first, &values, unit),
        _ => Ok(ColumnarValue::Array(as_times(&values, unit)?)),
    }
}

fn is_scalar(value: &ColumnarValue) -> bool {
    matches!(value, ColumnarValue::Scalar(_))
}

fn time_of<'a>(
    text: &str,
    formats: impl Iterator<Item = &'a str>,
    has_formats: bool,
    known: &mut Formats<'a>,
    days: Option<Days<'_>>,
) -> Result<DateTime<Utc>> {
    if !has_formats {
        return Ok(string_to_datetime(&Utc, text)?);
    }
    let mut error = exec_datafusion_err!("`{text}` has no format");
    for format in formats {
        let own = match known.of(format) {
            Ok(own) => own,
            Err(why) => {
                error = exec_datafusion_err!("{}", why.message());
                continue;
            }
        };
        if names_zone(format) {
            let Some(days) = days else {
                return exec_err!(
                    "the format `{format}` names a time zone; read an offset with %z"
                );
            };
            match days.read(text, format) {
                Ok(time) => return Ok(time),
                Err(why) => error = why,
            }
            continue;
        }
        match own.read(text) {
            Ok(time) => return Ok(time),
            Err(why) => {
                error = exec_datafusion_err!("`{text}` is not in the format `{format}`: {why}");
            }
        }
    }
    Err(error)
}

fn as_times(values: &ArrayRef, unit: TimeUnit) -> Result<ArrayRef> {
    Ok(arrow::compute::cast(
        values,
        &DataType::Timestamp(unit, None),
    )?)
}

/// `values` as times, as a scalar where `like` is one.
fn finish(like: &ColumnarValue, values: &ArrayRef, unit: TimeUnit) -> Result<ColumnarValue> {
    let times = as_times(values, unit)?;
    Ok(match like {
        ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::try_from_array(&times, 0)?),
        ColumnarValue::Array(_) => ColumnarValue::Array(times),
    })
}
