//! What a query says of single columns, and whether rows can be among those that it wants.

use arrow::array::{Array, ArrayRef, AsArray, Datum, Scalar};
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Float32Type, Float64Type};

/// Something that is so of every row that is wanted. Rows of which it can't be so need not be read.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The column, by its place in the schema of the source.
    pub column: usize,
    /// What is so of its value.
    pub test: Test,
    /// Whether rows may be left out by it. Else only a partition is, as a whole, whose rows are none of the source's: somebody behind
    /// the source has to see every row that is.
    pub of_rows: bool,
}

/// What is so of a value; constants are of the column's type.
#[derive(Debug, Clone)]
pub enum Test {
    /// It compares so with the one value of the array.
    Compares(Comparison, ArrayRef),
    /// It is one of these.
    OneOf(ArrayRef),
    /// It is null.
    IsNull,
    /// It is not null.
    IsNotNull,
}

/// How a value compares with a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It is equal.
    Equal,
    /// It is smaller.
    Less,
    /// It is smaller or equal.
    LessOrEqual,
    /// It is larger.
    Greater,
    /// It is larger or equal.
    GreaterOrEqual,
}

/// What is known of the values of a column in some rows.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// No value is smaller, and none larger: one value each, of the column's type, null where it isn't known.
    pub(super) bounds: Option<(ArrayRef, ArrayRef)>,
    pub(super) nulls: Option<u64>,
    pub(super) rows: u64,
}

impl Test {
    /// Whether it may be so of rows all of which have the one value of `value`.
    pub(crate) fn may_be_of(&self, value: &ArrayRef) -> bool {
        self.may_be(&Known {
            bounds: Some((value.clone(), value.clone())),
            nulls: Some(value.null_count() as u64),
            rows: 1,
        })
    }

    /// Whether it may be so of a row.
    pub(super) fn may_be(&self, known: &Known) -> bool {
        match self {
            Self::IsNull => known.nulls != Some(0),
            Self::IsNotNull => known.nulls != Some(known.rows),
            Self::Compares(..) | Self::OneOf(_) if known.nulls == Some(known.rows) => false,
            Self::Compares(comparison, value) => {
                let bounds = known.bounds.as_ref();
                bounds.is_none_or(|(least, most)| may_compare(*comparison, value, least, most))
            }
            Self::OneOf(values) => known.bounds.as_ref().is_none_or(|(least, most)| {
                (0..values.len())
                    .any(|at| may_compare(Comparison::Equal, &values.slice(at, 1), least, most))
            }),
        }
    }
}

fn may_compare(
    comparison: Comparison,
    value: &ArrayRef,
    least: &ArrayRef,
    most: &ArrayRef,
) -> bool {
    // What is no number is larger than every number, and statistics do not tell of it. Some writers (ORC's in Java and C++,
    // Parquet's in older versions) have it for a bound where it is the first value, and then for all others as well.
    let floating = matches!(value.data_type(), DataType::Float32 | DataType::Float64);
    let unknown = || [value, least, most].into_iter().any(is_nan);
    if floating && (comparison != Comparison::Equal || unknown()) {
        return true;
    }
    let not = |left: &ArrayRef, right: &ArrayRef, test: Kernel| is_false(left, right, test);
    match comparison {
        Comparison::Equal => !not(least, value, cmp::lt_eq) && !not(most, value, cmp::gt_eq),
        Comparison::Less => !not(least, value, cmp::lt),
        Comparison::LessOrEqual => !not(least, value, cmp::lt_eq),
        Comparison::Greater => !not(most, value, cmp::gt),
        Comparison::GreaterOrEqual => !not(most, value, cmp::gt_eq),
    }
}

type Kernel =
    fn(&dyn Datum, &dyn Datum) -> Result<arrow::array::BooleanArray, arrow::error::ArrowError>;

/// Whether it is certain that a comparison of two single values is not so.
fn is_false(left: &ArrayRef, right: &ArrayRef, test: Kernel) -> bool {
    if left.len() != 1 || right.len() != 1 || left.data_type() != right.data_type() {
        return false;
    }
    // Zero is zero, whatever its sign.
    let zero = |array: &ArrayRef| match array.data_type() {
        DataType::Float32 => array.as_primitive::<Float32Type>().value(0) == 0.0,
        DataType::Float64 => array.as_primitive::<Float64Type>().value(0) == 0.0,
        _ => false,
    };
    if left.is_valid(0) && right.is_valid(0) && zero(left) && zero(right) {
        return false;
    }
    let (left, right) = (Scalar::new(left.clone()), Scalar::new(right.clone()));
    test(&left, &right).is_ok_and(|told| told.len() == 1 && told.is_valid(0) && !told.value(0))
}

fn is_nan(value: &ArrayRef) -> bool {
    if value.is_empty() || value.is_null(0) {
        return false;
    }
    match value.data_type() {
        DataType::Float32 => value.as_primitive::<Float32Type>().value(0).is_nan(),
        DataType::Float64 => value.as_primitive::<Float64Type>().value(0).is_nan(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array};

    use super::{Comparison, Known, Test};

    fn one(value: f64) -> ArrayRef {
        Arc::new(Float64Array::from(vec![value]))
    }

    #[test]
    fn bounds_that_are_no_numbers_say_nothing() {
        let known = |least: f64, most: f64| Known {
            bounds: Some((one(least), one(most))),
            nulls: Some(0),
            rows: 10,
        };
        let nan = f64::NAN;
        for (least, most, may_be) in [
            (1.0, 2.0, false),
            (1.0, 9.0, true),
            // As ORC's writers have it where the first value of a stripe is none.
            (nan, nan, true),
            (-nan, -nan, true),
            (nan, 2.0, true),
            (1.0, nan, true),
        ] {
            let equal = Test::Compares(Comparison::Equal, one(5.0));
            assert_eq!(equal.may_be(&known(least, most)), may_be, "{least} {most}");
            let one_of = Test::OneOf(one(5.0));
            assert_eq!(one_of.may_be(&known(least, most)), may_be, "{least} {most}");
        }
    }
}
