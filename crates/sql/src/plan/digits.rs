//! What is worked out of decimals is no number that its type does not hold.

use std::sync::Arc;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use crate::functions::digits::{NAME, within_digits};

/// The rule; it runs once, when the types are equal.
#[derive(Debug)]
pub(super) struct Digits {
    within: Arc<ScalarUDF>,
}

impl Digits {
    pub(super) fn new() -> Self {
        Self {
            within: within_digits(),
        }
    }

    fn one(&self, expr: Expr, schema: &DFSchema) -> Expr {
        let expr = match expr {
            // Their numbers are exact until the machine says that they are not: the end of the chain is looked at.
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_sum(op) => {
                Expr::BinaryExpr(BinaryExpr {
                    left: Box::new(without_check(*left)),
                    op,
                    right: Box::new(without_check(*right)),
                })
            }
            other => other,
        };
        if may_be_too_large(&expr, schema) {
            self.within.call(vec![expr])
        } else {
            expr
        }
    }
}

impl AnalyzerRule for Digits {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten =
                expr.transform_up(|expr| Ok(Transformed::yes(self.one(expr, schema))))?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "decimals_within_their_digits"
    }
}

fn is_sum(op: Operator) -> bool {
    matches!(op, Operator::Plus | Operator::Minus)
}

/// What is checked, if it is a sum.
fn without_check(expr: Expr) -> Expr {
    match expr {
        Expr::ScalarFunction(mut call) if call.func.name() == NAME => {
            let sum = |expr: &Expr| matches!(expr, Expr::BinaryExpr(BinaryExpr { op, .. }) if is_sum(*op));
            match call.args.pop() {
                Some(inner) if sum(&inner) => inner,
                inner => {
                    call.args.extend(inner);
                    Expr::ScalarFunction(call)
                }
            }
        }
        other => other,
    }
}

/// Functions that give a decimal which they were given, or found in what they were given, or one of as many digits; and those that give
/// wholes, of which nobody need ask the type.
const HANDING_ON: &[&str] = &[
    "abs",
    "array_element",
    "array_max",
    "array_min",
    "coalesce",
    "get_field",
    "greatest",
    "least",
    "make_array",
    "map",
    "named_struct",
    "nullif",
    "struct",
];

/// Whether the result may have more digits than its type. An operator's type has room for all that it can give, but for
/// types of the most digits that there are.
fn may_be_too_large(expr: &Expr, schema: &DFSchema) -> bool {
    let most = match expr {
        Expr::BinaryExpr(_) => DECIMAL128_MAX_PRECISION,
        Expr::ScalarFunction(call) if HANDING_ON.contains(&call.func.name()) => return false,
        Expr::ScalarFunction(_) => 0,
        _ => return false,
    };
    matches!(
        expr.get_type(schema),
        Ok(DataType::Decimal128(digits, _) | DataType::Decimal256(digits, _)) if digits >= most
    )
}
