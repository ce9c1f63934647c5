//! IN and CASE with an operand find 0 where -0 is, and -0 where 0 is, as `=` does; so does `=` of arrays and structs.
//!
//! DataFusion compares the bits of Doubles there, but for IN with up to three items.

use std::sync::Arc;

use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result, ScalarValue};
use datafusion_expr::expr::{Cast, InList};
use datafusion_expr::{
    Between, BinaryExpr, Case, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF,
};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use crate::constants::value_of;
use crate::functions::zeros::{NAME, holds_doubles, plain_value, plain_zero};

/// The rule; it runs when the types are equal, and once more when all is simplified: IN is also made of `f = 0 OR f = 1 OR …`, and
/// of `array_has`. Where no item can be 0, nothing is changed, so that files of columns leave rows out by it.
#[derive(Debug)]
pub(super) struct Zeros {
    plain_zero: Arc<ScalarUDF>,
}

impl Zeros {
    pub(super) fn new() -> Self {
        Self {
            plain_zero: plain_zero(),
        }
    }

    /// The plan in which 0 and -0 are one number.
    pub(super) fn plain_in(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten =
                expr.transform_up(|expr| Ok(Transformed::yes(self.one(expr, schema))))?;
            Ok(rewritten.data)
        })
    }

    fn one(&self, mut expr: Expr, schema: &DFSchema) -> Expr {
        match &mut expr {
            Expr::InList(InList { expr, list, .. })
                if is_told_by_bits(expr, list.iter(), schema) =>
            {
                self.plain(expr);
                for item in list {
                    self.plain(item);
                }
            }
            Expr::Case(Case {
                expr: Some(operand),
                when_then_expr,
                ..
            }) if is_told_by_bits(
                operand,
                when_then_expr.iter().map(|(when, _)| when.as_ref()),
                schema,
            ) =>
            {
                self.plain(operand);
                for (when, _) in when_then_expr {
                    self.plain(when);
                }
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right })
                if compares(*op) && is_nested(left, schema) =>
            {
                self.plain(left);
                self.plain(right);
            }
            Expr::Between(Between {
                expr, low, high, ..
            }) if is_nested(expr, schema) => {
                self.plain(expr);
                self.plain(low);
                self.plain(high);
            }
            _ => {}
        }
        expr
    }

    /// Makes 0 of -0 in what `expr` gives; a constant is left one.
    fn plain(&self, expr: &mut Expr) {
        match expr {
            Expr::Literal(value, _) => {
                if let Ok(plain) = plain_value(value) {
                    *value = plain;
                    return;
                }
            }
            Expr::Cast(Cast { expr: inner, .. }) if is_exact_number(inner) => return,
            Expr::ScalarFunction(call) if call.func.name() == NAME => return,
            _ => {}
        }
        *expr = self.plain_zero.call(vec![std::mem::take(expr)]);
    }
}

impl AnalyzerRule for Zeros {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        self.plain_in(plan)
    }

    fn name(&self) -> &str {
        "one_zero"
    }
}

/// Whether `expr` is looked for by bits, and there may be a 0 among the items.
fn is_told_by_bits<'a>(
    expr: &Expr,
    mut items: impl Iterator<Item = &'a Expr>,
    schema: &DFSchema,
) -> bool {
    expr.get_type(schema)
        .is_ok_and(|own| holds_doubles(&own) && (own.is_nested() || items.any(may_be_zero)))
}

/// Whether `expr` gives arrays or structs with Doubles in them.
fn is_nested(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema)
        .is_ok_and(|own| own.is_nested() && holds_doubles(&own))
}

fn compares(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(
        op,
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom
    )
}

/// Whether a Double is 0, or told by the record. What the planner casts is not simplified for it: a list may have thousands.
fn may_be_zero(expr: &Expr) -> bool {
    let is_zero = |value: &ScalarValue| match value {
        ScalarValue::Float64(Some(number)) => *number == 0.0,
        ScalarValue::Float32(Some(number)) => *number == 0.0,
        other => !other.is_null(),
    };
    match expr {
        Expr::Literal(value, _) => is_zero(value),
        Expr::Cast(Cast { expr: inner, field }) => match inner.as_ref() {
            Expr::Literal(value, _) => value
                .cast_to(field.data_type())
                .map_or(true, |value| is_zero(&value)),
            _ => value_of(expr).is_none_or(|value| is_zero(&value)),
        },
        other => value_of(other).is_none_or(|value| is_zero(&value)),
    }
}

/// Whether it is a constant of a type that has no -0.
fn is_exact_number(expr: &Expr) -> bool {
    let Expr::Literal(value, _) = expr else {
        return false;
    };
    let data_type = value.data_type();
    data_type.is_integer() || data_type.is_decimal() || data_type.is_null()
}
