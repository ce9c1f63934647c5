//! 0 and -0 are one number also where values are looked for, as in PostgreSQL and Flink.
//!
//! Operators take them for one. IN with many items, CASE with an operand, `nullif` and the functions of arrays compare bits.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait};
use arrow::compute::{is_null, nullif as null_where};
use arrow::datatypes::{DataType, FieldRef};
use datafusion_common::utils::normalize_float_zero;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF};

use super::of_its_type::of_its_type;
use super::over::{over, simplified};

/// Functions that look for an item in an array. Those that give the array back give it with 0 for -0.
const LOOKING: &[&str] = &[
    "array_position",
    "array_positions",
    "array_remove",
    "array_remove_all",
    "array_remove_n",
    "array_replace",
    "array_replace_all",
    "array_replace_n",
];

/// The functions of this module, whose work is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let looking = LOOKING.iter().map(|name| over(theirs, name, looked_for));
    let has = simplified(theirs, "array_has", looked_for, is_told_by_in);
    looking.chain([has]).flatten().collect()
}

fn looked_for(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    below.invoke_with_args(of_call(call)?)
}

/// Whether IN says of a constant array what `array_has` does: beside null it is null for what is not found, and of Doubles it
/// compares bits.
fn is_told_by_in(arguments: &[Expr]) -> bool {
    let Some(Expr::Literal(array, _)) = arguments.first() else {
        return true;
    };
    let told =
        |items: ArrayRef| items.logical_null_count() == 0 && !items.data_type().is_floating();
    match array {
        _ if array.is_null() => true,
        ScalarValue::List(lists) => told(lists.value(0)),
        ScalarValue::LargeList(lists) => told(lists.value(0)),
        _ => true,
    }
}

/// The call with 0 for -0 in its arguments and their items.
pub(super) fn of_call(mut call: ScalarFunctionArgs) -> Result<ScalarFunctionArgs> {
    for value in &mut call.args {
        *value = plain(value)?;
    }
    Ok(call)
}

/// `nullif`, which gives its first argument as it is where it is not the second.
pub(super) fn nullif(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let Some(first) = call.args.first().cloned() else {
        return below.invoke_with_args(call);
    };
    if !first.data_type().is_floating() {
        return below.invoke_with_args(call);
    }
    let rows = call.number_rows;
    let made = below.invoke_with_args(of_call(call)?)?;
    match made {
        ColumnarValue::Scalar(made) if made.is_null() => Ok(ColumnarValue::Scalar(made)),
        ColumnarValue::Scalar(_) => Ok(first),
        ColumnarValue::Array(made) => {
            let values = null_where(&first.to_array(rows)?, &is_null(&made)?)?;
            Ok(ColumnarValue::Array(values))
        }
    }
}

fn plain(value: &ColumnarValue) -> Result<ColumnarValue> {
    if !has_doubles(&value.data_type()) {
        return Ok(value.clone());
    }
    Ok(match value {
        ColumnarValue::Array(array) => ColumnarValue::Array(plain_items(array)?),
        ColumnarValue::Scalar(value) => {
            let one = plain_items(&value.to_array()?)?;
            ColumnarValue::Scalar(ScalarValue::try_from_array(&one, 0)?)
        }
    })
}

fn has_doubles(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => has_doubles(item.data_type()),
        other => other.is_floating(),
    }
}

fn plain_items(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::List(item) => of_lists(array.as_list::<i32>(), item),
        DataType::LargeList(item) => of_lists(array.as_list::<i64>(), item),
        _ => Ok(normalize_float_zero(array)),
    }
}

fn of_lists<O: OffsetSizeTrait>(lists: &GenericListArray<O>, item: &FieldRef) -> Result<ArrayRef> {
    let lists = GenericListArray::try_new(
        Arc::clone(item),
        lists.offsets().clone(),
        plain_items(lists.values())?,
        lists.nulls().cloned(),
    )?;
    Ok(Arc::new(lists))
}

/// `plain_zero(number)`: the number, and 0 for -0.
pub(crate) fn plain_zero() -> Arc<ScalarUDF> {
    of_its_type("plain_zero", |number| plain(&number))
}
