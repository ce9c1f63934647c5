//! Every function keeps within its [room], whatever a record asks of it.
//!
//! - A function whose arguments say how large its result is asks for room before it makes anything.
//! - One that puts its arguments together asks for what is more than the largest of them.
//! - Any other makes at most so many times what it is given, which `linear` says of each by its name. What it made beyond
//!   the largest of its arguments is taken afterwards, so that a chain of them does not grow without end.
//!
//! So no value of an evaluation is larger than the largest column and the room together.

pub(crate) mod bytes;
mod estimates;
pub(crate) mod lambdas;
#[cfg(test)]
mod linear;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;

use arrow::array::{Array, AsArray, new_null_array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

use self::estimates::Bound;
use self::values::Values;
use super::over::{guarded, over};
use super::room;

/// Functions of `theirs` that need more than an estimate.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    [
        over(theirs, "lpad", pad),
        over(theirs, "rpad", pad),
        over(theirs, "levenshtein", levenshtein),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How many pairs of characters `levenshtein` compares for what is a byte of others.
const COMPARED: u64 = 4;

/// Constants up to so many bytes are no matter however many rows there are.
const SMALL: u64 = 1 << 10;

/// `lpad` and `rpad`. Less than no characters are none.
fn pad(below: &ScalarUDF, mut arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    if let Some(count) = arguments.args.get_mut(1) {
        *count = not_negative(count);
    }
    below.invoke_with_args(arguments)
}

fn not_negative(count: &ColumnarValue) -> ColumnarValue {
    match count {
        ColumnarValue::Array(array) if array.data_type() == &DataType::Int64 => {
            let counts = array.as_primitive::<Int64Type>();
            let counts = counts.unary::<_, Int64Type>(|count| count.max(0));
            ColumnarValue::Array(Arc::new(counts))
        }
        ColumnarValue::Scalar(ScalarValue::Int64(Some(count))) => {
            ColumnarValue::Scalar(ScalarValue::Int64(Some((*count).max(0))))
        }
        other => other.clone(),
    }
}

/// Every character of one text is compared with every one of the other: it is the time that is bounded, not the memory.
fn levenshtein(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let values = Values::of(&arguments)?;
    let pairs = values.over_rows(|row| values.length(0, row).saturating_mul(values.length(1, row)));
    if room::take(below.name(), pairs / COMPARED).is_err() {
        return exec_err!(
            "levenshtein would compare {pairs} pairs of characters, and compares at most {} at once",
            room::ROOM * COMPARED
        );
    }
    below.invoke_with_args(arguments)
}

/// `function` within its room.
pub(crate) fn bounded(function: &Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    guarded(function, within_room)
}

/// [`counted`], and no rows of none: some functions fail there, or make one.
fn within_room(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    if call.number_rows > 0 {
        return counted(below, call);
    }
    let given = call.clone();
    let made = counted(below, call).or_else(|failed| match of_nulls(given) {
        Some(call) => counted(below, call).map_err(|_| failed),
        None => Err(failed),
    });
    // Some make a row all the same.
    Ok(match made? {
        ColumnarValue::Array(array) => ColumnarValue::Array(array.slice(0, 0)),
        scalar => scalar,
    })
}

/// A row of nulls in the place of no rows, of which some functions fail: a query is tried on none, and a lambda over empty
/// arrays is called for none. There is none for a call of constants.
fn of_nulls(mut call: ScalarFunctionArgs) -> Option<ScalarFunctionArgs> {
    call.number_rows = 1;
    let mut has_columns = false;
    for value in &mut call.args {
        if let ColumnarValue::Array(array) = value {
            has_columns = true;
            *array = new_null_array(array.data_type(), 1);
        }
    }
    has_columns.then_some(call)
}

/// Asks for room before the call is made where it can be told how much it needs, and takes what it has made otherwise.
fn counted(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let name = below.name();
    match estimates::bound(name) {
        Some(Bound::Makes(bytes)) => room::take(name, bytes(&Values::of(&call)?))?,
        Some(Bound::Joins(bytes)) => {
            let more = bytes(&Values::of(&call)?).saturating_sub(largest(&call.args));
            room::take(name, more)?;
        }
        None => {
            let rows = call.number_rows as u64;
            let constants = call.args.iter().filter_map(|value| match value {
                ColumnarValue::Scalar(value) => Some(bytes::of_scalar(value)),
                ColumnarValue::Array(_) => None,
            });
            let constants = constants.filter(|bytes| *bytes > SMALL).sum::<u64>();
            room::fits(name, constants.saturating_mul(rows))?;
            let given = largest(&call.args);
            let made = below.invoke_with_args(call)?;
            settle(name, given, &made)?;
            return Ok(made);
        }
    }
    below.invoke_with_args(call)
}

/// Bytes of the largest argument.
fn largest(arguments: &[ColumnarValue]) -> u64 {
    arguments.iter().map(bytes_of).max().unwrap_or(0)
}

pub(crate) fn bytes_of(value: &ColumnarValue) -> u64 {
    match value {
        ColumnarValue::Array(array) => bytes::of_all(array),
        ColumnarValue::Scalar(value) => bytes::of_scalar(value),
    }
}

/// Takes what `made` has more than the largest of what it was made of, whose bytes are `given`.
pub(crate) fn settle(name: &str, given: u64, made: &ColumnarValue) -> Result<()> {
    room::take(name, bytes_of(made).saturating_sub(given))
}
