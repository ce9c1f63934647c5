//! What WHERE says of single columns: whoever knows of many rows at once what they hold need not look at each.

mod nanoseconds;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion_common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion_common::{DFSchema, ScalarValue};
use datafusion_expr::utils::split_conjunction;
use datafusion_expr::{BinaryExpr, Expr, Operator};

use super::times::micros;
use crate::functions::{coalesce, zeros};

/// Something that is so of every row that the query keeps.
#[derive(Debug, Clone)]
pub struct ColumnCondition {
    /// The column, by its place in the table's schema.
    pub column: usize,
    /// What is so of its value.
    pub test: ColumnTest,
}

/// What is so of a value. Constants have the column's type, and are one each but for [`OneOf`](Self::OneOf).
#[derive(Debug, Clone)]
pub enum ColumnTest {
    /// It is equal to this.
    Equal(ArrayRef),
    /// It is smaller.
    Less(ArrayRef),
    /// It is smaller or equal.
    LessOrEqual(ArrayRef),
    /// It is larger.
    Greater(ArrayRef),
    /// It is larger or equal.
    GreaterOrEqual(ArrayRef),
    /// It is one of these.
    OneOf(ArrayRef),
    /// It is null.
    IsNull,
    /// It is not null.
    IsNotNull,
}

/// What `filter` says of columns of `input`.
///
/// Only what stands before anything that a row may fail at: a row that is left out is not a bad one, and whether it is
/// must not depend on how much is known of it.
pub(crate) fn conditions(filter: &Expr, input: &DFSchema) -> Vec<ColumnCondition> {
    let mut conditions = Vec::new();
    for part in split_conjunction(filter) {
        if !can_not_fail(part) {
            break;
        }
        match condition(part, input) {
            Some(condition) => conditions.push(condition),
            None => conditions.extend(nanoseconds::conditions(part, input)),
        }
    }
    conditions
}

/// Whether no row can make the expression fail.
pub(super) fn can_not_fail(expr: &Expr) -> bool {
    let mut safe = true;
    let walked = expr.apply(|expr| {
        safe &= match expr {
            Expr::BinaryExpr(BinaryExpr { op, .. }) => {
                op.supports_propagation() || matches!(op, Operator::And | Operator::Or)
            }
            Expr::Column(_)
            | Expr::Literal(..)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::InList(_)
            | Expr::Between(_)
            | Expr::Like(_) => true,
            Expr::ScalarFunction(call) => {
                [micros::NAME, zeros::NAME, coalesce::NAME].contains(&call.func.name())
            }
            _ => false,
        };
        Ok(if safe {
            TreeNodeRecursion::Continue
        } else {
            TreeNodeRecursion::Stop
        })
    });
    walked.is_ok() && safe
}

fn condition(expr: &Expr, input: &DFSchema) -> Option<ColumnCondition> {
    let of = |column: &Expr, test: ColumnTest| {
        let Expr::Column(column) = column else {
            return None;
        };
        let column = input.index_of_column(column).ok()?;
        Some(ColumnCondition { column, test })
    };
    match expr {
        Expr::IsNull(column) => of(column, ColumnTest::IsNull),
        Expr::IsNotNull(column) => of(column, ColumnTest::IsNotNull),
        Expr::InList(list) if !list.negated => {
            of(&list.expr, one_of(&list.expr, &list.list, input)?)
        }
        Expr::BinaryExpr(BinaryExpr {
            op: Operator::Or, ..
        }) => {
            let (column, values) = equals(expr)?;
            of(column, one_of(column, values, input)?)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (column, op, value) = match (left.as_ref(), right.as_ref()) {
                (Expr::Column(_), Expr::Literal(value, _)) => (left, *op, value),
                (Expr::Literal(value, _), Expr::Column(_)) => (right, op.swap()?, value),
                _ => return None,
            };
            let value = constant(column, value, input)?;
            let test = match op {
                Operator::Eq => ColumnTest::Equal(value),
                Operator::Lt => ColumnTest::Less(value),
                Operator::LtEq => ColumnTest::LessOrEqual(value),
                Operator::Gt => ColumnTest::Greater(value),
                Operator::GtEq => ColumnTest::GreaterOrEqual(value),
                _ => return None,
            };
            of(column, test)
        }
        _ => None,
    }
}

/// The column and the constants of `a = 1 OR a IN (2, 3) OR …`; a short IN becomes one.
fn equals(expr: &Expr) -> Option<(&Expr, Vec<&Expr>)> {
    let mut column = None;
    let mut values: Vec<&Expr> = Vec::new();
    for part in alternatives(expr) {
        // Nothing is kept by a null.
        if is_null(part) {
            continue;
        }
        let (told, of_part) = equal(part)?;
        if *column.get_or_insert(told) != told {
            return None;
        }
        values.extend(of_part);
    }
    Some((column?, values))
}

fn equal(part: &Expr) -> Option<(&Expr, &[Expr])> {
    match part {
        Expr::InList(list) if !list.negated => Some((list.expr.as_ref(), list.list.as_slice())),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => match (left.as_ref(), right.as_ref()) {
            (told @ Expr::Column(_), value @ Expr::Literal(..))
            | (value @ Expr::Literal(..), told @ Expr::Column(_)) => {
                Some((told, std::slice::from_ref(value)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The parts of `a OR b OR …`, in their order. There may be more than a stack has room for.
fn alternatives(expr: &Expr) -> Vec<&Expr> {
    let mut parts = Vec::new();
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        match expr {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::Or,
                right,
            }) => {
                rest.push(right);
                rest.push(left);
            }
            part => parts.push(part),
        }
    }
    parts
}

fn one_of<'a>(
    column: &Expr,
    values: impl IntoIterator<Item = &'a Expr>,
    input: &DFSchema,
) -> Option<ColumnTest> {
    let data_type = type_of(column, input)?;
    // Nothing is equal to a null.
    let values = values.into_iter().filter(|value| !is_null(value));
    let values = values.map(|value| match value {
        Expr::Literal(value, _) if is_value_of(value, data_type) => Some(value.clone()),
        _ => None,
    });
    let values: Vec<ScalarValue> = values.collect::<Option<_>>()?;
    ScalarValue::iter_to_array(values)
        .ok()
        .map(ColumnTest::OneOf)
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}

/// A constant of the column's type that is not null.
fn constant(column: &Expr, value: &ScalarValue, input: &DFSchema) -> Option<ArrayRef> {
    let is_value = is_value_of(value, type_of(column, input)?);
    is_value.then(|| value.to_array().ok()).flatten()
}

fn type_of<'a>(column: &Expr, input: &'a DFSchema) -> Option<&'a DataType> {
    let Expr::Column(column) = column else {
        return None;
    };
    let place = input.index_of_column(column).ok()?;
    Some(input.field(place).data_type())
}

fn is_value_of(value: &ScalarValue, data_type: &DataType) -> bool {
    !value.is_null() && value.data_type() == *data_type
}
