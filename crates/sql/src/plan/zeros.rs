//! IN and CASE with an operand find 0 where -0 is, and -0 where 0 is, as `=` does.
//!
//! DataFusion compares the bits of Doubles there, but for IN with up to three items.

use std::sync::Arc;

use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::expr::InList;
use datafusion_expr::{Case, Expr, ExprSchemable, LogicalPlan, ScalarUDF};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use crate::constants::{is_zero, value_of};
use crate::functions::zeros::plain_zero;

/// The rule; it runs when the types are equal. Where no item can be 0, nothing is changed, so that files of columns leave rows
/// out by it.
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

    fn one(&self, mut expr: Expr, schema: &DFSchema) -> Expr {
        match &mut expr {
            Expr::InList(InList { expr, list, .. })
                if is_double(expr, schema) && list.iter().any(may_be_zero) =>
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
            }) if is_double(operand, schema)
                && when_then_expr.iter().any(|(when, _)| may_be_zero(when)) =>
            {
                self.plain(operand);
                for (when, _) in when_then_expr {
                    self.plain(when);
                }
            }
            _ => {}
        }
        expr
    }

    fn plain(&self, expr: &mut Expr) {
        *expr = self.plain_zero.call(vec![std::mem::take(expr)]);
    }
}

impl AnalyzerRule for Zeros {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten =
                expr.transform_up(|expr| Ok(Transformed::yes(self.one(expr, schema))))?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "one_zero"
    }
}

fn is_double(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|own| own.is_floating())
}

/// Whether it is 0, or told by the record.
fn may_be_zero(expr: &Expr) -> bool {
    value_of(expr).is_none() || is_zero(expr)
}
