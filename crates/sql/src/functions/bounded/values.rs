//! The arguments of one call, as the estimates look at them.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNanoType, TimeUnit};
use arrow::error::ArrowError;
use datafusion_common::Result;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs};

use super::bytes;

/// All arguments of a call and how many rows it is for. An argument that is not there, or null, has no size.
pub(super) struct Values {
    values: Vec<Value>,
    rows: usize,
}

/// One argument for all rows.
struct Value {
    array: ArrayRef,
    /// The integers in it, as those of an Int64 column; made when they are asked for.
    integers: OnceCell<Option<ArrayRef>>,
    scalar: bool,
}

impl Value {
    fn new(value: &ColumnarValue) -> Result<Self> {
        let array = match value {
            ColumnarValue::Array(array) => Arc::clone(array),
            ColumnarValue::Scalar(scalar) => scalar.to_array()?,
        };
        Ok(Self {
            array,
            integers: OnceCell::new(),
            scalar: matches!(value, ColumnarValue::Scalar(_)),
        })
    }

    fn integers(&self) -> Option<&ArrayRef> {
        let made = self.integers.get_or_init(|| integers(&self.array).ok());
        made.as_ref()
            .filter(|array| array.data_type() == &DataType::Int64)
    }

    /// Where in the array the value of `row` is, unless it is null.
    fn place(&self, row: usize) -> Option<usize> {
        let place = if self.scalar { 0 } else { row };
        (place < self.array.len() && self.array.is_valid(place)).then_some(place)
    }
}

impl Values {
    pub(super) fn of(call: &ScalarFunctionArgs) -> Result<Self> {
        let values = call.args.iter().map(Value::new);
        let values: Vec<Value> = values.collect::<Result<_>>()?;
        let rows = if values.iter().all(|value| value.scalar) {
            1
        } else {
            call.number_rows
        };
        Ok(Self { values, rows })
    }

    pub(super) fn count_of_arguments(&self) -> usize {
        self.values.len()
    }

    /// What `size` says of all rows.
    pub(super) fn over_rows(&self, size: impl Fn(usize) -> u64) -> u64 {
        (0..self.rows).fold(0, |sum, row| sum.saturating_add(size(row)))
    }

    /// Bytes of an argument in all rows.
    pub(super) fn total(&self, argument: usize) -> u64 {
        self.values.get(argument).map_or(0, |value| {
            let once = bytes::of_all(&value.array);
            if value.scalar {
                once.saturating_mul(self.rows as u64)
            } else {
                once
            }
        })
    }

    fn at(&self, argument: usize, row: usize) -> Option<(&Value, usize)> {
        let value = self.values.get(argument)?;
        Some((value, value.place(row)?))
    }

    pub(super) fn is_constant(&self, argument: usize) -> bool {
        self.values.get(argument).is_none_or(|value| value.scalar)
    }

    /// Whether an argument is an array of SQL.
    pub(super) fn is_array(&self, argument: usize) -> bool {
        let value = self.values.get(argument);
        value.is_some_and(|value| value.array.data_type().is_list())
    }

    pub(super) fn text<R: Default>(
        &self,
        argument: usize,
        row: usize,
        read: impl Fn(&str) -> R,
    ) -> R {
        let Some((value, place)) = self.at(argument, row) else {
            return R::default();
        };
        text_at(&value.array, place).map(read).unwrap_or_default()
    }

    /// The texts of an argument, each once.
    pub(super) fn different(&self, argument: usize) -> HashSet<&str> {
        let rows = 0..self.rows;
        rows.filter_map(|row| {
            let (value, place) = self.at(argument, row)?;
            text_at(&value.array, place)
        })
        .collect()
    }

    /// Bytes of a text.
    pub(super) fn length(&self, argument: usize, row: usize) -> u64 {
        self.text(argument, row, |text| text.len() as u64)
    }

    pub(super) fn integer(&self, argument: usize, row: usize) -> i64 {
        let integers = self.at(argument, row).and_then(|(value, place)| {
            Some(value.integers()?.as_primitive::<Int64Type>().value(place))
        });
        integers.unwrap_or_default()
    }

    /// An integer that counts something.
    pub(super) fn count(&self, argument: usize, row: usize) -> u64 {
        u64::try_from(self.integer(argument, row)).unwrap_or(0)
    }

    /// The step of a series: an integer, or an interval in microseconds; 1 where none is given.
    pub(super) fn step(&self, argument: usize, row: usize) -> i64 {
        if self.values.len() <= argument {
            return 1;
        }
        let interval = self.at(argument, row).and_then(|(value, place)| {
            let intervals = value.array.as_primitive_opt::<IntervalMonthDayNanoType>()?;
            Some(intervals.value(place))
        });
        match interval {
            // A month has 28 days at least.
            Some(step) => (i64::from(step.months) * 28 + i64::from(step.days))
                .saturating_mul(86_400_000_000)
                .saturating_add(step.nanoseconds / 1_000),
            None => self.integer(argument, row),
        }
    }

    /// Bytes of a value of any type; those of a null where it is one.
    pub(super) fn size(&self, argument: usize, row: usize) -> u64 {
        let Some((value, place)) = self.at(argument, row) else {
            return self
                .values
                .get(argument)
                .map_or(0, |value| bytes::of_null(value.array.data_type()));
        };
        bytes::of_rows(&value.array, place, 1).max(bytes::of_null(value.array.data_type()))
    }

    /// Bytes of one null among the elements of a list.
    pub(super) fn null_element(&self, argument: usize) -> u64 {
        let data_type = self
            .values
            .get(argument)
            .map(|value| value.array.data_type());
        match data_type {
            Some(
                DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _),
            ) => bytes::of_null(item.data_type()),
            _ => 0,
        }
    }

    /// Elements of a list, without those of lists within it.
    pub(super) fn elements(&self, argument: usize, row: usize) -> u64 {
        self.at(argument, row)
            .map_or(0, |(value, place)| count_of(&value.array, place, false))
    }

    /// Elements of a list that are no lists, however deep they lie, and those lists.
    pub(super) fn leaves(&self, argument: usize, row: usize) -> u64 {
        self.at(argument, row)
            .map_or(0, |(value, place)| count_of(&value.array, place, true))
    }
}

/// Numbers as they are, days as microseconds.
fn integers(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Date32 => {
            let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
            cast(&cast(array, &micros)?, &DataType::Int64)
        }
        number if number.is_integer() => cast(array, &DataType::Int64),
        _ => Ok(Arc::clone(array)),
    }
}

fn text_at(array: &ArrayRef, place: usize) -> Option<&str> {
    match array.data_type() {
        DataType::Utf8 => Some(array.as_string::<i32>().value(place)),
        DataType::LargeUtf8 => Some(array.as_string::<i64>().value(place)),
        DataType::Utf8View => Some(array.as_string_view().value(place)),
        _ => None,
    }
}

/// The elements of the list at `place`, and where `deep` those of the lists that they are.
fn count_of(array: &ArrayRef, place: usize, deep: bool) -> u64 {
    let Some((values, from, count)) = bytes::elements(array, place) else {
        return 0;
    };
    let elements = count as u64;
    if !deep || !values.data_type().is_nested() {
        return elements;
    }
    (from..from + count).fold(elements, |sum, place| {
        sum.saturating_add(count_of(values, place, true))
    })
}
