//! What an expression comes to that is the same for every record: `0`, `1 - 1` and `cast('0' as int)` are one argument.

use arrow::datatypes::DataType;
use datafusion_common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion_common::{DFSchema, ScalarValue};
use datafusion_expr::simplify::SimplifyContext;
use datafusion_expr::{Expr, Volatility};
use datafusion_optimizer::simplify_expressions::ExprSimplifier;

use crate::functions::room;

/// The value of a constant; none of what a record or the clock has a say in. There is none either of what fails: that is
/// told where it is simplified or tried. The types in it may not have been made equal.
pub(crate) fn value_of(expr: &Expr) -> Option<ScalarValue> {
    if let Expr::Literal(value, _) = expr {
        return Some(value.clone());
    }
    if !is_same_for_all(expr) {
        return None;
    }
    // What is made here is made again where the query is simplified, and that has the room for it.
    room::refill();
    let simplifier = ExprSimplifier::new(SimplifyContext::default());
    let coerced = simplifier.coerce(expr.clone(), &DFSchema::empty());
    let simplified = coerced.and_then(|expr| simplifier.simplify(expr));
    room::refill();
    match simplified {
        Ok(Expr::Literal(value, _)) => Some(value),
        _ => None,
    }
}

fn is_same_for_all(expr: &Expr) -> bool {
    let mut constant = true;
    let walked = expr.apply(|part| {
        constant &= match part {
            Expr::Column(_) => false,
            Expr::ScalarFunction(call) => call.func.signature().volatility == Volatility::Immutable,
            Expr::HigherOrderFunction(call) => {
                call.func.signature().volatility == Volatility::Immutable
            }
            _ => true,
        };
        Ok(match constant {
            true => TreeNodeRecursion::Continue,
            false => TreeNodeRecursion::Stop,
        })
    });
    walked.is_ok() && constant
}

/// The whole number that a constant is.
pub(crate) fn whole_number(expr: &Expr) -> Option<i64> {
    let value = value_of(expr).filter(|value| value.data_type().is_integer())?;
    match value.cast_to(&DataType::Int64) {
        Ok(ScalarValue::Int64(number)) => number,
        _ => None,
    }
}

/// Whether a constant is the number 0 of any type.
pub(crate) fn is_zero(expr: &Expr) -> bool {
    let value = value_of(expr).filter(|value| value.data_type().is_numeric());
    let double = value.and_then(|value| value.cast_to(&DataType::Float64).ok());
    matches!(double, Some(ScalarValue::Float64(Some(0.0))))
}

/// The text that a constant is.
pub(crate) fn text(expr: &Expr) -> Option<String> {
    let value = value_of(expr)?;
    value.try_as_str().flatten().map(str::to_owned)
}
