//! Items of arrays that are structs, among which functions look for one.
//!
//! DataFusion compares no structs there. Each of them stands for a number, which equal ones have together: the function is called
//! with arrays of numbers, and what it gives of them is made of the structs again.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{DataType, Field, FieldRef, UInt64Type};
use arrow::row::{RowConverter, SortField};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

/// Calls `below`, with numbers in the place of structs if there are some in the items of its array.
pub(in crate::functions) fn among_structs(
    below: &ScalarUDF,
    call: ScalarFunctionArgs,
) -> Result<ColumnarValue> {
    match call.args.first().map(ColumnarValue::data_type) {
        Some(DataType::List(item)) if holds_structs(item.data_type()) => {
            by_number::<i32>(below, call, item.data_type())
        }
        Some(DataType::LargeList(item)) if holds_structs(item.data_type()) => {
            by_number::<i64>(below, call, item.data_type())
        }
        _ => below.invoke_with_args(call),
    }
}

fn holds_structs(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(_) => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            holds_structs(item.data_type())
        }
        _ => false,
    }
}

fn by_number<O: OffsetSizeTrait>(
    below: &ScalarUDF,
    mut call: ScalarFunctionArgs,
    item: &DataType,
) -> Result<ColumnarValue> {
    let Some((array, others)) = call.args.split_first_mut() else {
        return exec_err!("{} takes an array first", below.name());
    };
    let lists = once(array)?;
    let lists = lists.as_list::<O>();
    let mut parts = vec![items_of(lists)];
    // What is no item is the number of a place.
    let is_item = |value: &&mut ColumnarValue| !value.data_type().is_integer();
    for value in others.iter_mut().filter(is_item) {
        parts.push(cast(&once(value)?, item)?);
    }
    let all: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let all = concat(&all)?;
    let numbers = numbers_of(&all)?;
    let mut own = Vec::with_capacity(parts.len());
    let mut from = 0;
    for part in &parts {
        own.push(numbers.slice(from, part.len()));
        from += part.len();
    }
    let mut own = own.into_iter();
    if let Some(items) = own.next() {
        *array = as_given(array, &numbered(lists, items)?)?;
    }
    for (value, numbers) in others.iter_mut().filter(is_item).zip(own) {
        let numbers: ArrayRef = Arc::new(numbers);
        *value = as_given(value, &numbers)?;
    }
    let numbers = array.data_type();
    let made_of = match call.return_field.data_type() {
        DataType::List(made) | DataType::LargeList(made) if holds_structs(made.data_type()) => {
            Arc::clone(made)
        }
        _ => return below.invoke_with_args(call),
    };
    call.return_field = Arc::new(Field::new(below.name(), numbers, true));
    let rows = call.number_rows;
    let made = below.invoke_with_args(call)?.into_array(rows)?;
    given_back(made.as_list::<O>(), made_of, &all)
}

/// The values; of a constant one alone.
fn once(value: &ColumnarValue) -> Result<ArrayRef> {
    match value {
        ColumnarValue::Array(array) => Ok(Arc::clone(array)),
        ColumnarValue::Scalar(value) => value.to_array(),
    }
}

/// `values` as a constant, where `value` is one.
fn as_given(value: &ColumnarValue, values: &ArrayRef) -> Result<ColumnarValue> {
    Ok(match value {
        ColumnarValue::Array(_) => ColumnarValue::Array(Arc::clone(values)),
        ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::try_from_array(values, 0)?),
    })
}

/// The items of all lists, without those that none of them has.
fn items_of<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> ArrayRef {
    let offsets = lists.value_offsets();
    let first = offsets.first().map_or(0, |at| at.as_usize());
    let end = offsets.last().map_or(0, |at| at.as_usize());
    lists.values().slice(first, end.saturating_sub(first))
}

/// For each value the place of the first one that equals it; null for a null.
fn numbers_of(values: &ArrayRef) -> Result<UInt64Array> {
    let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
    let rows = converter.convert_columns(&[Arc::clone(values)])?;
    let mut known = HashMap::new();
    let numbers = rows.iter().enumerate().map(|(place, row)| {
        let number = *known.entry(row).or_insert(place as u64);
        values.is_valid(place).then_some(number)
    });
    Ok(numbers.collect())
}

/// The lists with numbers for their items.
fn numbered<O: OffsetSizeTrait>(
    lists: &GenericListArray<O>,
    numbers: UInt64Array,
) -> Result<ArrayRef> {
    let item = Arc::new(Field::new_list_field(DataType::UInt64, true));
    let offsets = OffsetBuffer::<O>::from_lengths(lists.offsets().lengths());
    let nulls = lists.nulls().cloned();
    let lists = GenericListArray::<O>::try_new(item, offsets, Arc::new(numbers), nulls)?;
    Ok(Arc::new(lists))
}

/// The lists of numbers with the items for which these stand.
fn given_back<O: OffsetSizeTrait>(
    lists: &GenericListArray<O>,
    item: FieldRef,
    all: &ArrayRef,
) -> Result<ColumnarValue> {
    let values = take(all, lists.values().as_primitive::<UInt64Type>(), None)?;
    let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
    let lists = GenericListArray::<O>::try_new(item, offsets, values, nulls)?;
    Ok(ColumnarValue::Array(Arc::new(lists)))
}
