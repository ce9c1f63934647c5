//! What stands behind WHEN, and what `if` asks, is a condition.
//!
//! DataFusion makes one of whatever it is given there: of numbers, each but 0 would be true.

use arrow::datatypes::DataType;
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion_common::{DFSchema, Result, plan_err};
use datafusion_expr::{Case, Expr, ExprSchemable, LogicalPlan};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;

/// The rule; it runs before the types are made equal.
#[derive(Debug)]
pub(super) struct Whens;

impl AnalyzerRule for Whens {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            expr.apply(|part| {
                refuse(part, schema)?;
                Ok(TreeNodeRecursion::Continue)
            })?;
            Ok(expr)
        })
    }

    fn name(&self) -> &str {
        "conditions_behind_when"
    }
}

fn refuse(expr: &Expr, schema: &DFSchema) -> Result<()> {
    let Expr::Case(Case {
        expr: None,
        when_then_expr,
        ..
    }) = expr
    else {
        return Ok(());
    };
    for (when, _) in when_then_expr {
        match when.get_type(schema) {
            // What has no type is told where the types are made equal.
            Ok(DataType::Boolean | DataType::Null) | Err(_) => {}
            Ok(other) => return plan_err!("CASE and if take a condition, and no {other}"),
        }
    }
    Ok(())
}
