//! Functions that ask for [room] before they make what an argument gives the size of.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNanoType, TimeUnit};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

use super::over::over;
use super::room;

/// The functions of this module, whose work is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    [
        over(theirs, "repeat", repeat),
        over(theirs, "lpad", pad),
        over(theirs, "rpad", pad),
        over(theirs, "replace", replace),
        over(theirs, "regexp_replace", regexp_replace),
        over(theirs, "array_repeat", array_repeat),
        over(theirs, "array_resize", array_resize),
        over(theirs, "array_to_string", array_to_string),
        over(theirs, "levenshtein", levenshtein),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How many pairs of characters `levenshtein` compares for what is a byte of others.
const COMPARED: u64 = 4;

/// The longest character, in bytes.
const CHARACTER: u64 = 4;
/// What an element of an array takes at least, in bytes.
const ELEMENT: u64 = 16;

fn repeat(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    make(below, arguments, |values, row| {
        values.length(0, row).saturating_mul(values.count(1, row))
    })
}

/// `lpad` and `rpad`. Less than no characters are none.
fn pad(below: &ScalarUDF, mut arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    if let Some(count) = arguments.args.get_mut(1) {
        *count = not_negative(count)?;
    }
    make(below, arguments, |values, row| {
        values.count(1, row).saturating_mul(CHARACTER)
    })
}

fn replace(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    make(below, arguments, |values, row| {
        let (text, from) = (values.length(0, row), values.length(1, row));
        let most = text / from.max(1) + 1;
        most.saturating_mul(values.length(2, row))
            .saturating_add(text)
    })
}

fn regexp_replace(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let everywhere = arguments.args.len() > 3;
    make(below, arguments, |values, row| {
        let (text, by) = (values.length(0, row), values.length(2, row));
        // Each reference to a group adds the whole text at most, over all matches.
        let references = values.text(2, row, |by| by.matches(['\\', '$']).count() as u64);
        let most = if everywhere { text + 1 } else { 1 };
        most.saturating_mul(by)
            .saturating_add(text.saturating_mul(references + 1))
    })
}

fn array_repeat(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    make(below, arguments, |values, row| {
        let element = values.size(0, row).max(ELEMENT);
        element.saturating_mul(values.count(1, row))
    })
}

fn array_resize(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    make(below, arguments, |values, row| {
        let element = values.size(2, row).max(ELEMENT);
        element.saturating_mul(values.count(1, row))
    })
}

fn array_to_string(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    make(below, arguments, |values, row| {
        let between = values.length(1, row).max(values.length(2, row));
        values.elements(0, row).saturating_mul(between)
    })
}

/// Every character of one text is compared with every one of the other: it is the time that is bounded, not the memory.
fn levenshtein(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let pairs = over_rows(&arguments, |values, row| {
        values.length(0, row).saturating_mul(values.length(1, row))
    })?;
    if room::take(below.name(), pairs / COMPARED).is_err() {
        return exec_err!(
            "levenshtein would compare {pairs} pairs of characters, and compares at most {} at once",
            room::ROOM * COMPARED
        );
    }
    below.invoke_with_args(arguments)
}

/// `range` and `generate_series` of whole numbers and days: from, to and step, or the end alone.
pub(super) fn series(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    make(below, arguments, |values, row| {
        let (from, to) = match values.0.len() {
            1 => (0, values.integer(0, row)),
            _ => (values.integer(0, row), values.integer(1, row)),
        };
        let step = values.step(2, row);
        if (step > 0 && to < from) || (step < 0 && to > from) {
            return 0;
        }
        let elements = to.abs_diff(from) / step.unsigned_abs().max(1) + 1;
        elements.saturating_mul(ELEMENT)
    })
}

/// Has `below` make its values if there is room for what `size` says of all rows.
fn make(
    below: &ScalarUDF,
    arguments: ScalarFunctionArgs,
    size: impl Fn(&Values, usize) -> u64,
) -> Result<ColumnarValue> {
    let bytes = over_rows(&arguments, size)?;
    room::take(below.name(), bytes)?;
    below.invoke_with_args(arguments)
}

/// What `size` says of all rows.
fn over_rows(arguments: &ScalarFunctionArgs, size: impl Fn(&Values, usize) -> u64) -> Result<u64> {
    let values = arguments.args.iter().map(Value::new);
    let values = Values(values.collect::<Result<_>>()?);
    let rows = if arguments.args.iter().all(is_scalar) {
        1
    } else {
        arguments.number_rows
    };
    Ok((0..rows).fold(0_u64, |sum, row| sum.saturating_add(size(&values, row))))
}

fn is_scalar(value: &ColumnarValue) -> bool {
    matches!(value, ColumnarValue::Scalar(_))
}

fn not_negative(count: &ColumnarValue) -> Result<ColumnarValue> {
    Ok(match count {
        ColumnarValue::Array(array) if array.data_type() == &DataType::Int64 => {
            let counts = array.as_primitive::<Int64Type>();
            let counts = counts.unary::<_, Int64Type>(|count| count.max(0));
            ColumnarValue::Array(Arc::new(counts))
        }
        ColumnarValue::Scalar(ScalarValue::Int64(Some(count))) => {
            ColumnarValue::Scalar(ScalarValue::Int64(Some((*count).max(0))))
        }
        other => other.clone(),
    })
}

/// One argument for all rows.
struct Value {
    array: ArrayRef,
    /// The integers in it, as those of an Int64 column; days as microseconds.
    integers: Option<ArrayRef>,
    scalar: bool,
}

impl Value {
    fn new(value: &ColumnarValue) -> Result<Self> {
        let array = match value {
            ColumnarValue::Array(array) => Arc::clone(array),
            ColumnarValue::Scalar(scalar) => scalar.to_array()?,
        };
        let integers = match array.data_type() {
            DataType::Date32 => {
                let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
                Some(cast(&cast(&array, &micros)?, &DataType::Int64)?)
            }
            number if number.is_integer() => Some(cast(&array, &DataType::Int64)?),
            _ => None,
        };
        Ok(Self {
            array,
            integers,
            scalar: is_scalar(value),
        })
    }

    /// Where in the array the value of `row` is, unless it is null.
    fn place(&self, row: usize) -> Option<usize> {
        let place = if self.scalar { 0 } else { row };
        (place < self.array.len() && self.array.is_valid(place)).then_some(place)
    }
}

/// All arguments. An argument that is not there, or null, has no size.
struct Values(Vec<Value>);

impl Values {
    fn at(&self, argument: usize, row: usize) -> Option<(&Value, usize)> {
        let value = self.0.get(argument)?;
        Some((value, value.place(row)?))
    }

    fn text<R: Default>(&self, argument: usize, row: usize, read: impl Fn(&str) -> R) -> R {
        let Some((value, place)) = self.at(argument, row) else {
            return R::default();
        };
        match value.array.data_type() {
            DataType::Utf8 => read(value.array.as_string::<i32>().value(place)),
            DataType::LargeUtf8 => read(value.array.as_string::<i64>().value(place)),
            DataType::Utf8View => read(value.array.as_string_view().value(place)),
            _ => R::default(),
        }
    }

    /// Bytes of a text.
    fn length(&self, argument: usize, row: usize) -> u64 {
        self.text(argument, row, |text| text.len() as u64)
    }

    fn integer(&self, argument: usize, row: usize) -> i64 {
        let integers = self.at(argument, row).and_then(|(value, place)| {
            let integers = value.integers.as_ref()?;
            Some(integers.as_primitive::<Int64Type>().value(place))
        });
        integers.unwrap_or_default()
    }

    /// An integer that counts something.
    fn count(&self, argument: usize, row: usize) -> u64 {
        u64::try_from(self.integer(argument, row)).unwrap_or(0)
    }

    /// The step of a series: an integer, or an interval in microseconds; 1 where none is given.
    fn step(&self, argument: usize, row: usize) -> i64 {
        if self.0.len() <= argument {
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

    /// Bytes of a value of any type.
    fn size(&self, argument: usize, row: usize) -> u64 {
        self.at(argument, row).map_or(0, |(value, place)| {
            let value = value.array.slice(place, 1).to_data();
            value.get_slice_memory_size().unwrap_or(0) as u64
        })
    }

    /// Elements of a list.
    fn elements(&self, argument: usize, row: usize) -> u64 {
        self.at(argument, row).map_or(0, |(value, place)| {
            let list = value.array.as_list_opt::<i32>();
            list.map_or(0, |list| list.value_length(place).unsigned_abs().into())
        })
    }
}
