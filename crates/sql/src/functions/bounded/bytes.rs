//! What values take, each counted as if it stood alone: a text that many rows share counts for each of them.

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use arrow::array::{GenericListArray, GenericListViewArray};
use arrow::datatypes::DataType;
use datafusion_common::ScalarValue;

/// Bytes of all values of `array`.
pub(crate) fn of_all(array: &ArrayRef) -> u64 {
    of_rows(array, 0, array.len())
}

/// Bytes of a constant.
pub(crate) fn of_scalar(value: &ScalarValue) -> u64 {
    match value.try_as_str() {
        Some(text) => text.map_or(0, |text| text.len() as u64),
        None => value.to_array().map_or(0, |array| of_all(&array)),
    }
}

/// Bytes of the `count` values of `array` from `first` on, which has so many.
pub(crate) fn of_rows(array: &ArrayRef, first: usize, count: usize) -> u64 {
    let rows = count as u64;
    if let Some(width) = array.data_type().primitive_width() {
        return rows * width as u64;
    }
    match array.data_type() {
        DataType::Utf8 => {
            between(array.as_string::<i32>().value_offsets(), first, count) + 4 * rows
        }
        DataType::LargeUtf8 => {
            between(array.as_string::<i64>().value_offsets(), first, count) + 8 * rows
        }
        DataType::Binary => {
            between(array.as_binary::<i32>().value_offsets(), first, count) + 4 * rows
        }
        DataType::LargeBinary => {
            between(array.as_binary::<i64>().value_offsets(), first, count) + 8 * rows
        }
        DataType::Utf8View => lengths(array.as_string_view().views(), first, count) + 16 * rows,
        DataType::BinaryView => lengths(array.as_binary_view().views(), first, count) + 16 * rows,
        DataType::FixedSizeBinary(width) => rows * u64::from(width.unsigned_abs()),
        DataType::List(_) => of_lists(array.as_list::<i32>(), first, count),
        DataType::LargeList(_) => of_lists(array.as_list::<i64>(), first, count),
        DataType::ListView(_) => of_views(array.as_list_view::<i32>(), first, count),
        DataType::LargeListView(_) => of_views(array.as_list_view::<i64>(), first, count),
        DataType::FixedSizeList(_, length) => {
            let length = usize::try_from(*length).unwrap_or(0);
            let lists = array.as_fixed_size_list();
            let from = usize::try_from(lists.value_offset(first)).unwrap_or(0);
            of_rows(lists.values(), from, count * length)
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            let (from, entries) = range(maps.value_offsets(), first, count);
            let columns = maps.entries().columns().iter();
            columns
                .map(|column| of_rows(column, from, entries))
                .sum::<u64>()
                + 4 * rows
        }
        DataType::Struct(_) => {
            let columns = array.as_struct().columns().iter();
            columns
                .map(|column| of_rows(column, first, count))
                .sum::<u64>()
                + rows
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let keys = dictionary.normalized_keys();
            let keys = keys.into_iter().skip(first).take(count);
            let known = dictionary.values().len();
            let known = keys.filter(|key| *key < known);
            known
                .map(|key| 8 + of_rows(dictionary.values(), key, 1))
                .sum()
        }
        DataType::Boolean | DataType::Null => rows,
        _ => array.slice(first, count).get_array_memory_size() as u64,
    }
}

/// What one null of a type takes.
pub(super) fn of_null(data_type: &DataType) -> u64 {
    match data_type {
        DataType::Struct(fields) => {
            let fields = fields.iter();
            fields.map(|field| of_null(field.data_type())).sum::<u64>() + 1
        }
        DataType::FixedSizeList(item, length) => {
            of_null(item.data_type()).saturating_mul(length.unsigned_abs().into())
        }
        DataType::FixedSizeBinary(width) => width.unsigned_abs().into(),
        _ => 16,
    }
}

fn range<O: OffsetSizeTrait>(offsets: &[O], first: usize, count: usize) -> (usize, usize) {
    match (offsets.get(first), offsets.get(first + count)) {
        (Some(from), Some(to)) => (
            from.as_usize(),
            to.as_usize().saturating_sub(from.as_usize()),
        ),
        _ => (0, 0),
    }
}

fn between<O: OffsetSizeTrait>(offsets: &[O], first: usize, count: usize) -> u64 {
    range(offsets, first, count).1 as u64
}

/// The lengths in the views of texts: the lowest four bytes of each.
fn lengths(views: &[u128], first: usize, count: usize) -> u64 {
    let views = views.iter().skip(first).take(count);
    views.map(|view| (view & u128::from(u32::MAX)) as u64).sum()
}

fn of_lists<O: OffsetSizeTrait>(lists: &GenericListArray<O>, first: usize, count: usize) -> u64 {
    let (from, elements) = range(lists.value_offsets(), first, count);
    of_rows(lists.values(), from, elements) + 4 * count as u64
}

fn of_views<O: OffsetSizeTrait>(
    lists: &GenericListViewArray<O>,
    first: usize,
    count: usize,
) -> u64 {
    let offsets = lists.value_offsets().iter().skip(first).take(count);
    let sizes = lists.value_sizes().iter().skip(first);
    let each = offsets.zip(sizes);
    each.map(|(from, size)| 8 + of_rows(lists.values(), from.as_usize(), size.as_usize()))
        .sum()
}

/// The values of the lists in `array`, from where on those of the list at `place` lie, and how many they are. Those of a map are its
/// keys.
pub(in crate::functions) fn elements(
    array: &ArrayRef,
    place: usize,
) -> Option<(&ArrayRef, usize, usize)> {
    let (values, (from, count)) = match array.data_type() {
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            (lists.values(), range(lists.value_offsets(), place, 1))
        }
        DataType::LargeList(_) => {
            let lists = array.as_list::<i64>();
            (lists.values(), range(lists.value_offsets(), place, 1))
        }
        DataType::FixedSizeList(_, length) => {
            let lists = array.as_fixed_size_list();
            let from = usize::try_from(lists.value_offset(place)).ok()?;
            (lists.values(), (from, usize::try_from(*length).ok()?))
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            (maps.keys(), range(maps.value_offsets(), place, 1))
        }
        _ => return None,
    };
    Some((values, from, count))
}
