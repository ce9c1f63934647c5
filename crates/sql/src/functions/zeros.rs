//! 0 and -0 are one number also where values are looked for, as in PostgreSQL and Flink.
//!
//! Operators take them for one. IN with many items, CASE with an operand, `nullif` and the functions of arrays compare bits, and so
//! does everything that compares arrays, structs and maps whole.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait,
    StructArray,
};
use arrow::compute::{is_null, nullif as null_where};
use arrow::datatypes::{DataType, FieldRef};
use datafusion_common::utils::normalize_float_zero;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF};
use datafusion_functions_nested::remove::array_remove_all_udf;

use super::arrays::items::among_structs;
use super::of_its_type::of_its_type;
use super::over::{over, simplified};

/// Functions that look for an item in an array. Those that give the array back give it with 0 for -0.
const LOOKING: &[&str] = &[
    "array_position",
    "array_positions",
    "array_remove_all",
    "array_remove_n",
    "array_replace",
    "array_replace_all",
    "array_replace_n",
];

/// Functions that take equal items for one. Of Doubles they know both zeros; in arrays and structs within an array they compare bits.
const GROUPING: &[&str] = &[
    "array_distinct",
    "array_except",
    "array_intersect",
    "array_union",
];

/// The functions of this module, whose work is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let looking = LOOKING
        .iter()
        .map(|name| over(theirs, name, looked_for_in_any));
    let has = simplified(theirs, "array_has", looked_for, is_told_by_in);
    let remove = over(theirs, "array_remove", all_removed);
    let grouping = GROUPING.iter().map(|name| over(theirs, name, grouped));
    let looking = looking.chain([has, remove]);
    looking.chain(grouping).flatten().collect()
}

/// [`looked_for`] by a function that compares no structs.
fn looked_for_in_any(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    among_structs(below, of_call(call)?)
}

/// `array_remove` takes all equal items out, as elsewhere, and not the first.
fn all_removed(_first: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    looked_for_in_any(&array_remove_all_udf(), call)
}

fn looked_for(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    below.invoke_with_args(of_call(call)?)
}

fn grouped(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let item = call.args.first().and_then(|array| match array.data_type() {
        DataType::List(item) | DataType::LargeList(item) => Some(item),
        _ => None,
    });
    match item {
        Some(item) if item.data_type().is_nested() => looked_for(below, call),
        _ => below.invoke_with_args(call),
    }
}

/// Whether IN says of a constant array what `array_has` does: beside null it is null for what is not found, and of Doubles it
/// compares bits.
fn is_told_by_in(arguments: &[Expr]) -> bool {
    let Some(Expr::Literal(array, _)) = arguments.first() else {
        return true;
    };
    let told =
        |items: ArrayRef| items.logical_null_count() == 0 && !holds_doubles(items.data_type());
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
    if !holds_doubles(&first.data_type()) {
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
    if !holds_doubles(&value.data_type()) {
        return Ok(value.clone());
    }
    Ok(match value {
        ColumnarValue::Array(array) => ColumnarValue::Array(plain_items(array)?),
        ColumnarValue::Scalar(value) => ColumnarValue::Scalar(plain_value(value)?),
    })
}

/// The constant with 0 for -0 in it.
pub(crate) fn plain_value(value: &ScalarValue) -> Result<ScalarValue> {
    if !holds_doubles(&value.data_type()) {
        return Ok(value.clone());
    }
    let one = plain_items(&value.to_array()?)?;
    ScalarValue::try_from_array(&one, 0)
}

/// Whether values of the type are Doubles or Floats, or have them in them.
pub(crate) fn holds_doubles(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => holds_doubles(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_doubles(field.data_type())),
        other => other.is_floating(),
    }
}

/// The values with 0 for -0 in them.
pub(super) fn plain_items(array: &ArrayRef) -> Result<ArrayRef> {
    if !holds_doubles(array.data_type()) {
        return Ok(Arc::clone(array));
    }
    match array.data_type() {
        DataType::List(item) => of_lists(array.as_list::<i32>(), item),
        DataType::LargeList(item) => of_lists(array.as_list::<i64>(), item),
        DataType::FixedSizeList(item, size) => {
            let lists = array.as_fixed_size_list();
            let lists = FixedSizeListArray::try_new_with_length(
                Arc::clone(item),
                *size,
                plain_items(lists.values())?,
                lists.nulls().cloned(),
                lists.len(),
            )?;
            Ok(Arc::new(lists))
        }
        DataType::Struct(_) => Ok(Arc::new(of_struct(array.as_struct())?)),
        DataType::Map(entries, ordered) => {
            let maps = array.as_map();
            let maps = MapArray::try_new(
                Arc::clone(entries),
                maps.offsets().clone(),
                of_struct(maps.entries())?,
                maps.nulls().cloned(),
                *ordered,
            )?;
            Ok(Arc::new(maps))
        }
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

fn of_struct(values: &StructArray) -> Result<StructArray> {
    let columns = values.columns().iter().map(plain_items);
    let values = StructArray::try_new_with_length(
        values.fields().clone(),
        columns.collect::<Result<_>>()?,
        values.nulls().cloned(),
        values.len(),
    )?;
    Ok(values)
}

/// The name by which the plan knows the function below.
pub(crate) const NAME: &str = "plain_zero";

/// `plain_zero(value)`: the value with 0 for -0 in it.
pub(crate) fn plain_zero() -> Arc<ScalarUDF> {
    of_its_type(NAME, |value| plain(&value))
}
