//! Numbers with a point beside decimals: `price + 0.1` is exact where `price` is a `Decimal(10,2)`.
//!
//! DataFusion takes `0.1` for a Double, and then `price` as well. Beside anything else it stays one.

use arrow::datatypes::{DECIMAL128_MAX_SCALE, DataType};
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result, ScalarValue};
use datafusion_expr::expr::InList;
use datafusion_expr::{Between, BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;

/// The rule; it runs before the types are made equal.
#[derive(Debug)]
pub(super) struct Decimals;

impl AnalyzerRule for Decimals {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten = expr.transform_up(|expr| Ok(Transformed::yes(one(expr, schema))))?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "numbers_beside_decimals"
    }
}

fn one(mut expr: Expr, schema: &DFSchema) -> Expr {
    match &mut expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_exact(*op) => {
            // The digits behind the points add up in a product, and there are no more than so many.
            let most = match *op {
                Operator::Multiply => {
                    DECIMAL128_MAX_SCALE - scale(left, schema).max(scale(right, schema))
                }
                _ => DECIMAL128_MAX_SCALE,
            };
            unify([left.as_mut(), right.as_mut()], most, schema);
        }
        Expr::Between(Between {
            expr, low, high, ..
        }) => unify(
            [expr.as_mut(), low.as_mut(), high.as_mut()],
            DECIMAL128_MAX_SCALE,
            schema,
        ),
        Expr::InList(InList { expr, list, .. }) => {
            unify(
                std::iter::once(expr.as_mut()).chain(list),
                DECIMAL128_MAX_SCALE,
                schema,
            );
        }
        _ => {}
    }
    expr
}

/// Operators that are exact for decimals. The quotient of two is not.
fn is_exact(op: Operator) -> bool {
    use Operator::{
        Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, Minus, Modulo, Multiply, NotEq,
        Plus,
    };
    matches!(
        op,
        Plus | Minus
            | Multiply
            | Modulo
            | Eq
            | NotEq
            | Lt
            | LtEq
            | Gt
            | GtEq
            | IsDistinctFrom
            | IsNotDistinctFrom
    )
}

/// Digits behind the point; 0 for what is no decimal.
fn scale(expr: &Expr, schema: &DFSchema) -> i8 {
    match expr.get_type(schema) {
        Ok(DataType::Decimal128(_, scale)) => scale,
        _ => 0,
    }
}

/// Makes decimals of the numbers with a point, if one of the expressions is a decimal, where they have at most `most`
/// digits behind the point.
fn unify<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>, most: i8, schema: &DFSchema) {
    let exprs: Vec<&mut Expr> = exprs.into_iter().collect();
    let is_decimal = |expr: &Expr| {
        expr.get_type(schema)
            .is_ok_and(|data_type| data_type.is_decimal())
    };
    if !exprs.iter().any(|expr| is_decimal(expr)) {
        return;
    }
    for expr in exprs {
        if let Expr::Literal(ScalarValue::Float64(Some(number)), _) = expr
            && let Some(exact) = exact(*number)
            && matches!(exact, ScalarValue::Decimal128(_, _, scale) if scale <= most)
        {
            *expr = Expr::Literal(exact, None);
        }
    }
}

/// The decimal that was written; none if it has more digits than a Double tells for certain.
fn exact(number: f64) -> Option<ScalarValue> {
    const CERTAIN: usize = 15;
    // The shortest text that is this number again: with so few digits it is what was written.
    let text = number.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let all = all.trim_start_matches('0');
    if all.len() > CERTAIN || fraction.len() > CERTAIN {
        return None;
    }
    let value: i128 = if all.is_empty() { 0 } else { all.parse().ok()? };
    let precision = all.len().max(fraction.len()).max(1);
    Some(ScalarValue::Decimal128(
        Some(sign * value),
        u8::try_from(precision).ok()?,
        i8::try_from(fraction.len()).ok()?,
    ))
}
