//! `array_has_all` and `array_has_any`, which are null beside null, and elements of arrays at places that no array has.
//!
//! The functions below look at the second arrays of a whole batch first. Where these have no values together, it is forgotten which
//! of them are null, so that the answer to a record would depend on those beside it.

pub(super) mod items;

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Int64Type};
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

use super::over::over;
use super::zeros;

/// The functions of this module, whose work is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let ours = ["array_has_all", "array_has_any"];
    let ours = ours.map(|name| over(theirs, name, null_beside_null));
    let placed = ["array_element", "array_slice"].map(|name| over(theirs, name, within_places));
    ours.into_iter().chain(placed).flatten().collect()
}

/// The last place that an array has. The functions below fail of others; there is nothing at either.
const LAST: i64 = (1 << 31) - 1;
/// Steps lead out of every array, and added to a place they are still a number.
const LONGEST_STEP: i64 = 1 << 30;

fn within_places(below: &ScalarUDF, mut call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    for (argument, number) in call.args.iter_mut().enumerate().skip(1) {
        let most = if argument == 3 { LONGEST_STEP } else { LAST };
        *number = within(number, most);
    }
    below.invoke_with_args(call)
}

fn within(number: &ColumnarValue, most: i64) -> ColumnarValue {
    match number {
        ColumnarValue::Array(array) if array.data_type() == &DataType::Int64 => {
            let numbers = array.as_primitive::<Int64Type>();
            let numbers = numbers.unary::<_, Int64Type>(|number| number.clamp(-most, most));
            ColumnarValue::Array(Arc::new(numbers))
        }
        ColumnarValue::Scalar(ScalarValue::Int64(Some(number))) => {
            ColumnarValue::Scalar(ScalarValue::Int64(Some((*number).clamp(-most, most))))
        }
        other => other.clone(),
    }
}

fn null_beside_null(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let mut nulls: Option<NullBuffer> = None;
    for value in &call.args {
        match value {
            ColumnarValue::Scalar(value) if value.is_null() => {
                return Ok(ColumnarValue::Scalar(ScalarValue::Boolean(None)));
            }
            ColumnarValue::Scalar(_) => {}
            ColumnarValue::Array(array) => {
                let own = array.logical_nulls();
                nulls = NullBuffer::union(nulls.as_ref(), own.as_ref());
            }
        }
    }
    let rows = call.number_rows;
    let made = below.invoke_with_args(zeros::of_call(call)?)?;
    let Some(nulls) = nulls else {
        return Ok(made);
    };
    let made = made.into_array(rows)?;
    let made = made.as_boolean();
    let nulls = NullBuffer::union(made.nulls(), Some(&nulls));
    let made = BooleanArray::new(made.values().clone(), nulls);
    Ok(ColumnarValue::Array(Arc::new(made)))
}
