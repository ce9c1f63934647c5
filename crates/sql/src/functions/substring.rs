//! `substr` whose place is counted from the end where it is less than 0, as in Flink, Hive and Spark.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

use super::over::over;

/// The functions of this module, whose work is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    over(theirs, "substr", from_the_end).into_iter().collect()
}

fn from_the_end(below: &ScalarUDF, mut call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let [text, start, ..] = call.args.as_slice() else {
        return below.invoke_with_args(call);
    };
    if let ColumnarValue::Scalar(ScalarValue::Int64(Some(start))) = start
        && *start > 0
    {
        return below.invoke_with_args(call);
    }
    let scalar = [text, start]
        .iter()
        .all(|value| matches!(value, ColumnarValue::Scalar(_)));
    let rows = if scalar { 1 } else { call.number_rows };
    let starts = cast(&start.to_array(rows)?, &DataType::Int64)?;
    let starts = starts.as_primitive::<Int64Type>();
    if starts.iter().flatten().all(|start| start > 0) {
        return below.invoke_with_args(call);
    }
    let texts = cast(&text.to_array(rows)?, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let mut made = Vec::with_capacity(rows);
    for row in 0..rows {
        made.push(match starts.is_valid(row).then(|| starts.value(row)) {
            Some(start) if start < 0 && texts.is_valid(row) => {
                let length = i64::try_from(texts.value(row).chars().count()).unwrap_or(i64::MAX);
                // A place before the first character is none, and neither is the one behind the last.
                let place = length.saturating_add(start).saturating_add(1);
                Some(if place > 0 {
                    place
                } else {
                    length.saturating_add(1)
                })
            }
            Some(start) => Some(start.max(1)),
            None => None,
        });
    }
    let made: ArrayRef = Arc::new(Int64Array::from(made));
    let made = if scalar {
        ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?)
    } else {
        ColumnarValue::Array(made)
    };
    if let Some(start) = call.args.get_mut(1) {
        *start = made;
    }
    below.invoke_with_args(call)
}
