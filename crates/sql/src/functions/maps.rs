//! `map(keys, values)`: each record has the keys and the values of its own lists, and lists of two lengths make it a bad one.
//!
//! DataFusion's puts the values of all records behind one another and counts them off by the keys: one value too many moves those
//! of every record behind it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, MapArray, NullBufferBuilder, OffsetSizeTrait,
    StructArray, UInt64Array,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{ArrowNativeType, DataType, Field, Fields};
use arrow::row::{RowConverter, SortField};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use millstream_core::counted;

use super::over::over;
use super::zeros::plain_items;

/// The function of this module, which has the signature of the one of `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    over(theirs, "map", map).into_iter().collect()
}

fn map(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let [keys, values] = call.args.as_slice() else {
        return below.invoke_with_args(call);
    };
    let is_constant = |list: &ColumnarValue| matches!(list, ColumnarValue::Scalar(_));
    let constant = is_constant(keys) && is_constant(values);
    let rows = if constant { 1 } else { call.number_rows };
    let keys = Lists::of(&keys.to_array(rows)?)?;
    let values = Lists::of(&values.to_array(rows)?)?;
    let maps = zipped(&keys, &values)?;
    Ok(if constant {
        ColumnarValue::Scalar(ScalarValue::try_from_array(&maps, 0)?)
    } else {
        ColumnarValue::Array(Arc::new(maps))
    })
}

/// The lists of an argument.
struct Lists {
    items: ArrayRef,
    /// Where among the items those of each list lie; none where the list is null.
    places: Vec<Option<Range<usize>>>,
}

impl Lists {
    fn of(array: &ArrayRef) -> Result<Self> {
        match array.data_type() {
            DataType::List(_) => Ok(Self::between(array.as_list::<i32>())),
            DataType::LargeList(_) => Ok(Self::between(array.as_list::<i64>())),
            DataType::FixedSizeList(_, length) => {
                let lists = array.as_fixed_size_list();
                let length = length.as_usize();
                let place = |row| {
                    lists
                        .is_valid(row)
                        .then(|| row * length..(row + 1) * length)
                };
                Ok(Self {
                    items: Arc::clone(lists.values()),
                    places: (0..lists.len()).map(place).collect(),
                })
            }
            other => exec_err!("map takes a list of keys and one of values, and not {other}"),
        }
    }

    fn between<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Self {
        let ends = lists.value_offsets().windows(2).enumerate();
        let places = ends.map(|(row, ends)| match ends {
            [from, to] if lists.is_valid(row) => Some(from.as_usize()..to.as_usize()),
            _ => None,
        });
        Self {
            items: Arc::clone(lists.values()),
            places: places.collect(),
        }
    }
}

/// A map for each pair of lists; null where one of them is.
fn zipped(keys: &Lists, values: &Lists) -> Result<MapArray> {
    let (mut of_keys, mut of_values) = (Vec::new(), Vec::new());
    let mut ends = vec![0_i32];
    let mut nulls = NullBufferBuilder::new(keys.places.len());
    for pair in keys.places.iter().zip(&values.places) {
        let (Some(own), Some(beside)) = pair else {
            ends.push(ends.last().copied().unwrap_or_default());
            nulls.append_null();
            continue;
        };
        if own.len() != beside.len() {
            return exec_err!(
                "map takes lists of the same length, and is given {} and {}",
                counted(own.len(), "key"),
                counted(beside.len(), "value")
            );
        }
        of_keys.extend(own.clone().map(|place| place as u64));
        of_values.extend(beside.clone().map(|place| place as u64));
        let Ok(end) = i32::try_from(of_keys.len()) else {
            return exec_err!("maps have no room for {} entries together", of_keys.len());
        };
        ends.push(end);
        nulls.append_non_null();
    }
    // As keys, 0 and -0 are one.
    let keys = plain_items(&take(&keys.items, &UInt64Array::from(of_keys), None)?)?;
    refuse_doubles(&keys, &ends)?;
    let values = take(&values.items, &UInt64Array::from(of_values), None)?;
    let fields = Fields::from(vec![
        Field::new("key", keys.data_type().clone(), false),
        Field::new("value", values.data_type().clone(), true),
    ]);
    let entries = StructArray::try_new(fields, vec![keys, values], None)?;
    let field = Field::new("entries", entries.data_type().clone(), false);
    let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
    let maps = MapArray::try_new(Arc::new(field), ends, entries, nulls.finish(), false)?;
    Ok(maps)
}

/// Refuses what would be no key, and one key twice in a record.
fn refuse_doubles(keys: &ArrayRef, ends: &[i32]) -> Result<()> {
    if keys.logical_null_count() > 0 {
        return exec_err!("map key cannot be null");
    }
    let converter = RowConverter::new(vec![SortField::new(keys.data_type().clone())])?;
    let all = converter.convert_columns(std::slice::from_ref(keys))?;
    let mut seen = HashSet::new();
    for record in ends.windows(2) {
        let [from, to] = record else {
            continue;
        };
        seen.clear();
        let mut places = from.as_usize()..to.as_usize();
        if let Some(double) = places.find(|place| !seen.insert(all.row(*place))) {
            let key = ScalarValue::try_from_array(keys, double)?;
            return exec_err!("map key must be unique, duplicate key found: {key}");
        }
    }
    Ok(())
}
