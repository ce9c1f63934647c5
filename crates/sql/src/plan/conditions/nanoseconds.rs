//! What comparisons of the microseconds of a time in nanoseconds say of the time itself, so that files of columns leave rows
//! out by it as they do by any other time.

use arrow::array::ArrayRef;
use datafusion_common::{DFSchema, ScalarValue};
use datafusion_expr::expr::InList;
use datafusion_expr::{BinaryExpr, Expr, Operator};

use super::{ColumnCondition, ColumnTest, alternatives};
use crate::plan::times::micros;

/// What `expr` says of a column of nanoseconds; nothing where it is about something else. Times that nanoseconds do not reach
/// leave that side open.
pub(super) fn conditions(expr: &Expr, input: &DFSchema) -> Vec<ColumnCondition> {
    let mut values = Vec::new();
    let time = equal_to(expr, &mut values);
    let found = match time.and_then(|time| column_of(time, input)) {
        Some(column) => {
            let from = values.iter().min().and_then(|least| first_of(*least));
            let to = values.iter().max().and_then(|most| behind(*most));
            let tests = [
                from.map(ColumnTest::GreaterOrEqual),
                to.map(ColumnTest::Less),
            ];
            Some((column, tests))
        }
        None => compared(expr, input),
    };
    let Some((column, tests)) = found else {
        return Vec::new();
    };
    let tests = tests.into_iter().flatten();
    let conditions = tests.map(|test| ColumnCondition { column, test });
    conditions.collect()
}

fn compared(expr: &Expr, input: &DFSchema) -> Option<(usize, [Option<ColumnTest>; 2])> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else {
        return None;
    };
    let (time, op, value) = match (left.as_ref(), right.as_ref()) {
        (time, Expr::Literal(value, _)) => (time, *op, value),
        (Expr::Literal(value, _), time) => (time, op.swap()?, value),
        _ => return None,
    };
    let column = column_of(time, input)?;
    let value = micros_of(value)?;
    let test = match op {
        Operator::Lt => first_of(value).map(ColumnTest::Less),
        Operator::LtEq => behind(value).map(ColumnTest::Less),
        Operator::Gt => behind(value).map(ColumnTest::GreaterOrEqual),
        Operator::GtEq => first_of(value).map(ColumnTest::GreaterOrEqual),
        _ => None,
    };
    Some((column, [test, None]))
}

/// What is equal to one of `values`, which are put there, in microseconds.
fn equal_to<'a>(expr: &'a Expr, values: &mut Vec<i64>) -> Option<&'a Expr> {
    let mut time = None;
    for part in alternatives(expr) {
        let told = told_by(part, values)?;
        if *time.get_or_insert(told) != told {
            return None;
        }
    }
    time
}

fn told_by<'a>(expr: &'a Expr, values: &mut Vec<i64>) -> Option<&'a Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => {
            let (time, value) = match (left.as_ref(), right.as_ref()) {
                (time, Expr::Literal(value, _)) | (Expr::Literal(value, _), time) => (time, value),
                _ => return None,
            };
            values.push(micros_of(value)?);
            Some(time)
        }
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) => {
            for value in list {
                let Expr::Literal(value, _) = value else {
                    return None;
                };
                values.push(micros_of(value)?);
            }
            Some(expr.as_ref())
        }
        _ => None,
    }
}

/// The column whose microseconds the expression is.
fn column_of(expr: &Expr, input: &DFSchema) -> Option<usize> {
    let Expr::ScalarFunction(call) = expr else {
        return None;
    };
    let [Expr::Column(column)] = call.args.as_slice() else {
        return None;
    };
    if call.func.name() != micros::NAME {
        return None;
    }
    input.index_of_column(column).ok()
}

fn micros_of(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampMicrosecond(time, None) => *time,
        _ => None,
    }
}

/// The first of the nanoseconds that are in a microsecond.
fn first_of(time: i64) -> Option<ArrayRef> {
    let nanos = time.checked_mul(micros::NANOS)?;
    let first = ScalarValue::TimestampNanosecond(Some(nanos), None);
    first.to_array().ok()
}

/// The first nanosecond behind a microsecond.
fn behind(time: i64) -> Option<ArrayRef> {
    first_of(time.checked_add(1)?)
}
