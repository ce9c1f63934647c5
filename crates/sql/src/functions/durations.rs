//! `date_part` where DataFusion gives null in silence: for spans of time such as `now() - ts`, which it counts in 32 bits
//! and so for 68 years, and for times that no calendar has.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use datafusion_common::{Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

/// `date_part(part, time)`. Times themselves are left to `below`, which may not leave one out.
pub(super) fn date_part(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let [ColumnarValue::Scalar(part), span] = arguments.args.as_slice() else {
        return below.invoke_with_args(arguments);
    };
    let (Some(part), DataType::Duration(unit)) = (part.try_as_str().flatten(), span.data_type())
    else {
        return of_times(below, arguments);
    };
    let part = part.trim_matches(['\'', '"']).to_lowercase();
    let spans = cast(&span.to_array(1)?, &DataType::Int64)?;
    let Some(parts) = parts_of(&part, unit, spans.as_primitive::<Int64Type>())? else {
        return below.invoke_with_args(arguments);
    };
    Ok(match span {
        ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::try_from_array(&parts, 0)?),
        ColumnarValue::Array(_) => ColumnarValue::Array(parts),
    })
}

fn of_times(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let times = arguments.args.get(1).cloned();
    let parts = below.invoke_with_args(arguments)?;
    // Both are one value, or a column.
    if let Some(times) = times {
        refuse_lost(&times.to_array(1)?, &parts.to_array(1)?)?;
    }
    Ok(parts)
}

/// Refuses times of which nothing was `made`, for that would be null in silence.
pub(super) fn refuse_lost(times: &ArrayRef, made: &ArrayRef) -> Result<()> {
    if made.null_count() == 0 {
        return Ok(());
    }
    let given = times.logical_nulls();
    let is_given = |row: usize| given.as_ref().is_none_or(|given| given.is_valid(row));
    let rows = times.len().min(made.len());
    match (0..rows).find(|row| made.is_null(*row) && is_given(*row)) {
        None => Ok(()),
        Some(row) => exec_err!(
            "a time that no calendar has: {}",
            ScalarValue::try_from_array(times, row)?
        ),
    }
}

/// The part of each span; none for what spans do not have.
fn parts_of(part: &str, unit: TimeUnit, spans: &Int64Array) -> Result<Option<ArrayRef>> {
    let nanos: i128 = match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    let width: i128 = match part {
        "epoch" => {
            let in_a_second = 1e9 / nanos as f64;
            let seconds: Float64Array = spans.unary(|span| span as f64 / in_a_second);
            return Ok(Some(Arc::new(seconds)));
        }
        "w" | "week" | "weeks" => 604_800_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000_000_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecond" | "milliseconds" => {
            1_000_000
        }
        "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecond" | "microseconds" => 1_000,
        "nanosecond" | "nanoseconds" => 1,
        _ => return Ok(None),
    };
    let too_large = |span: i64| {
        exec_datafusion_err!(
            "the {part} of a span of {} seconds is too large a number; take its epoch",
            i128::from(span) * nanos / 1_000_000_000
        )
    };
    let count = |span: i64| i128::from(span) * nanos / width;
    if width == 1 {
        let counts: Int64Array =
            spans.try_unary(|span| i64::try_from(count(span)).map_err(|_| too_large(span)))?;
        return Ok(Some(Arc::new(counts)));
    }
    let counts: Result<Int32Array> = spans
        .iter()
        .map(|span| {
            let count = span.map(|span| i32::try_from(count(span)).map_err(|_| too_large(span)));
            count.transpose()
        })
        .collect();
    Ok(Some(Arc::new(counts?)))
}
