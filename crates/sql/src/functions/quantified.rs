//! `x < any(a)`, `x = all(a)` and the like: comparisons of a value with each item of an array. They are null where a null leaves them
//! open, as the standard has it.
//!
//! DataFusion writes what it is given several times over for them: within each other they would take four times as long for each level.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, OffsetSizeTrait, make_comparator};
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::expr::InList;
use datafusion_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion_expr::{
    ColumnarValue, Expr, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, binary_expr, lit,
};

use super::over::short_name;
use super::zeros::of_call;

/// A comparison with the items of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Comparison {
    /// How it is written, by which the planner finds its function; no query calls that.
    name: &'static str,
    op: Operator,
    /// Whether each item is to compare so, where one is enough otherwise.
    every: bool,
}

const fn any(name: &'static str, op: Operator) -> Comparison {
    Comparison {
        name,
        op,
        every: false,
    }
}

const fn all(name: &'static str, op: Operator) -> Comparison {
    Comparison {
        name,
        op,
        every: true,
    }
}

const COMPARISONS: &[Comparison] = &[
    any("= any", Operator::Eq),
    any("<> any", Operator::NotEq),
    any("< any", Operator::Lt),
    any("<= any", Operator::LtEq),
    any("> any", Operator::Gt),
    any(">= any", Operator::GtEq),
    all("= all", Operator::Eq),
    all("<> all", Operator::NotEq),
    all("< all", Operator::Lt),
    all("<= all", Operator::LtEq),
    all("> all", Operator::Gt),
    all(">= all", Operator::GtEq),
];

/// Whether a function of this name is a comparison with the items of an array.
pub(crate) fn is_one(name: &str) -> bool {
    found(name).is_some()
}

fn found(name: &str) -> Option<&'static Comparison> {
    COMPARISONS.iter().find(|known| known.name == name)
}

/// The function of the comparison that is written so: it takes an array, and what is compared with its items.
pub(crate) fn quantified(name: &str) -> Option<Arc<ScalarUDF>> {
    let comparison = *found(name)?;
    Some(Arc::new(ScalarUDF::from(Quantified {
        comparison,
        signature: Signature::array_and_element(Volatility::Immutable),
    })))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Quantified {
    comparison: Comparison,
    signature: Signature,
}

impl ScalarUDFImpl for Quantified {
    fn name(&self) -> &str {
        self.comparison.name
    }

    fn schema_name(&self, _args: &[Expr]) -> Result<String> {
        Ok(short_name(self.name()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn simplify(&self, args: Vec<Expr>, _info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let simple = match args.as_slice() {
            [Expr::Literal(array, _), item] => self.comparison.with_constants(array, item),
            _ => None,
        };
        Ok(match simple {
            Some(simple) => ExprSimplifyResult::Simplified(simple),
            None => ExprSimplifyResult::Original(args),
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let call = of_call(arguments)?;
        let [array, item] = call.args.as_slice() else {
            return exec_err!("{} takes an array and an item", self.name());
        };
        let is_scalar = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(_));
        let is_one = is_scalar(array) && is_scalar(item);
        let rows = if is_one { 1 } else { call.number_rows };
        let told = match array.data_type() {
            DataType::List(_) => self.comparison.told::<i32>(array, item, rows)?,
            DataType::LargeList(_) => self.comparison.told::<i64>(array, item, rows)?,
            DataType::Null => BooleanArray::new_null(rows),
            other => return exec_err!("{} takes an array, and no {other}", self.name()),
        };
        Ok(match is_one {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&told, 0)?),
            false => ColumnarValue::Array(Arc::new(told)),
        })
    }
}

impl Comparison {
    /// What is so of each row. A constant array is not copied for each of them.
    fn told<O: OffsetSizeTrait>(
        &self,
        array: &ColumnarValue,
        item: &ColumnarValue,
        rows: usize,
    ) -> Result<BooleanArray> {
        let (lists, item) = (Given::of(array)?, Given::of(item)?);
        let own = lists.values.as_list::<O>();
        let items = own.values();
        let compare = match items.data_type() {
            DataType::Null => None,
            of_items => {
                let item = cast(&item.values, of_items)?;
                Some(make_comparator(&item, items, SortOptions::default())?)
            }
        };
        let (null_items, null_values) = (items.logical_nulls(), item.values.logical_nulls());
        let is_null_item = |at: usize| null_items.as_ref().is_some_and(|nulls| nulls.is_null(at));
        let told = (0..rows).map(|row| {
            let (list, value) = (lists.at(row), item.at(row));
            if own.is_null(list) {
                return None;
            }
            let &[from, to] = own.value_offsets().get(list..list + 2)? else {
                return None;
            };
            let is_null = null_values
                .as_ref()
                .is_some_and(|nulls| nulls.is_null(value));
            let mut is_open = false;
            for at in from.as_usize()..to.as_usize() {
                match &compare {
                    Some(compare) if !is_null && !is_null_item(at) => {
                        let holds = self.holds(compare(value, at));
                        if holds != self.every {
                            return Some(holds);
                        }
                    }
                    _ => is_open = true,
                }
            }
            (!is_open).then_some(self.every)
        });
        Ok(told.collect())
    }

    /// Whether values that are in this `order` compare so.
    fn holds(&self, order: Ordering) -> bool {
        match self.op {
            Operator::Eq => order.is_eq(),
            Operator::NotEq => order.is_ne(),
            Operator::Lt => order.is_lt(),
            Operator::LtEq => order.is_le(),
            Operator::Gt => order.is_gt(),
            _ => order.is_ge(),
        }
    }

    /// The same without the function, where it is one of the items, or the least or the largest of them, that tells it: files of columns
    /// leave rows out by that.
    fn with_constants(&self, array: &ScalarValue, item: &Expr) -> Option<Expr> {
        if array.is_null() {
            return Some(lit(ScalarValue::Boolean(None)));
        }
        let items = match array {
            ScalarValue::List(lists) => lists.value(0),
            ScalarValue::LargeList(lists) => lists.value(0),
            _ => return None,
        };
        let has_nulls = items.logical_null_count() > 0;
        // Operators know two zeros, and wholes are not compared by all of them.
        let is_plain = !items.data_type().is_nested() && !items.data_type().is_floating();
        if items.logical_null_count() == items.len() || !is_plain {
            return None;
        }
        let values = (0..items.len()).map(|at| ScalarValue::try_from_array(&items, at).ok());
        let values: Vec<ScalarValue> = values.collect::<Option<_>>()?;
        let is_told_by_in = match self.op {
            Operator::Eq => !self.every,
            Operator::NotEq => self.every,
            _ => false,
        };
        let compared = if is_told_by_in {
            let list = values.into_iter().filter(|value| !value.is_null());
            let list = list.map(lit).collect();
            Expr::InList(InList::new(Box::new(item.clone()), list, self.every))
        } else {
            let bound = self.bound(values)?;
            binary_expr(item.clone(), self.op, lit(bound))
        };
        let open = lit(ScalarValue::Boolean(None));
        Some(match (has_nulls, self.every) {
            (false, _) => compared,
            (true, true) => compared.and(open),
            (true, false) => compared.or(open),
        })
    }

    /// The one of the items that tells of all: what is smaller than any of them is smaller than the largest, and so on.
    fn bound(&self, items: Vec<ScalarValue>) -> Option<ScalarValue> {
        let of_larger = match self.op {
            Operator::Lt | Operator::LtEq => !self.every,
            Operator::Gt | Operator::GtEq => self.every,
            _ => return None,
        };
        let items = items.into_iter().filter(|item| !item.is_null());
        items.reduce(|bound, item| match (item > bound) == of_larger {
            true => item,
            false => bound,
        })
    }
}

/// What a function is given, of a constant one value for all rows.
struct Given {
    values: ArrayRef,
    is_constant: bool,
}

impl Given {
    fn of(value: &ColumnarValue) -> Result<Self> {
        Ok(match value {
            ColumnarValue::Array(values) => Self {
                values: Arc::clone(values),
                is_constant: false,
            },
            ColumnarValue::Scalar(value) => Self {
                values: value.to_array()?,
                is_constant: true,
            },
        })
    }

    /// The place of what it has for a row.
    fn at(&self, row: usize) -> usize {
        if self.is_constant { 0 } else { row }
    }
}
