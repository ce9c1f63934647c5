//! Functions of numbers that have no value for some: an error, and no infinity or `NaN` that sinks write as null.
//!
//! `round` and `trunc` to more places than a Double has digits leave it as it is.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

use super::over::over;

/// Functions that are infinite or no number for some arguments.
const NOT_EVERYWHERE: &[&str] = &[
    "acos", "acosh", "asin", "atanh", "cosh", "cot", "degrees", "exp", "ln", "log10", "log2",
    "power", "sinh", "sqrt", "tan",
];

/// The functions of this module, whose work is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let finite = NOT_EVERYWHERE.iter().map(|name| over(theirs, name, finite));
    let others = [
        over(theirs, "log", log),
        over(theirs, "round", round),
        over(theirs, "trunc", trunc),
    ];
    finite.chain(others).flatten().collect()
}

fn finite(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let arguments = call.args.clone();
    let made = below.invoke_with_args(call)?;
    refuse_infinite(below.name(), &arguments, &made)?;
    Ok(made)
}

/// [`finite`], and no base of 0: to divide by its infinite logarithm gives 0 for every number.
fn log(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let base = call.args.first().filter(|_| call.args.len() > 1).cloned();
    let rows = call.number_rows;
    let made = finite(below, call)?;
    let Some(base) = base else {
        return Ok(made);
    };
    let rows = match &made {
        ColumnarValue::Array(_) => rows,
        ColumnarValue::Scalar(_) => 1,
    };
    let given = made.to_array(rows)?;
    let bases = cast(&base.to_array(rows)?, &DataType::Float64)?;
    let bases = bases.as_primitive::<Float64Type>().iter().enumerate();
    let mut zeros = bases.filter(|(_, base)| base.is_some_and(|base| base == 0.0));
    if zeros.any(|(row, _)| given.is_valid(row)) {
        return exec_err!("no logarithm has the base 0");
    }
    Ok(made)
}

fn round(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    to_places(below, call, f64::round)
}

fn trunc(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    to_places(below, call, f64::trunc)
}

/// Cuts Doubles and Floats to some places by `whole`; decimals and whole numbers are left to `below`.
fn to_places(
    below: &ScalarUDF,
    call: ScalarFunctionArgs,
    whole: fn(f64) -> f64,
) -> Result<ColumnarValue> {
    let [number, places] = call.args.as_slice() else {
        return below.invoke_with_args(call);
    };
    let data_type = number.data_type();
    if !matches!(data_type, DataType::Float32 | DataType::Float64) {
        return below.invoke_with_args(call);
    }
    let all = [number, places];
    let scalar = all
        .iter()
        .all(|value| matches!(value, ColumnarValue::Scalar(_)));
    let rows = if scalar { 1 } else { call.number_rows };
    let numbers = cast(&number.to_array(rows)?, &DataType::Float64)?;
    let places = cast(&places.to_array(rows)?, &DataType::Int64)?;
    let pairs = numbers
        .as_primitive::<Float64Type>()
        .iter()
        .zip(places.as_primitive::<Int64Type>());
    let cut = pairs.map(|(number, places)| Some(to_place(number?, places?, whole)));
    let cut: ArrayRef = Arc::new(cut.collect::<Float64Array>());
    let cut = cast(&cut, &data_type)?;
    let made = if scalar {
        ColumnarValue::Scalar(ScalarValue::try_from_array(&cut, 0)?)
    } else {
        ColumnarValue::Array(cut)
    };
    refuse_infinite(below.name(), &call.args, &made)?;
    Ok(made)
}

/// The whole numbers from which on a Double has no digits behind the point.
const WHOLE: f64 = 9_007_199_254_740_992.0;
/// The places of the largest Double.
const LARGEST: i64 = 308;

fn to_place(number: f64, places: i64, whole: fn(f64) -> f64) -> f64 {
    if places < -LARGEST {
        return if number.is_finite() { 0.0 } else { number };
    }
    // One more than there are gives an infinite factor.
    let factor = |places: i64| 10_f64.powi(i32::try_from(places.min(LARGEST + 1)).unwrap_or(0));
    if places < 0 {
        let factor = factor(-places);
        return whole(number / factor) * factor;
    }
    let factor = factor(places);
    let moved = number * factor;
    if moved.abs() < WHOLE {
        whole(moved) / factor
    } else {
        number
    }
}

/// Refuses what is infinite or no number, and was made of numbers that are.
fn refuse_infinite(name: &str, arguments: &[ColumnarValue], made: &ColumnarValue) -> Result<()> {
    let data_type = made.data_type();
    if !data_type.is_floating() {
        return Ok(());
    }
    let rows = match made {
        ColumnarValue::Array(array) => array.len(),
        ColumnarValue::Scalar(_) => 1,
    };
    let made = cast(&made.to_array(rows)?, &DataType::Float64)?;
    let made = made.as_primitive::<Float64Type>();
    if made.iter().flatten().all(f64::is_finite) {
        return Ok(());
    }
    let arguments = arguments.iter().map(|value| {
        let array = value.to_array(rows)?;
        Ok(cast(&array, &DataType::Float64)?)
    });
    let arguments: Vec<ArrayRef> = arguments.collect::<Result<_>>()?;
    for (row, value) in made.iter().enumerate() {
        let Some(value) = value.filter(|value| !value.is_finite()) else {
            continue;
        };
        let given = arguments.iter().map(|array| {
            let array = array.as_primitive::<Float64Type>();
            (row < array.len() && array.is_valid(row)).then(|| array.value(row))
        });
        let given: Vec<f64> = given.flatten().collect();
        if !given.iter().all(|number| number.is_finite()) {
            continue;
        }
        let given: Vec<String> = given.iter().map(ToString::to_string).collect();
        let call = format!("{name}({})", given.join(", "));
        if value.is_nan() {
            return exec_err!("{call} is no number");
        }
        let a_type = match data_type {
            DataType::Float64 => "Double",
            _ => "Float",
        };
        return exec_err!("{call} is infinite, or too large for a {a_type}");
    }
    Ok(())
}
